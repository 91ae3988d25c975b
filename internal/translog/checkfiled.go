package translog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/consentry/consentry/internal/consent"
)

// Filing is the part of consent.Store by which a person's records are found; its
// comments are the contract.
type Filing interface {
	Record(ctx context.Context, site string, id consent.ID) (consent.Stored, error)
	History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error)
	Filed(ctx context.Context, site string, yield func(consent.Filing) bool) error
}

// filedBuckets is how many groups of ids are compared, by their first two bytes: one
// in which log and indexes differ is then looked through entry by entry.
const filedBuckets = 1 << 16

// filed compares the log with what the store finds its records by, in 1 MB whatever
// their number: of each group it keeps the sum of the hashes of what the log has, less
// those of what the indexes have. Without a difference that is zero. The hash has a key
// of its own in every check, so that nobody can make up a difference that adds up.
type filed struct {
	seed     maphash.Seed
	records  [filedBuckets]uint64
	subjects [filedBuckets]uint64
}

func newFiled() *filed { return &filed{seed: maphash.MakeSeed()} }

func (f *filed) of(one consent.Filing) (sum *uint64, hash uint64) {
	bytes := binary.BigEndian.AppendUint64(one.ID[:len(one.ID):len(one.ID)], uint64(one.Index))
	group := binary.BigEndian.Uint16(one.ID[:])
	if one.Subject {
		return &f.subjects[group], maphash.Bytes(f.seed, bytes)
	}
	return &f.records[group], maphash.Bytes(f.seed, bytes)
}

// logged takes in an entry of the log.
func (f *filed) logged(e *consent.LogEntry) {
	if e.Kind != "" {
		return
	}
	for _, one := range filingsOf(e) {
		sum, hash := f.of(one)
		*sum += hash
	}
}

// filingsOf says how an entry should be found. The zero subject is nobody.
func filingsOf(e *consent.LogEntry) []consent.Filing {
	list := []consent.Filing{{ID: e.Record.Record, Index: e.Index}}
	if e.Record.Subject != (consent.ID{}) {
		list = append(list, consent.Filing{ID: e.Record.Subject, Subject: true, Index: e.Index})
	}
	return list
}

// differs reports whether the group of a filing does not add up.
func (f *filed) differs(one consent.Filing) bool {
	sum, _ := f.of(one)
	return *sum != 0
}

// uncounted wants every entry counted, as the store did at first, or does by now.
func (c *check) uncounted(ctx context.Context, size int64) error {
	if c.grown.size == size {
		return nil
	}
	now, err := c.Store.Head(ctx, c.Site)
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	if c.grown.size > now.Size {
		return differ(now.Size, "entry", "the store counts %d entries, and the log goes on with this one: the next to come would take its place", now.Size)
	}
	return nil
}

// filing holds the first size entries of the log, which it has read, against the
// store's indexes. Where they differ each entry is looked for as everybody does; what
// was written or pruned meanwhile is found then.
func (c *check) filing(ctx context.Context, size int64) error {
	if c.Filing == nil {
		return nil
	}
	err := c.Filing.Filed(ctx, c.Site, func(one consent.Filing) bool {
		if one.Index < size {
			sum, hash := c.filed.of(one)
			*sum -= hash
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("read indexes: %w", err)
	}
	if c.filed.records == [filedBuckets]uint64{} && c.filed.subjects == [filedBuckets]uint64{} {
		return nil
	}
	return c.lookUpAll(ctx, size)
}

// lookUpAll looks for the entries of the groups that differ.
func (c *check) lookUpAll(ctx context.Context, size int64) error {
	var found error
	err := c.Store.Log(ctx, c.Site, 0, func(e consent.LogEntry) bool {
		if e.Index >= size {
			return false
		}
		for _, one := range filingsOf(&e) {
			if e.Kind == "" && found == nil && c.filed.differs(one) {
				found = c.lookUp(ctx, &e, one)
			}
		}
		return found == nil
	})
	if found == nil && err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	return found
}

// lookUp looks for one entry by one id.
func (c *check) lookUp(ctx context.Context, e *consent.LogEntry, one consent.Filing) error {
	there, why := c.finds(ctx, one)
	if there {
		return nil
	}
	if why == nil {
		why = errors.New("another entry stands in its place, or none")
	}
	if _, err := c.Store.Head(ctx, c.Site); err != nil { // the store is away
		return fmt.Errorf("look for entry %d: %w", e.Index, err)
	}
	changed := true
	err := c.Store.Log(ctx, c.Site, e.Index, func(now consent.LogEntry) bool {
		changed = now.Record.Subject != e.Record.Subject
		return false
	})
	if err != nil || changed { // it was pruned while it was looked for
		return err
	}
	if one.Subject {
		return differ(e.Index, "entry", "the record is filed wrongly: it is not in its subject's history (%v), so that an erasure of that person leaves it behind", why)
	}
	return differ(e.Index, "entry", "the record is filed wrongly: its id does not lead to it (%v), so that it can be neither proved nor erased", why)
}

// finds reports whether an id leads to its entry and, as a subject, to nobody else's.
func (c *check) finds(ctx context.Context, one consent.Filing) (there bool, err error) {
	if !one.Subject {
		stored, err := c.Filing.Record(ctx, c.Site, one.ID)
		return err == nil && stored.Index == one.Index && stored.Record == one.ID, err
	}
	list, err := c.Filing.History(ctx, c.Site, one.ID)
	for _, stored := range list {
		if stored.Subject != one.ID {
			return false, fmt.Errorf("entry %d of somebody else is", stored.Index)
		}
		there = there || stored.Index == one.Index
	}
	return there && err == nil, err
}
