package erasures

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
)

func openStore(t *testing.T, path string) *sqlitestore.Store {
	t.Helper()
	s, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func wantSync(t *testing.T, l *List, s consent.Store, again int) {
	t.Helper()
	if n, err := l.Sync(t.Context(), s); err != nil || n != again {
		t.Errorf("sync: %d erased again, %v; want %d", n, err, again)
	}
}

func wantErased(t *testing.T, s consent.Store, records map[int]bool) {
	t.Helper()
	for n, want := range records {
		got, err := s.Record(t.Context(), "shop", storetest.Entry("shop", n).Record)
		if err != nil || got.Erased != want {
			t.Errorf("record %d: erased %t, %v; want %t", n, got.Erased, err, want)
		}
	}
}

// An older backup is put in the place of the store: what was erased since is
// erased again, and what comes back later from elsewhere is stored erased.
func TestRestoredBackupBringsNothingBack(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "store.db"), filepath.Join(dir, "backup.db")
	l := opened(t, filepath.Join(dir, "erasures.log"))
	s := openStore(t, path)
	for n := range 20 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	erase := func(records ...int) {
		t.Helper()
		if err := (Store{s, l}).Erase(t.Context(), "shop", erased(records...)); err != nil {
			t.Fatal(err)
		}
	}
	erase(1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	moveCopy(t, path, backup)
	s = openStore(t, path)
	storetest.MustAppend(t, s, storetest.Entry("shop", 20))
	erase(2, 3, 20)
	wantSync(t, l, s, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	moveCopy(t, backup, path)
	s = openStore(t, path)
	wantErased(t, s, map[int]bool{1: true, 2: false, 3: false}) // the backup would bring them back
	wantSync(t, opened(t, filepath.Join(dir, "erasures.log")), s, 3)
	wantErased(t, s, map[int]bool{0: false, 1: true, 2: true, 3: true, 4: false})
	if stored, _, err := s.Append(t.Context(), storetest.Entry("shop", 20)); err != nil || !stored.Erased {
		t.Errorf("a record that the backup lacks: erased %t, %v", stored.Erased, err)
	}
	var times []consent.Erasure
	if err := s.Erasures(t.Context(), "shop", 1, func(_ int64, e consent.Erasure) bool { times = append(times, e); return true }); err != nil {
		t.Fatal(err)
	}
	for i, e := range erased(2, 3, 20) {
		if times[i].Record != e.Record || !times[i].Time.Equal(e.Time) {
			t.Errorf("erasure %d was made again as %v, want %v", i, times[i], e)
		}
	}
}

// A running server notices that its store has become an older one.
func TestStoreThatGoesBackIsNoticed(t *testing.T) {
	dir := t.TempDir()
	l := opened(t, filepath.Join(dir, "erasures.log"))
	now, older := openStore(t, filepath.Join(dir, "now.db")), openStore(t, filepath.Join(dir, "older.db"))
	for n := range 10 {
		storetest.MustAppend(t, now, storetest.Entry("shop", n))
		storetest.MustAppend(t, older, storetest.Entry("shop", n))
	}
	for n := range 3 {
		if err := older.Erase(t.Context(), "shop", erased(n)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 6 {
		if err := now.Erase(t.Context(), "shop", erased(n)); err != nil {
			t.Fatal(err)
		}
		wantSync(t, l, now, 0)
	}
	wantSync(t, l, older, 3)
	wantErased(t, older, map[int]bool{2: true, 3: true, 5: true, 6: false})
	wantSync(t, l, older, 0)
	if err := older.Erase(t.Context(), "shop", erased(7)); err != nil {
		t.Fatal(err)
	}
	wantSync(t, l, older, 0)
	wantListed(t, l, 0, 1, 2, 3, 4, 5, 7)
}

// Each server's list has what the others erase, so that any of them can make it
// again.
func TestListsLearnFromEachOther(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "store.db"))
	one, two := opened(t, filepath.Join(dir, "one.log")), opened(t, filepath.Join(dir, "two.log"))
	for n := range 5 {
		if err := (Store{s, []*List{one, two}[n%2]}).Erase(t.Context(), "shop", erased(n)); err != nil {
			t.Fatal(err)
		}
		wantSync(t, one, s, 0)
		wantSync(t, two, s, 0)
	}
	wantListed(t, one, 0, 1, 2, 3, 4)
	wantListed(t, two, 0, 1, 2, 3, 4)
}

func moveCopy(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
