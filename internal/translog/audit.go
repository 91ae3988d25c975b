package translog

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	auditEvery = 24 * time.Hour
	auditAgain = 10 * time.Minute // after one that found a difference, or could not look
)

// audit derives the root of what is signed from the leaves alone, while every
// round trusts the tiles above them. It tells a log of which old entries were
// rewritten and the tiles left as they were. Nothing is signed from then on until
// an audit finds nothing. What the store still has of a log that was restarted since is
// known to be broken, and not looked at.
func (l *Log) audit(ctx context.Context) error {
	raw, err := l.Checkpoint(ctx)
	if err != nil {
		return err
	}
	now, err := l.open(ctx, raw)
	if err != nil {
		return err
	}
	remembered, err := l.Memory.Read(l.Site)
	if err != nil {
		return err
	}
	var found error
	if known, err := ReadCheckpoint(remembered); err != nil || !restartOf(known.Origin, now.Origin) {
		root, err := l.rootOfLeaves(ctx, now.Size)
		if err != nil {
			return err
		}
		if root != now.Root {
			found = l.refuseOther(now.Checkpoint, fromStore, root)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.audited = found
	return found
}

func (l *Log) rootOfLeaves(ctx context.Context, size int64) (tlog.Hash, error) {
	var tree growing
	nothing := func(int, int64, []byte) error { return nil }
	for tree.size < size {
		leaves, err := l.Store.Leaves(ctx, l.Site, tree.size, int(min(leafBatch, size-tree.size)))
		if err != nil {
			return tlog.Hash{}, fmt.Errorf("read leaves: %w", err)
		}
		if len(leaves) == 0 {
			return tlog.Hash{}, fmt.Errorf("read leaves: the log ends at %d of %d", tree.size, size)
		}
		for _, leaf := range leaves {
			_ = tree.push(leaf, nothing) // which cannot fail
		}
	}
	return tree.root(), nil
}

// runAudits audits now and then until ctx ends. What it finds is in the status.
func (l *Log) runAudits(ctx context.Context) {
	pause := auditAgain
	l.repeat(ctx, func() time.Duration { return pause }, func() {
		pause = auditEvery
		if l.audit(ctx) != nil {
			pause = auditAgain
		}
	})
}
