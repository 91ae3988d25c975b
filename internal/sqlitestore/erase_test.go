package sqlitestore

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// several returns entries of several sites in no order: their rows come between
// each other's in every table that is ordered by site.
func several(from, to int) (list []consent.Entry) {
	for n := from; n < to; n++ {
		list = append(list, storetest.Entry([]string{"blog", "shop", "wiki"}[rand.IntN(3)], n))
	}
	return list
}

func eraseAll(t *testing.T, s consent.Store, list []consent.Entry) {
	t.Helper()
	bySite := make(map[string][]consent.Erasure)
	for _, e := range list {
		bySite[e.Site] = append(bySite[e.Site], consent.Erasure{Record: e.Record, Time: storetest.Epoch()})
	}
	for site, erasures := range bySite {
		must(t, s.Erase(t.Context(), site, erasures))
	}
}

// After an erasure no file of the store holds a byte of the secret or of the
// receipt, whatever pages have been split, merged and written again before. What
// was not erased is all there.
func TestErasedSecretsAreInNoFile(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, 500)
	var kept []consent.Entry
	for round := range 4 {
		list := several(round*2000, (round+1)*2000)
		storetest.AppendAll(t, s, 32, list)
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		gone := list[:500]
		kept = append(kept, list[500:]...)
		if found := storetest.Found(t, filepath.Dir(path), gone); found < len(gone) {
			t.Fatalf("%d secrets were found before their erasure, want at least %d: the scan sees little", found, len(gone))
		}
		eraseAll(t, s, gone)
		if found := storetest.Found(t, filepath.Dir(path), gone); found > 0 {
			t.Errorf("round %d: %d of %d erased secrets are still in a file", round, found, len(gone))
		}
	}
	for _, e := range kept {
		if got, err := s.Record(t.Context(), e.Site, e.Record); err != nil || got.Erased || got.Secret != e.Secret || got.Receipt != e.Receipt {
			t.Fatalf("a record that was not erased: erased %t, %v", got.Erased, err)
		}
	}
}

// Reads that go on all the time do not keep erased secrets in the WAL.
func TestReadersDoNotKeepErasedSecrets(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	list := several(0, 3000)
	storetest.AppendAll(t, s, 32, list)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				err := s.Log(ctx, "shop", 0, func(consent.LogEntry) bool { return true })
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	eraseAll(t, s, list[:100])
	found := storetest.Found(t, filepath.Dir(path), list[:100])
	stop()
	wg.Wait()
	if found > 0 {
		t.Errorf("%d erased secrets are still in a file", found)
	}
}

// Another process that reads an old state for long holds up Scrub, and nothing
// else; once it is done the WAL is emptied without anybody asking.
func TestALongReadDelaysScrubbingOnly(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	list := several(0, 300)
	storetest.AppendAll(t, s, 32, list)
	reader, err := openReaders(path, dsn(path, true), 1)
	must(t, err)
	defer reader.Close()
	tx, err := reader.BeginTx(t.Context(), nil)
	must(t, err)
	var n int
	must(t, tx.QueryRow("SELECT count(*) FROM records").Scan(&n))
	storetest.AppendAll(t, s, 1, several(300, 301)) // so that the reader's state is old

	eraseAll(t, s, list[:10])
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := s.Scrub(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("scrub beside a long read: %v, want the context's error", err)
	}
	storetest.AppendAll(t, s, 32, several(301, 400))
	must(t, tx.Rollback())
	for end := time.Now().Add(20 * time.Second); storetest.Found(t, filepath.Dir(path), list[:10]) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("erased secrets stay in a file after the last reader has left")
		}
	}
	must(t, s.Scrub(t.Context()))
}

// A process that dies between an erasure and the emptying of the WAL leaves old
// pages; the next one that opens the store removes them.
func TestOpeningScrubsWhatACrashLeft(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	list := several(0, 300)
	storetest.AppendAll(t, s, 32, list)
	must(t, s.change(t.Context(), func(w *writer) error {
		err := w.erase(list[0].Site, []consent.Erasure{{Record: list[0].Record}})
		w.erased = false // as if the process had died here
		return err
	}))
	copied := filepath.Join(t.TempDir(), filepath.Base(path))
	for _, suffix := range []string{"", "-wal"} {
		must(t, copyPlain(path+suffix, copied+suffix))
	}
	if storetest.Found(t, filepath.Dir(copied), list[:1]) == 0 {
		t.Fatal("the crashed store's files do not hold the secret: the test shows nothing")
	}
	opened(t, copied, generationSize)
	if storetest.Found(t, filepath.Dir(copied), list[:1]) > 0 {
		t.Error("the erased secret is still in a file after opening")
	}
}

func copyPlain(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
