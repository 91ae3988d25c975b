package translog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/consentry/consentry/internal/consent"
)

// entryBatch is how many entries are opened as one piece of work.
const entryBatch = 512

// batch is a piece of the log on its way through a worker.
type batch struct {
	entries []consent.LogEntry
	err     error // the first of its entries' in the order of the log
	at      int   // which entry that is
	done    chan struct{}
}

// entries reads the log once, opens its entries side by side and adds their
// leaves in order.
func (c *check) entries(ctx context.Context, of int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := max(c.Workers, 1)
	work, ordered := make(chan *batch, workers), make(chan *batch, 2*workers)
	opener := &opener{check: c, frames: make(map[string]*consent.Frame)}
	var wait sync.WaitGroup
	defer wait.Wait()
	for range workers {
		wait.Go(func() {
			for b := range work {
				b.at, b.err = opener.openAll(ctx, b.entries)
				close(b.done)
			}
		})
	}
	var readErr error
	wait.Go(func() {
		defer close(ordered)
		defer close(work)
		readErr = c.read(ctx, work, ordered)
	})
	for b := range ordered {
		<-b.done
		if err := c.add(ctx, b); err != nil {
			cancel()
			return err
		}
		if c.Progress != nil {
			c.Progress(c.grown.size, of)
		}
	}
	return readErr
}

// read cuts the log into batches and hands them to the workers.
func (c *check) read(ctx context.Context, work, ordered chan<- *batch) error {
	next, b := int64(0), &batch{done: make(chan struct{})}
	send := func() bool {
		for _, queue := range []chan<- *batch{work, ordered} {
			select {
			case queue <- b:
			case <-ctx.Done():
				return false
			}
		}
		b = &batch{done: make(chan struct{})}
		return true
	}
	var gap error
	err := c.Store.Log(ctx, c.Site, 0, func(e consent.LogEntry) bool {
		if e.Index != next {
			gap = differ(next, "entry", "it is missing: the log goes on with %d", e.Index)
			return false
		}
		next++
		b.entries = append(b.entries, e)
		return len(b.entries) < entryBatch || send()
	})
	if ctx.Err() != nil || len(b.entries) > 0 && !send() {
		return ctx.Err() // a batch may be half sent: it must not be sent again
	}
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	return gap
}

// add puts a batch's leaves into the tree, up to the entry that differs.
func (c *check) add(ctx context.Context, b *batch) error {
	for i, e := range b.entries {
		if b.err != nil && i == b.at {
			return b.err
		}
		switch {
		case e.Kind != "":
			c.Report.Artefacts++
			if e.Kind == consent.AuditKind {
				c.Report.Audits++
			}
		case e.Record.Erased:
			if err := c.addErased(ctx, e); err != nil {
				return err
			}
		default:
			c.Report.Records++
		}
		if e.Index < c.counts {
			c.filed.logged(&e)
		}
		if err := c.push(ctx, e.Leaf); err != nil {
			return err
		}
	}
	return nil
}

// opener derives leaves from what the store holds of entries.
type opener struct {
	*check
	mu     sync.Mutex
	frames map[string]*consent.Frame // by reference
}

// openAll returns the first entry that is not what its leaf commits to.
func (o *opener) openAll(ctx context.Context, entries []consent.LogEntry) (at int, err error) {
	for i, e := range entries {
		if e.Kind != "" {
			err = o.artefact(ctx, e)
		} else if !e.Record.Erased {
			err = o.record(ctx, e)
		}
		if err != nil {
			return i, err
		}
	}
	return 0, nil
}

func (o *opener) artefact(ctx context.Context, e consent.LogEntry) error {
	a, err := o.Store.Artefact(ctx, o.Site, e.Digest)
	switch {
	case errors.Is(err, consent.ErrNotFound):
		return differ(e.Index, "entry", "the %s that it commits to is missing", e.Kind)
	case err != nil:
		return fmt.Errorf("entry %d: %w", e.Index, err)
	case a.Kind != e.Kind || a.Digest != e.Digest || consent.Digest(a.Body) != e.Digest:
		return differ(e.Index, "entry", "the stored %s is not the one that was logged: its bytes have another digest", e.Kind)
	case consent.ArtefactLeaf(a) != e.Leaf:
		return differ(e.Index, "entry", "kind, digest or time of the %s are not what its leaf commits to", e.Kind)
	}
	if a.Kind == consent.AuditKind {
		a.Leaf = e.Leaf
		if _, err := consent.ReadAudit(o.Site, a); err != nil {
			return differ(e.Index, "entry", "it says that it is of the audit trail of this site, and is not (%v)", err)
		}
	}
	return nil
}

func (o *opener) record(ctx context.Context, e consent.LogEntry) error {
	ref, err := consent.OpenFrameRef(e.Record.Sealed)
	if err != nil {
		return differ(e.Index, "entry", "the record cannot be read (%v)", err)
	}
	f, err := o.frame(ctx, ref)
	if err != nil {
		return err
	}
	if f == nil {
		return differ(e.Index, "entry", "the record names a notice that the store does not hold")
	}
	e.Record.Leaf = e.Leaf
	r, err := consent.OpenRecord(e.Record, f)
	if err != nil {
		return differ(e.Index, "entry", "the record is not what its leaf commits to: its bytes, its secret or its leaf were changed (%v)", err)
	}
	switch {
	case r.Subject != e.Record.Subject:
		return differ(e.Index, "entry", "the record is filed under another subject than its own")
	case !r.Time.Equal(e.Record.Time):
		return differ(e.Index, "entry", "the record is filed under another time than its own")
	case o.Receipt != nil && o.Receipt(r.ID) != e.Record.Receipt:
		return differ(e.Index, "entry", "the record is filed under another receipt than its own: its link does not open")
	}
	return nil
}

// frame finds a frame by its reference in records, nil when the store has none.
func (o *opener) frame(ctx context.Context, ref [8]byte) (*consent.Frame, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.frames[string(ref[:])]; f != nil {
		return f, nil
	}
	list, err := o.Store.Artefacts(ctx, o.Site, "frame")
	if err != nil {
		return nil, fmt.Errorf("list frames: %w", err)
	}
	for _, item := range list {
		if consent.FrameRef(item.Digest) != ref {
			continue
		}
		a, err := o.Store.Artefact(ctx, o.Site, item.Digest)
		if err != nil {
			return nil, fmt.Errorf("read frame: %w", err)
		}
		f, err := consent.DecodeFrame(a.Body)
		if err != nil || consent.Digest(a.Body) != item.Digest {
			return nil, nil // its own entry says what is wrong with it
		}
		o.frames[string(ref[:])] = f
		return f, nil
	}
	return nil, nil
}
