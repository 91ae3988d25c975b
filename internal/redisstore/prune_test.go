package redisstore

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// What is pruned takes a third less memory than before, and neither its sealed
// bytes nor its subject is in a file afterwards.
func TestPrunedEntriesLeaveMemoryAndFiles(t *testing.T) {
	const records, kept = 5000, 100
	server := storetest.StartRedis(t, plainly()...)
	s := opened(t, server.URL(), patient())
	storetest.MustAppend(t, s, single(records))
	empty := usedMemory(t, s)
	storetest.AppendAll(t, s, 64, singles(0, records-kept))
	storetest.AppendAll(t, s, 64, singles(records-kept, records))
	full := usedMemory(t, s) - empty
	var ids []consent.ID
	for _, e := range singles(0, records-kept) {
		ids = append(ids, e.Record)
	}
	if err := s.Prune(t.Context(), "shop", ids); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	rest := usedMemory(t, s) - empty
	t.Logf("%d bytes a record before, %d after", full/records, rest/records)
	if rest > full*2/3 {
		t.Errorf("%d bytes are used after pruning nearly all, of %d before", rest, full)
	}
	gone := singles(0, records-kept-50) // the last ones may share a piece with those that stay
	if n := filesWith(t, server.Dir(), gone); n > 0 {
		t.Errorf("%d sealed records or subjects are still in a file", n)
	}
}

func filesWith(t *testing.T, dir string, list []consent.Entry) (found int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, e := range list[:200] {
			if bytes.Contains(content, e.Sealed) || bytes.Contains(content, e.Subject[:]) {
				found++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A log whose entries are all pruned goes on where it was, and its newest piece
// is moved once it is no longer the newest.
func TestPrunedLogGoesOn(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	storetest.MustAppend(t, s, single(0))
	for n := range 3 {
		if err := s.Prune(t.Context(), "shop", []consent.ID{single(n).Record}); err != nil {
			t.Fatal(err)
		}
		moved, err := s.client.ZCard(t.Context(), movedKey("shop")).Result()
		if err != nil || moved != int64(n) {
			t.Errorf("%d pieces are moved, %v; want %d", moved, err, n)
		}
		if stored := storetest.MustAppend(t, s, single(n+1)); stored.Index != int64(n+1) {
			t.Fatalf("the next entry has index %d, want %d", stored.Index, n+1)
		}
	}
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 4 || !log[0].Record.Erased || log[3].Record.Erased {
		t.Errorf("log has %d entries", len(log))
	}
}
