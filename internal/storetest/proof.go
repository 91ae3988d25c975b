package storetest

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func headFollowsTheLog(t *testing.T, s consent.Store) {
	wantHead := func(site string, size int64, newest time.Time) {
		t.Helper()
		h, err := s.Head(t.Context(), site)
		if err != nil || h.Size != size || !h.Newest.Equal(newest) {
			t.Errorf("head of %s: %d, %v, %v; want %d, %v", site, h.Size, h.Newest, err, size, newest)
		}
	}
	wantHead("shop", 0, time.Time{})
	mustErase(t, s, "shop", Epoch(), 99)
	wantHead("shop", 0, time.Time{})
	for n := range 5 {
		e := Entry("shop", n)
		MustAppend(t, s, e)
		wantHead("shop", int64(n+1), e.Time)
	}
	a := Artefact("gate", 9)
	mustPut(t, s, "shop", a)
	wantHead("shop", 6, a.Time)
	mustPut(t, s, "shop", a)
	wantHead("shop", 6, a.Time)
	wantHead("other", 0, time.Time{})
}

func leavesAreTheLogs(t *testing.T, s consent.Store) {
	AppendAll(t, s, 64, entries("shop", 0, 5000))
	mustPut(t, s, "shop", Artefact("gate", 1))
	AppendAll(t, s, 64, entries("shop", 5000, 5050))
	log := ReadLog(t, s, "shop", 0)
	for _, span := range [][2]int{{0, 10}, {0, 6000}, {4990, 20}, {5000, 1}, {5040, 100}, {5051, 5}, {9000, 5}, {7, 0}} {
		from, n := span[0], span[1]
		got, err := s.Leaves(t.Context(), "shop", int64(from), n)
		begin := min(from, len(log))
		wanted := log[begin:min(begin+n, len(log))]
		if err != nil || !slices.EqualFunc(got, wanted, func(leaf [32]byte, e consent.LogEntry) bool { return leaf == e.Leaf }) {
			t.Errorf("%d leaves from %d: %d, %v; want the log's %d", n, from, len(got), err, len(wanted))
		}
	}
	if got, err := s.Leaves(t.Context(), "other", 0, 10); err != nil || len(got) != 0 {
		t.Errorf("leaves of an unknown site: %d, %v", len(got), err)
	}
}

func sitesAreListed(t *testing.T, s consent.Store) {
	wantSites := func(wanted ...string) {
		t.Helper()
		if got, err := s.Sites(t.Context()); err != nil || !slices.Equal(got, wanted) {
			t.Errorf("sites: %q, %v; want %q", got, err, wanted)
		}
	}
	wantSites()
	MustAppend(t, s, Entry("shop", 0))
	mustPut(t, s, "blog", Artefact("gate", 0))
	wantSites("blog", "shop")
	mustErase(t, s, "wiki", Epoch(), 0)
	mustSwap(t, s, "docs", nil, []byte("one"))
	wantSites("blog", "docs", "shop", "wiki")
}

func checkpointIsSwapped(t *testing.T, s consent.Store) {
	MustAppend(t, s, Entry("shop", 0))
	first, second := []byte("first\x00\n\xff"), Bytes("checkpoint", 2000)
	wantCheckpoint(t, s, "shop", nil)
	wantConflict(t, s, "shop", second, first)
	wantCheckpoint(t, s, "shop", nil)
	mustSwap(t, s, "shop", nil, first)
	wantCheckpoint(t, s, "shop", first)
	mustSwap(t, s, "shop", nil, first) // a lost answer asked for again
	wantConflict(t, s, "shop", nil, second)
	mustSwap(t, s, "shop", first, second)
	wantConflict(t, s, "shop", first, []byte("third"))
	wantCheckpoint(t, s, "shop", second)
	wantCheckpoint(t, s, "other", nil)
	if _, _, err := s.Append(t.Context(), Entry("shop", 1)); err != nil {
		t.Errorf("append after a conflict: %v", err)
	}
}

// Many sequencers count up in one checkpoint: every success is one step.
func checkpointUnderContention(t *testing.T, s consent.Store) {
	var steps atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				old, err := s.Checkpoint(t.Context(), "shop")
				if err != nil {
					t.Errorf("checkpoint: %v", err)
					return
				}
				n, _, _ := strings.Cut(string(old), " ")
				at, _ := strconv.Atoi(n)
				// different from what any other writes
				next := strconv.Itoa(at+1) + " " + strconv.FormatInt(steps.Load(), 10) + " " + time.Now().Format(time.RFC3339Nano)
				switch err := s.SwapCheckpoint(t.Context(), "shop", old, []byte(next)); {
				case err == nil:
					steps.Add(1)
				case !errors.Is(err, consent.ErrConflict):
					t.Errorf("swap: %v", err)
				}
			}
		})
	}
	wg.Wait()
	last, err := s.Checkpoint(t.Context(), "shop")
	n, _, _ := strings.Cut(string(last), " ")
	if err != nil || n != strconv.FormatInt(steps.Load(), 10) || steps.Load() == 0 {
		t.Errorf("checkpoint %q after %d successes, %v", last, steps.Load(), err)
	}
}

func tilesAreKept(t *testing.T, s consent.Store) {
	const name = "tile/1/x001/234.p/17"
	for _, body := range [][]byte{Bytes("tile", 8192), {0}, Bytes("again", 32)} {
		if err := s.PutTile(t.Context(), "shop", name, body); err != nil {
			t.Fatalf("put tile: %v", err)
		}
		if got, err := s.Tile(t.Context(), "shop", name); err != nil || !bytes.Equal(got, body) {
			t.Errorf("tile: %d bytes, %v; want %d", len(got), err, len(body))
		}
	}
	for site, name := range map[string]string{"shop": "tile/1/x001/234", "other": name} {
		if _, err := s.Tile(t.Context(), site, name); !errors.Is(err, consent.ErrNotFound) {
			t.Errorf("%s of %s: %v, want ErrNotFound", name, site, err)
		}
	}
}

func proofsOutliveReopening(t *testing.T, open Reopener) {
	s, reopen := open(t)
	AppendAll(t, s, 4, entries("shop", 0, 10))
	mustSwap(t, s, "shop", nil, []byte("checkpoint"))
	if err := s.PutTile(t.Context(), "shop", "tile/1/000", []byte("tile")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, reopen(t))
	wantCheckpoint(t, s, "shop", []byte("checkpoint"))
	if body, err := s.Tile(t.Context(), "shop", "tile/1/000"); err != nil || string(body) != "tile" {
		t.Errorf("tile: %q, %v", body, err)
	}
	if h, err := s.Head(t.Context(), "shop"); err != nil || h.Size != 10 {
		t.Errorf("head: %d, %v", h.Size, err)
	}
	if list, err := s.Sites(t.Context()); err != nil || !slices.Equal(list, []string{"shop"}) {
		t.Errorf("sites: %q, %v", list, err)
	}
}

func mustSwap(t *testing.T, s consent.Store, site string, old, next []byte) {
	t.Helper()
	if err := s.SwapCheckpoint(t.Context(), site, old, next); err != nil {
		t.Fatalf("swap checkpoint: %v", err)
	}
}

func wantConflict(t *testing.T, s consent.Store, site string, old, next []byte) {
	t.Helper()
	if err := s.SwapCheckpoint(t.Context(), site, old, next); !errors.Is(err, consent.ErrConflict) {
		t.Errorf("swap of what is not there: %v, want ErrConflict", err)
	}
}

func wantCheckpoint(t *testing.T, s consent.Store, site string, wanted []byte) {
	t.Helper()
	got, err := s.Checkpoint(t.Context(), site)
	if err != nil || !bytes.Equal(got, wanted) || (got == nil) != (wanted == nil) {
		t.Errorf("checkpoint of %s: %q, %v; want %q", site, got, err, wanted)
	}
}
