package translog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Anchor is a place outside the store that keeps checkpoints: a file, a Git
// repository, a witness. It is shared by the logs of all sites. One that fails
// is shown to operators and never holds up signing.
type Anchor interface {
	// Name tells anchors apart in messages and metrics.
	Name() string
	// every is how often a log's checkpoint is put there at most; 0: each one.
	every() time.Duration
	put(ctx context.Context, l *Log, now *signed) error
}

// AnchorStatus is what operators are told of an anchor of one log.
type AnchorStatus struct {
	Name    string
	Size    int64     // entries under the newest checkpoint that is there
	Lag     int64     // signed entries beyond that
	At      time.Time // when it was put there by this server, zero: not yet
	Problem string    // why the last try failed
}

type anchorState struct {
	size    int64
	at, due time.Time
	problem string
}

func (a anchorState) status(name string, signed int64) AnchorStatus {
	return AnchorStatus{Name: name, Size: a.size, Lag: max(signed-a.size, 0), At: a.at, Problem: a.problem}
}

const (
	anchorLook    = 5 * time.Second  // between two looks for a checkpoint to put somewhere
	anchorTimeout = 30 * time.Second // for one of them
	anchorRetry   = time.Minute      // after a failure
)

// Run signs what is new about once an interval, and puts checkpoints where the
// owner wants them, until ctx ends. The last entries are left to Finish.
func (l *Log) Run(ctx context.Context, interval time.Duration) {
	var wait sync.WaitGroup
	wait.Go(func() {
		// Servers on one store look at different times, and so share the work.
		l.repeat(ctx, func() time.Duration { return interval - rand.N(interval/4+1) }, func() { _ = l.Sign(ctx) })
	})
	if l.Settle > 0 {
		wait.Go(func() { l.repeat(ctx, func() time.Duration { return sightEvery }, func() { l.sight(ctx) }) })
	}
	wait.Go(func() { l.runAudits(ctx) })
	if len(l.Anchors) > 0 {
		wait.Go(func() {
			l.repeat(ctx, func() time.Duration { return anchorLook }, func() { l.PutAnchors(ctx, false) })
		})
	}
	wait.Wait()
}

// repeat calls act, now and after every pause, until ctx ends. What goes wrong
// is in the log's status.
func (l *Log) repeat(ctx context.Context, pause func() time.Duration, act func()) {
	for {
		act()
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause()):
		}
	}
}

// Finish signs and anchors what is there, at the end of a server.
func (l *Log) Finish(ctx context.Context) error {
	err := l.Sign(ctx)
	l.PutAnchors(ctx, true)
	return err
}

// PutAnchors puts the newest checkpoint wherever it is due, or, at once, wherever
// it is not.
func (l *Log) PutAnchors(ctx context.Context, atOnce bool) {
	for i, a := range l.Anchors {
		l.mu.Lock()
		state, signed := l.anchored[i], l.newest.Size
		l.mu.Unlock()
		now := l.Now()
		if signed == state.size || !atOnce && now.Before(state.due) {
			continue
		}
		size, err := l.putAnchor(ctx, a)
		if errors.Is(err, consent.ErrNotFound) && size == 0 {
			continue // there is no checkpoint yet
		}
		next := anchorState{size: state.size, at: state.at, due: now.Add(max(a.every(), anchorRetry))}
		if err != nil {
			next.problem = err.Error()
		} else {
			next = anchorState{size: size, at: now, due: now.Add(a.every())}
		}
		if next.problem != "" && next.problem != state.problem && l.Log != nil {
			l.Log.Error("anchor", "site", l.Site, "anchor", a.Name(), "problem", next.problem)
		}
		l.mu.Lock()
		l.anchored[i] = next
		l.mu.Unlock()
	}
}

// putAnchor puts the newest checkpoint into one anchor and returns its size, 0
// when there is none.
func (l *Log) putAnchor(ctx context.Context, a Anchor) (int64, error) {
	raw, err := l.Checkpoint(ctx)
	if err != nil {
		return 0, err
	}
	now, err := l.open(ctx, raw)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, anchorTimeout)
	defer cancel()
	if err := a.put(ctx, l, now); err != nil {
		return now.Size, fmt.Errorf("%s: %w", a.Name(), err)
	}
	return now.Size, nil
}
