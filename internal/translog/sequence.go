package translog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/consentry/consentry/internal/consent"
)

// round is what one look at a log found.
type round struct {
	size       int64
	published  []byte // in the store
	remembered []byte // in this server's memory
}

// sighting is how large the log was at some time.
type sighting struct {
	size int64
	at   time.Time
}

// Begin makes this server remember a log that has no entry yet, so that it can
// sign from the first one on. It changes nothing in any other case, such as that of
// a log that was begun before: its store and this server's memory were lost.
func (l *Log) Begin(ctx context.Context) error {
	head, err := l.Store.Head(ctx, l.Site)
	if err != nil || head.Size > 0 {
		return err
	}
	now, err := l.look(ctx)
	if err != nil || now.remembered != nil || now.published != nil || now.size > 0 {
		return err
	}
	if begun, err := l.begunAs(); err != nil || begun != "" {
		return err
	}
	empty, err := l.Empty(ctx, l.Origin)
	if err != nil {
		return err
	}
	if err := l.noteBegun(l.Origin); err != nil {
		if l.Log != nil {
			l.Log.Error("a new log is not begun, since nothing would tell it later from one that was lost", "site", l.Site, "error", err)
		}
		return nil // all but signing goes on, and that says what to do
	}
	return l.remember(empty)
}

// begunAs returns the name under which this log was begun, "" when nobody knows.
func (l *Log) begunAs() (string, error) {
	if l.Begun == nil {
		return "", nil
	}
	return l.Begun.Begun(l.Site)
}

func (l *Log) noteBegun(name string) error {
	if l.Begun == nil {
		return nil
	}
	return l.Begun.Note(l.Site, name)
}

// Empty signs the checkpoint of a log without entries.
func (l *Log) Empty(ctx context.Context, origin string) ([]byte, error) {
	ring, err := l.keys(ctx)
	if err != nil {
		return nil, err
	}
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		return nil, err
	}
	s, err := ring.sign(Checkpoint{Origin: origin, Root: root})
	if err != nil {
		return nil, err
	}
	return s.raw, nil
}

func (l *Log) remember(raw []byte) error {
	if err := l.Memory.Write(l.Site, raw); err != nil {
		return fmt.Errorf("keep the checkpoint outside the store: %w", err)
	}
	return nil
}

func (l *Log) look(ctx context.Context) (r round, err error) {
	if r.remembered, err = l.Memory.Read(l.Site); err != nil {
		return r, fmt.Errorf("read this server's own copy of the checkpoint: %w", err)
	}
	if r.published, err = l.Store.Checkpoint(ctx, l.Site); err != nil {
		return r, fmt.Errorf("read checkpoint: %w", err)
	}
	head, err := l.Store.Head(ctx, l.Site) // last, so that it is not behind the checkpoint
	if err != nil {
		return r, fmt.Errorf("read log: %w", err)
	}
	r.size = head.Size
	return r, nil
}

// Sign looks at the log and signs what is new, if it continues everything that is
// known to have been signed. Several servers may do so on one store: they sign
// the same tree, and whichever is second finds its work done. An error that is
// ErrRefused needs an operator, any other goes away by itself.
func (l *Log) Sign(ctx context.Context) error {
	l.signing.Lock()
	defer l.signing.Unlock()
	now, err := l.look(ctx)
	seen := err == nil
	l.mu.Lock()
	audited := l.audited
	l.mu.Unlock()
	switch {
	case seen && audited != nil:
		err = audited
	case seen && !(l.anchorsHold() && l.idle(now)):
		err = l.sequence(ctx, &now)
	}
	l.last = round{}
	if err == nil {
		l.last = now
	}
	l.report(now, seen, err)
	return err
}

// idle reports whether nothing has happened since the last round, which found
// everything signed.
func (l *Log) idle(now round) bool {
	return l.last.published != nil && l.status.Signed == now.size && now.size == l.last.size &&
		bytes.Equal(now.published, l.last.published) && bytes.Equal(now.remembered, l.last.remembered)
}

// report keeps what operators are told.
func (l *Log) report(now round, seen bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, s := l.Now(), &l.status
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	if problem != s.Problem && l.Log != nil {
		if err != nil {
			l.Log.Error("checkpoint", "problem", problem)
		} else {
			l.Log.Info("checkpoint", "site", l.Site, "problem", "none any more")
		}
	}
	s.Problem = problem
	if !seen {
		return
	}
	s.Size = now.size
	if c, err := ReadCheckpoint(now.published); err == nil {
		if c != l.newest || s.Signed != c.Size {
			s.Changed = at
		}
		l.newest, s.Signed = c, c.Size
	}
	if s.Signed >= s.Size {
		s.Waiting = time.Time{}
	} else if s.Waiting.IsZero() {
		s.Waiting = at
	}
}

// sequence verifies everything that was signed against the store's log, and
// signs what is new.
func (l *Log) sequence(ctx context.Context, now *round) error {
	if now.remembered == nil {
		begun, err := l.begunAs()
		if err != nil {
			return err
		}
		return l.refuseWithoutMemory(now.size, begun)
	}
	known, err := l.open(ctx, now.remembered)
	if err != nil {
		return l.cannotOpen(fromMemory, err)
	}
	priors, from := []*signed{known}, []string{fromMemory}
	if now.published != nil {
		published, err := l.open(ctx, now.published)
		if err != nil {
			return l.cannotOpen(fromStore, err)
		}
		if published.Origin == known.Origin {
			priors, from = append(priors, published), append(from, fromStore)
		} else if !restartOf(known.Origin, published.Origin) {
			return l.refuseName(known.Checkpoint, published.Checkpoint)
		}
	}
	vouched := int64(0)
	for i, p := range priors {
		if err := l.holds(ctx, p.Checkpoint, from[i], now.size); err != nil {
			l.Cache.dropSite(l.Site)
			return err
		}
		vouched = max(vouched, p.Size)
	}
	if vouched == 0 { // nothing says that what is in memory is what the store holds
		l.Cache.dropSite(l.Site)
	}
	if err := l.holdsAnchors(ctx, known.Origin); err != nil {
		return err
	}
	return l.extend(ctx, now, priors)
}

// cannotOpen tells a store that is away from a checkpoint that is not ours.
func (l *Log) cannotOpen(where string, err error) error {
	if errors.Is(err, ErrCheckpoint) {
		return l.refuseForeign(where, err)
	}
	return err
}

// extend signs the log at its settled size, unless that is done. The last of
// priors is the newest from the store, if it has one of this log.
func (l *Log) extend(ctx context.Context, now *round, priors []*signed) error {
	size := l.settled(now.size)
	for _, p := range priors {
		size = max(size, p.Size)
	}
	ring, err := l.keys(ctx)
	if err != nil {
		return err
	}
	newest := priors[len(priors)-1]
	current, err := ring[:1].verifiers(newest.Origin)
	if err != nil {
		return err
	}
	published := len(priors) > 1
	if size == 0 || published && size == newest.Size && newest.by(newest.Origin, current[0].KeyHash()) {
		if published && newest.Size > priors[0].Size {
			now.remembered = newest.raw
			return l.remember(newest.raw)
		}
		return nil
	}
	next, err := l.grow(ctx, ring, priors, size)
	if err != nil {
		return err
	}
	// Remembered first: a server that published and forgot could contradict itself.
	if err := l.remember(next.raw); err != nil {
		return err
	}
	now.remembered = next.raw
	switch err := l.Store.SwapCheckpoint(ctx, l.Site, now.published, next.raw); {
	case errors.Is(err, consent.ErrConflict):
		return nil // another server was first; the next round looks at what it signed
	case err != nil:
		return fmt.Errorf("publish checkpoint: %w", err)
	}
	now.published = next.raw
	return nil
}

// grow proves that a larger tree continues every earlier one, stores the tiles
// that it has whole, and signs it.
func (l *Log) grow(ctx context.Context, ring keyring, priors []*signed, size int64) (*signed, error) {
	tree := l.tree(ctx, size)
	tree.derived = len(priors) == 1 // what tiles there are may be of a log that this one replaces
	root, err := tlog.TreeHash(size, tree)
	if err != nil {
		return nil, err
	}
	stored := size
	for _, p := range priors {
		if err := continues(p.Checkpoint, root, tree); err != nil {
			return nil, err
		}
		stored = p.Size // what is in the store has its tiles there
	}
	if len(priors) == 1 {
		stored = 0
	}
	for _, t := range tlog.NewTiles(tileHeight, stored, size) {
		if t.L == 0 || t.W < tileWidth {
			continue
		}
		data, err := tree.tile(t.L, t.N, t.W)
		if err != nil {
			return nil, err
		}
		if err := l.Store.PutTile(ctx, l.Site, tileName(t.L, t.N, t.W), data); err != nil {
			return nil, fmt.Errorf("store tile: %w", err)
		}
	}
	return ring.sign(Checkpoint{Origin: priors[0].Origin, Size: size, Root: root})
}

// sightEvery is how often a log's size is looked at where its entries have to
// settle, so that they wait for no longer than they must.
const sightEvery = 3 * time.Second

// sight notes how large the log is now.
func (l *Log) sight(ctx context.Context) {
	l.signing.Lock()
	defer l.signing.Unlock()
	if head, err := l.Store.Head(ctx, l.Site); err == nil { // else a round says what is wrong
		l.observe(sighting{head.Size, l.Now()})
	}
}

func (l *Log) observe(now sighting) {
	for len(l.seen) > 0 && l.seen[len(l.seen)-1].size > now.size { // lost again before it was signed
		l.seen = l.seen[:len(l.seen)-1]
	}
	l.seen = append(l.seen, now)
	old := 0
	for i, s := range l.seen {
		if now.at.Sub(s.at) >= l.Settle {
			old = i
		}
	}
	l.seen = l.seen[old:]
}

// settled returns how many entries have been in the store for long enough.
func (l *Log) settled(size int64) int64 {
	if l.Settle <= 0 {
		return size
	}
	now := l.Now()
	l.observe(sighting{size, now})
	if first := l.seen[0]; now.Sub(first.at) >= l.Settle {
		return first.size
	}
	return 0
}
