package translog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/consentry/consentry/internal/consent"
)

// Options configure a site's log. All are needed but Begun, Settle and Anchors.
type Options struct {
	Site   string
	Origin string // names a new log; one that exists keeps the name it has
	Root   []byte // the installation's root secret
	Store  Store
	Memory Memory
	Begun  Inceptions // nil: nobody remembers
	Cache  *Cache     // of all sites
	Now    func() time.Time
	Log    *slog.Logger
	// Settle is how long an entry must have been in the store before it is signed,
	// for stores that may lose their last seconds: a log that lost what it signed
	// can never go on.
	Settle  time.Duration
	Anchors []Anchor
}

// Log is one site's transparency log, safe for concurrent use.
type Log struct {
	Options
	signing sync.Mutex // one round at a time; guards last and sightings
	last    round
	seen    []sighting

	mu       sync.Mutex
	status   Status
	ring     keyring
	newest   Checkpoint // that this process read from the store
	anchored []anchorState
	audited  error // what the last audit found

	anchorsHeld bool // the newest checkpoints in the anchors, when this process looked
}

// Status is what operators are told of a log.
type Status struct {
	Site    string
	Size    int64     // entries in the store
	Signed  int64     // of these under the newest checkpoint
	Changed time.Time // when this server first saw that checkpoint
	Waiting time.Time // since when an entry has been seen to wait, zero: none does
	Problem string    // why nothing is signed; empty: all is well
	Anchors []AnchorStatus
}

// New returns a site's log. It touches nothing.
func New(o Options) *Log {
	return &Log{Options: o, status: Status{Site: o.Site, Changed: o.Now()}, anchored: make([]anchorState, len(o.Anchors))}
}

// Status returns what is known now.
func (l *Log) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.status
	for i, a := range l.anchored {
		s.Anchors = append(s.Anchors, a.status(l.Anchors[i].Name(), s.Signed))
	}
	return s
}

func (l *Log) tree(ctx context.Context, size int64) *tree {
	return &tree{ctx: ctx, store: l.Store, cache: l.Cache, site: l.Site, size: size}
}

// keys derives the log's keys: one more than the log has rotations of them.
func (l *Log) keys(ctx context.Context) (keyring, error) {
	rotations, err := l.Store.Artefacts(ctx, l.Site, keyKind)
	if err != nil {
		return nil, fmt.Errorf("read key rotations: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) != len(rotations)+1 {
		if l.ring, err = deriveKeys(l.Root, l.Site, len(rotations)+1); err != nil {
			return nil, err
		}
	}
	return l.ring, nil
}

// Checkpoint returns the newest signed checkpoint, or consent.ErrNotFound before
// there is one.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	raw, err := l.Store.Checkpoint(ctx, l.Site)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	if raw == nil {
		return nil, fmt.Errorf("the log of site %s has no checkpoint yet: %w", l.Site, consent.ErrNotFound)
	}
	c, err := ReadCheckpoint(raw)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = c
	return raw, nil
}

// VerifierKeys returns the log's public keys in the form of C2SP signed-note, the
// newest first.
func (l *Log) VerifierKeys(ctx context.Context) ([]string, error) {
	origin := l.rememberedName(ctx)
	switch _, err := l.Checkpoint(ctx); {
	case err == nil:
		l.mu.Lock()
		origin = l.newest.Origin
		l.mu.Unlock()
	case !errors.Is(err, consent.ErrNotFound):
		return nil, err
	}
	ring, err := l.keys(ctx)
	if err != nil {
		return nil, err
	}
	return ring.texts(origin)
}

// rememberedName is the name that a log without a checkpoint in the store has.
func (l *Log) rememberedName(ctx context.Context) string {
	raw, err := l.Memory.Read(l.Site)
	if err != nil || raw == nil {
		return l.Origin
	}
	known, err := l.open(ctx, raw)
	if err != nil {
		return l.Origin
	}
	return known.Origin
}

// Tile returns a tile by its name in the layout of C2SP tlog-tiles, such as
// tile/1/x001/234 or tile/0/000.p/17. What no checkpoint covers yet is
// consent.ErrNotFound, and so are entry bundles: records are private.
func (l *Log) Tile(ctx context.Context, name string) ([]byte, error) {
	t, err := parseTileName(name)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	size := l.newest.Size
	l.mu.Unlock()
	if tree := l.tree(ctx, size); tree.width(t.L, t.N) < t.W { // perhaps another server has signed meanwhile
		if _, err := l.Checkpoint(ctx); err != nil {
			return nil, err
		}
		l.mu.Lock()
		size = l.newest.Size
		l.mu.Unlock()
	}
	tree := l.tree(ctx, size)
	if tree.width(t.L, t.N) < t.W {
		return nil, fmt.Errorf("%s in a log of %d entries: %w", name, size, consent.ErrNotFound)
	}
	data, err := tree.tile(t.L, t.N, t.W)
	if err != nil {
		return nil, err
	}
	return data[:t.W*len(Checkpoint{}.Root)], nil
}

// open verifies a checkpoint that must be this log's.
func (l *Log) open(ctx context.Context, raw []byte) (*signed, error) {
	ring, err := l.keys(ctx)
	if err != nil {
		return nil, err
	}
	return openCheckpoint(raw, ring.verifiers, l.witnessKeys())
}

func (l *Log) witnessKeys() (list []note.Verifier) {
	for _, a := range l.Anchors {
		if w, ok := a.(*Witness); ok {
			list = append(list, w.verifier)
		}
	}
	return list
}

// RotateKey puts a new key into use: its announcement becomes a leaf of the log,
// and every checkpoint from then on carries its signature and its predecessor's.
// It returns the new verifier key.
func (l *Log) RotateKey(ctx context.Context) (string, error) {
	raw, err := l.Checkpoint(ctx)
	if err != nil {
		return "", err
	}
	now, err := l.open(ctx, raw)
	if err != nil {
		return "", err
	}
	ring, err := l.keys(ctx)
	if err != nil {
		return "", err
	}
	a, key, err := rotation(l.Root, l.Site, now.Origin, ring, consent.At(l.Now()))
	if err != nil {
		return "", err
	}
	if err := l.Store.PutArtefact(ctx, l.Site, a); err != nil {
		return "", fmt.Errorf("log key rotation: %w", err)
	}
	return key, nil
}
