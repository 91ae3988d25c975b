package translog

import (
	"context"
	"errors"
	"fmt"
)

// keeper is an anchor on this machine, whose checkpoints can be read again.
type keeper interface {
	Anchor
	// file is where the checkpoints of a site are, among those of others.
	file(site string) string
}

// keepers lists the anchors that can be read again.
func (l *Log) keepers() (list []keeper) {
	for _, a := range l.Anchors {
		if k, ok := a.(keeper); ok {
			list = append(list, k)
		}
	}
	return list
}

// holdsAnchors holds the log of this name against the newest checkpoint in each
// anchor that can be read, once, before this process signs anything: a machine that
// was put back to an older state has a store and a memory that agree. What keeps an
// anchor from being read is said when a checkpoint is put there.
func (l *Log) holdsAnchors(ctx context.Context, origin string) error {
	if l.anchorsHold() {
		return nil
	}
	for _, k := range l.keepers() {
		kept, err := l.readAnchor(ctx, k, origin)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || kept == nil {
			continue
		}
		if err := l.holdsKept(ctx, kept.Checkpoint, k.Name(), origin); err != nil {
			return err
		}
	}
	l.trustAnchors(true)
	return nil
}

func (l *Log) anchorsHold() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.anchorsHeld
}

func (l *Log) trustAnchors(held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.anchorsHeld = held
}

// holdsKept refuses a log that does not continue what an anchor keeps of it.
func (l *Log) holdsKept(ctx context.Context, kept Checkpoint, where, origin string) error {
	if restartOf(kept.Origin, origin) {
		return l.refuseRestarted(kept, where, origin)
	}
	if kept.Origin != origin {
		return nil // of the log that this one replaced
	}
	head, err := l.Store.Head(ctx, l.Site) // now, so that it is not behind the anchor
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	err = l.holds(ctx, kept, where, head.Size)
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		l.Cache.dropSite(l.Site)
		return l.refuseAnchored(refused.Why, where)
	}
	return err
}

// putInto appends a checkpoint to an anchor's file, if it continues what is there.
func (l *Log) putInto(ctx context.Context, k keeper, now *signed) error {
	kept, err := l.readAnchor(ctx, k, now.Origin)
	if err != nil {
		return err
	}
	if kept != nil {
		if err := l.holdsKept(ctx, kept.Checkpoint, k.Name(), now.Origin); err != nil {
			if errors.Is(err, ErrRefused) {
				l.trustAnchors(false) // the next round refuses, and says it where the log's state is looked up
			}
			return err
		}
		if kept.Origin == now.Origin && kept.Size >= now.Size {
			return nil // put there before a restart, or a newer one by another server
		}
	}
	return appendNote(k.file(l.Site), now)
}

// newestAnchored returns the newest of a checkpoint and those in the anchors.
func (l *Log) newestAnchored(ctx context.Context, newest *signed) *signed {
	for _, k := range l.keepers() {
		kept, err := l.readAnchor(ctx, k, newest.Origin)
		if err != nil || kept == nil {
			continue
		}
		if restartOf(kept.Origin, newest.Origin) || kept.Origin == newest.Origin && kept.Size > newest.Size {
			newest = kept
		}
	}
	return newest
}

// readAnchor returns the newest checkpoint in an anchor that is of the log of this
// name, of one that it replaced, or of one that it was replaced by; nil when there
// is none. A file system that does not answer is given up.
func (l *Log) readAnchor(ctx context.Context, k keeper, origin string) (*signed, error) {
	ring, err := l.keys(ctx)
	if err != nil {
		return nil, err
	}
	name, _ := splitName(origin)
	open := func(raw []byte) *signed {
		if c, err := ReadCheckpoint(raw); err != nil || c.Origin != name && !restartOf(c.Origin, name) {
			return nil
		}
		s, err := openCheckpoint(raw, ring.verifiers, nil)
		if err != nil {
			return nil // a torn one, or not by this log's key
		}
		return s
	}
	type answer struct {
		kept *signed
		err  error
	}
	found := make(chan answer, 1)
	go func() {
		kept, err := lastNote(k.file(l.Site), name, open)
		found <- answer{kept, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, anchorTimeout)
	defer cancel()
	select {
	case a := <-found:
		return a.kept, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("read %s: %w", k.file(l.Site), ctx.Err())
	}
}
