package translog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// entry is one place of the fake store's log.
type entry struct {
	leaf     [32]byte
	record   *consent.Stored
	artefact *consent.Artefact
}

// fakeStore keeps one site's log in memory, so that tests can change any bit of
// it. The real stores are held against the same log in cmd/consentry.
type fakeStore struct {
	mu         sync.Mutex
	log        []entry
	erasures   []consent.Erasure
	checkpoint []byte
	tiles      map[string][]byte
	swaps      int
	fail       error // of every call
	beforeSwap func()
}

func newFakeStore() *fakeStore { return &fakeStore{tiles: make(map[string][]byte)} }

func (s *fakeStore) enter() error {
	s.mu.Lock()
	return s.fail
}

func (s *fakeStore) Log(_ context.Context, site string, from int64, yield func(consent.LogEntry) bool) error {
	if err := s.enter(); err != nil {
		s.mu.Unlock()
		return err
	}
	log := s.log
	s.mu.Unlock()
	for i := from; i < int64(len(log)); i++ {
		e := consent.LogEntry{Index: i, Leaf: log[i].leaf}
		switch {
		case log[i].record != nil:
			e.Record = *log[i].record
			e.Record.Sealed = slices.Clone(e.Record.Sealed)
			e.Record.Index = i
		case log[i].artefact != nil:
			e.Kind, e.Digest = log[i].artefact.Kind, log[i].artefact.Digest
		default:
			e.Record.Erased = true // a leaf of which nothing else is left
		}
		if !yield(e) {
			return nil
		}
	}
	return nil
}

func (s *fakeStore) Erasures(_ context.Context, _ string, from int64, yield func(int64, consent.Erasure) bool) error {
	for i := from; i < int64(len(s.erasures)) && yield(i, s.erasures[i]); i++ {
	}
	return nil
}

func (s *fakeStore) Head(context.Context, string) (consent.Head, error) {
	defer s.mu.Unlock()
	err := s.enter() // locks: nothing of the store is read before
	return consent.Head{Size: int64(len(s.log))}, err
}

func (s *fakeStore) Leaves(_ context.Context, _ string, from int64, n int) ([][32]byte, error) {
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return nil, err
	}
	leaves := make([][32]byte, 0, n)
	for i := from; i < min(from+int64(n), int64(len(s.log))); i++ {
		leaves = append(leaves, s.log[i].leaf)
	}
	return leaves, nil
}

func (s *fakeStore) PutArtefact(_ context.Context, _ string, a consent.Artefact) error {
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return err
	}
	a.Index = int64(len(s.log))
	s.log = append(s.log, entry{leaf: a.Leaf, artefact: &a})
	return nil
}

func (s *fakeStore) Artefact(_ context.Context, _, digest string) (consent.Artefact, error) {
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return consent.Artefact{}, err
	}
	for _, e := range s.log {
		if e.artefact != nil && e.artefact.Digest == digest {
			return *e.artefact, nil
		}
	}
	return consent.Artefact{}, consent.ErrNotFound
}

func (s *fakeStore) Artefacts(_ context.Context, _, kind string) (list []consent.Artefact, err error) {
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return nil, err
	}
	for _, e := range s.log {
		if e.artefact != nil && e.artefact.Kind == kind {
			list = append(list, *e.artefact)
		}
	}
	return list, nil
}

func (s *fakeStore) Checkpoint(context.Context, string) ([]byte, error) {
	defer s.mu.Unlock()
	err := s.enter()
	return s.checkpoint, err
}

func (s *fakeStore) SwapCheckpoint(_ context.Context, _ string, old, next []byte) error {
	if s.beforeSwap != nil {
		s.beforeSwap()
	}
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return err
	}
	if !bytes.Equal(old, s.checkpoint) {
		return consent.ErrConflict
	}
	s.checkpoint = next
	s.swaps++
	return nil
}

func (s *fakeStore) PutTile(_ context.Context, _, name string, body []byte) error {
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return err
	}
	s.tiles[name] = slices.Clone(body)
	return nil
}

func (s *fakeStore) Tile(_ context.Context, _, name string) ([]byte, error) {
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return nil, err
	}
	if body := s.tiles[name]; body != nil {
		return body, nil
	}
	return nil, consent.ErrNotFound
}

// grow appends n leaves without records.
func (s *fakeStore) grow(n int) {
	defer s.mu.Unlock()
	_ = s.enter()
	for range n {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(len(s.log)))
		s.log = append(s.log, entry{leaf: sha256.Sum256(b[:])})
	}
}

// copied is the store as a backup would restore it.
func (s *fakeStore) copied() *fakeStore {
	defer s.mu.Unlock()
	_ = s.enter()
	next := newFakeStore()
	next.log, next.checkpoint = slices.Clone(s.log), s.checkpoint
	for name, body := range s.tiles {
		next.tiles[name] = body
	}
	return next
}

// fakeMemory is one server's copies.
type fakeMemory struct {
	kept map[string][]byte
	fail error
}

func (m *fakeMemory) Read(site string) ([]byte, error) { return m.kept[site], nil }
func (m *fakeMemory) Write(site string, raw []byte) error {
	if m.fail != nil {
		return m.fail
	}
	m.kept[site] = raw
	return nil
}

func testRoot() []byte { return bytes.Repeat([]byte{7}, 32) }

const testOrigin = "shop.example/privacy/log"

// newLog is one server's log of the site shop on a store, with a memory of its own.
func newLog(t testing.TB, store Store, change ...func(*Options)) (*Log, *fakeMemory) {
	t.Helper()
	memory := &fakeMemory{kept: make(map[string][]byte)}
	o := Options{
		Site: "shop", Origin: testOrigin, Root: testRoot(), Store: store, Memory: memory, Cache: NewCache(2000),
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	return New(o), memory
}

// begun is newLog of a site that has just come into being.
func begun(t testing.TB, store Store, change ...func(*Options)) (*Log, *fakeMemory) {
	t.Helper()
	l, memory := newLog(t, store, change...)
	if err := l.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l, memory
}

func sign(t testing.TB, l *Log) Checkpoint {
	t.Helper()
	if err := l.Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := ReadCheckpoint(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testKeys(t testing.TB, l *Log) []string {
	t.Helper()
	keys, err := l.VerifierKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
