package erasures

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// later is when whoever erased has had time to note it.
func later() time.Time { return storetest.Epoch().Add(time.Hour) }

func wantNoted(t *testing.T, l *List, s consent.Store, noted int) {
	t.Helper()
	if _, err := l.Sync(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Note(t.Context(), s, later()); err != nil || n != noted {
		t.Errorf("note: %d, %v; want %d", n, err, noted)
	}
}

// wantTold wants the records, by their places, that a log tells of: in their time,
// afterwards, and not.
func wantTold(t *testing.T, s consent.Store, log string, notes int, told map[int64]string) {
	t.Helper()
	var noted consent.Noted
	if err := noted.Read(t.Context(), s, log); err != nil {
		t.Fatal(err)
	}
	for at, want := range told {
		got := "no"
		switch has, afterwards := noted.Has(at); {
		case afterwards:
			got = "afterwards"
		case has:
			got = "in time"
		}
		if got != want {
			t.Errorf("%s: entry %d is told of: %s; want %s", log, at, got, want)
		}
	}
	list, err := s.Artefacts(t.Context(), log, consent.ErasureKind)
	if err != nil || len(list) != notes {
		t.Errorf("%s has %d notes, %v; want %d", log, len(list), err, notes)
	}
}

// What is listed and was not noted is noted once, by however many servers; what has
// no place yet, once it has, and what is just being erased not yet.
func TestWhatTheLogDoesNotTellOfIsNoted(t *testing.T) {
	dir := t.TempDir()
	s, l := openStore(t, filepath.Join(dir, "store.db")), opened(t, filepath.Join(dir, "erasures.log"))
	other := opened(t, filepath.Join(dir, "other.log"))
	for n := range 6 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
		storetest.MustAppend(t, s, storetest.Entry("shop~1", n))
	}
	first, err := s.Record(t.Context(), "shop", storetest.Entry("shop", 0).Record)
	if err != nil {
		t.Fatal(err)
	}
	if err := consent.EraseNoted(t.Context(), Store{s, l}, "shop", []consent.Stored{first}, storetest.Epoch()); err != nil {
		t.Fatal(err)
	}
	together := erased(1, 2, 9)
	for i := range together {
		together[i].Time = storetest.Epoch()
	}
	fresh := erased(4)
	fresh[0].Time = later().Add(-time.Second)
	beside := []consent.Erasure{{Record: storetest.Entry("shop~1", 3).Record, Time: storetest.Epoch()}}
	for _, part := range []struct {
		log  string
		list []consent.Erasure
	}{{"shop", together}, {"shop", erased(3)}, {"shop", fresh}, {"shop~1", beside}} {
		if err := (Store{s, l}).Erase(t.Context(), part.log, part.list); err != nil {
			t.Fatal(err)
		}
	}

	for _, one := range []*List{l, other} {
		if _, err := one.Sync(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	var both sync.WaitGroup
	for _, one := range []*List{l, other} {
		both.Go(func() {
			if _, err := one.Note(t.Context(), s, later()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	told := map[int64]string{0: "in time", 1: "afterwards", 2: "afterwards", 3: "afterwards", 4: "no", 5: "no"}
	wantTold(t, s, "shop", 3, told)
	wantTold(t, s, "shop~1", 1, map[int64]string{2: "no", 3: "afterwards"})
	wantNoted(t, l, s, 0)

	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 9)); err != nil {
		t.Fatal(err)
	}
	wantNoted(t, l, s, 1)
	wantNoted(t, other, s, 0)
	if n, err := l.Note(t.Context(), s, later().Add(time.Minute)); err != nil || n != 1 {
		t.Errorf("a minute later: %d noted, %v", n, err)
	}
	told[4] = "afterwards"
	wantTold(t, s, "shop", 5, told)
	again := opened(t, filepath.Join(dir, "erasures.log"))
	wantNoted(t, again, s, 0)
}

// After an older backup is restored, the notes of what is erased again are lost with
// the log's end, and are made again; what was purged needs none.
func TestWhatIsErasedAgainIsNotedAgain(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "store.db"), filepath.Join(dir, "backup.db")
	s, l := openStore(t, path), opened(t, filepath.Join(dir, "erasures.log"))
	for n := range 3 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	moveCopy(t, path, backup)
	s = openStore(t, path)
	for n := range 2 {
		stored, err := s.Record(t.Context(), "shop", storetest.Entry("shop", n).Record)
		if err != nil {
			t.Fatal(err)
		}
		if err := consent.EraseNoted(t.Context(), Store{s, l}, "shop", []consent.Stored{stored}, storetest.Epoch()); err != nil {
			t.Fatal(err)
		}
	}
	wantNoted(t, l, s, 0)
	wantTold(t, s, "shop", 2, map[int64]string{0: "in time", 1: "in time", 2: "no"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	moveCopy(t, backup, path)
	s = openStore(t, path)
	if _, err := l.Sync(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Prune(t.Context(), "shop", []consent.ID{storetest.Entry("shop", 1).Record}); err != nil {
		t.Fatal(err)
	}
	wantNoted(t, l, s, 1)
	wantTold(t, s, "shop", 1, map[int64]string{0: "afterwards", 1: "no", 2: "no"})
}
