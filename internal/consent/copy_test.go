package consent_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
)

func openSQLite(t *testing.T) consent.Store {
	t.Helper()
	s, err := sqlitestore.Open(filepath.Join(t.TempDir(), "store.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openRedis(t *testing.T) consent.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), storetest.StartRedis(t).URL(), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// fillShop gives a site something of everything: 1500 records and 16 artefacts in
// turns, erased ones, some erased before they came or that never came, pruned
// ones, counters of records and of none, and a checkpoint.
func fillShop(t *testing.T, s consent.Store) {
	t.Helper()
	erase := func(n int) {
		t.Helper()
		at := storetest.Epoch().Add(time.Duration(n) * time.Second)
		if err := s.Erase(t.Context(), "shop", []consent.Erasure{{Record: storetest.Entry("shop", n).Record, Time: at}}); err != nil {
			t.Fatal(err)
		}
	}
	erase(700)
	erase(90_000)
	for part := range 15 {
		if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", part)); err != nil {
			t.Fatal(err)
		}
		var list []consent.Entry
		for n := range 100 {
			list = append(list, storetest.Entry("shop", 100*part+n))
		}
		storetest.AppendAll(t, s, 16, list)
	}
	for n := 3; n < 1500; n += 111 {
		erase(n)
	}
	var old []consent.ID
	for n := range 150 {
		old = append(old, storetest.Entry("shop", n).Record)
	}
	if err := s.Prune(t.Context(), "shop", old); err != nil {
		t.Fatal(err)
	}
	if err := s.AddCounts(t.Context(), "shop", []consent.Count{{Hour: storetest.Epoch().AddDate(0, 2, 0), Key: "shown", N: 7}}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond) // counters of no record may be held back for a second
	if err := s.SwapCheckpoint(t.Context(), "shop", nil, []byte("checkpoint")); err != nil {
		t.Fatal(err)
	}
}

func later() time.Time { return storetest.Epoch().AddDate(1, 0, 0) }

func ignore(int64, int64) {}

// A site is brought from either store to the other and back, and is the same.
func TestCopyBringsEverythingAcross(t *testing.T) {
	first, second, third := openSQLite(t), openRedis(t), openSQLite(t)
	fillShop(t, first)
	calls := 0
	for _, pair := range [][2]consent.Store{{first, second}, {second, third}} {
		err := consent.Copy(t.Context(), pair[0], pair[1], "shop", later(), func(done, total int64) {
			if calls++; done > total || total != 1515 {
				t.Errorf("progress: %d of %d", done, total)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if calls < 4*4 {
		t.Errorf("progress was told %d times", calls)
	}
	if err := consent.Compare(t.Context(), first, third, "shop", later(), ignore); err != nil {
		t.Error(err)
	}
	e := storetest.Entry("shop", 90_000)
	if stored, _, err := third.Append(t.Context(), e); err != nil || !stored.Erased {
		t.Errorf("a record erased before it came: erased %t, %v", stored.Erased, err)
	}
}

// A copy that was broken off anywhere is finished by the next attempt.
func TestBrokenOffCopyIsFinished(t *testing.T) {
	from, to := openRedis(t), openSQLite(t)
	fillShop(t, from)
	for attempt := range 6 {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		err := consent.Copy(ctx, from, to, "shop", later(), func(int64, int64) {
			if calls++; calls > attempt {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
	}
	if err := consent.Copy(t.Context(), from, to, "shop", later(), ignore); err != nil {
		t.Error(err)
	}
}

// Whatever differs is found, and named.
func TestCompareFindsEveryDifference(t *testing.T) {
	from := openSQLite(t)
	fillShop(t, from)
	for says, change := range map[string]func(s consent.Store) error{
		"one more entry": func(s consent.Store) error {
			_, _, err := s.Append(t.Context(), storetest.Entry("shop", 5000))
			return err
		},
		"one more artefact": func(s consent.Store) error { return s.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", 99)) },
		"an erasure": func(s consent.Store) error {
			return s.Erase(t.Context(), "shop", []consent.Erasure{{Record: storetest.Entry("shop", 400).Record}})
		},
		"an erasure of nothing": func(s consent.Store) error { return s.Erase(t.Context(), "shop", []consent.Erasure{{}}) },
		"a purge": func(s consent.Store) error {
			return s.Prune(t.Context(), "shop", []consent.ID{storetest.Entry("shop", 400).Record})
		},
		"another checkpoint": func(s consent.Store) error {
			return s.SwapCheckpoint(t.Context(), "shop", []byte("checkpoint"), []byte("another"))
		},
	} {
		to := openSQLite(t)
		if err := consent.Copy(t.Context(), from, to, "shop", later(), ignore); err != nil {
			t.Fatal(err)
		}
		if err := change(to); err != nil {
			t.Fatal(err)
		}
		if err := consent.Compare(t.Context(), from, to, "shop", later(), ignore); !errors.Is(err, consent.ErrDiffers) {
			t.Errorf("%s: %v, want ErrDiffers", says, err)
		}
	}
}
