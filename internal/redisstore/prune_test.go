package redisstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

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

// dying is a program that is killed before it sends the next command.
type dying struct{ left atomic.Int64 }

var errKilled = errors.New("killed")

func (d *dying) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *dying) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if d.left.Add(-1) < 0 {
			cmd.SetErr(errKilled)
			return errKilled
		}
		return next(ctx, cmd)
	}
}

func (d *dying) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if d.left.Add(-1) < 0 {
			for _, cmd := range cmds {
				cmd.SetErr(errKilled)
			}
			return errKilled
		}
		return next(ctx, cmds)
	}
}

// However a purge is killed, the next one leaves nothing of what it had begun to
// take away, even if that has nothing to purge itself.
func TestAPurgeThatWasKilledIsFinishedByTheNext(t *testing.T) {
	const records, gone, chunk = 14, 10, 3
	server := storetest.StartRedis(t)
	whole := opened(t, server.URL(), patient())
	for cut, ended := 0, false; !ended; cut++ {
		site := fmt.Sprintf("shop-%d", cut)
		var entries []consent.Entry
		var ids []consent.ID
		for n := range records {
			entries = append(entries, storetest.Entry(site, n))
			entries[n].Subject = storetest.Subject(site, n)
			if storetest.MustAppend(t, whole, entries[n]); n < gone {
				ids = append(ids, entries[n].Record)
			}
		}
		if err := whole.Prune(t.Context(), site, ids[:chunk]); err != nil { // so that some pieces are out of the stream
			t.Fatal(err)
		}
		s := opened(t, server.URL(), patient())
		killer := &dying{}
		killer.left.Store(int64(cut))
		s.client.AddHook(killer)
		ended = s.prune(t.Context(), site, ids) == nil
		if err := whole.Prune(t.Context(), site, nil); err != nil {
			t.Fatal(err)
		}
		marked := 0
		for _, e := range entries[:gone] {
			if stored, err := whole.Record(t.Context(), site, e.Record); err != nil {
				t.Fatal(err)
			} else if stored.Erased {
				marked++
				wantNoTrace(t, whole, e)
			}
		}
		if left, err := whole.client.Exists(t.Context(), unmovedKey(site)).Result(); err != nil || left != 0 {
			t.Errorf("killed after %d commands: something is still to be moved, %v", cut, err)
		}
		if marked < chunk || ended && marked < gone {
			t.Errorf("killed after %d commands: %d are marked as pruned", cut, marked)
		}
	}
}

func wantNoTrace(t *testing.T, s *Store, e consent.Entry) {
	t.Helper()
	pieces, err := s.client.XRange(t.Context(), logKey(e.Site), "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	moved, err := s.moved(t.Context(), e.Site, 0, "+inf", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range slices.Concat(pieces, moved) {
		if bytes := text(piece.Values["e"]); strings.Contains(bytes, string(e.Sealed)) || strings.Contains(bytes, string(e.Subject[:])) {
			t.Errorf("piece %s still has record %s", piece.ID, e.Record)
		}
	}
	if known, err := s.client.HExists(t.Context(), subjectBucket(e.Site, e.Subject), string(e.Subject[bucketSize:])).Result(); err != nil || known {
		t.Errorf("the subject of record %s is still known, %v", e.Record, err)
	}
}
