package sqlitestore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/storetest"
)

// A command that reads the store while a backup takes its place keeps the newest
// records in the write-ahead log. When the old store is put back they are there.
func TestAStoreThatIsPutBackHasWhatAReaderKeptInItsLog(t *testing.T) {
	path, backup := testPath(t), filepath.Join(t.TempDir(), "backup.db")
	s := opened(t, path, generationSize)
	storetest.AppendAll(t, s, 1, shopEntries(0, 10))
	must(t, s.Backup(t.Context(), backup, nil))
	reader, err := connect(t.Context(), path, true)
	must(t, err)
	must(t, reader.exec("BEGIN"))
	must(t, reader.exec("SELECT count(*) FROM sqlite_schema"))
	storetest.AppendAll(t, s, 1, shopEntries(10, 30))
	must(t, s.Close())
	d, err := Prepare(t.Context(), backup, path, nil)
	must(t, err)
	must(t, d.TakePlace(t.Context()))
	must(t, d.PutBack())
	must(t, reader.Close())
	if log := storetest.ReadLog(t, opened(t, path, generationSize), "shop", 0); len(log) != 30 {
		t.Errorf("the store has %d records of 30", len(log))
	}
}

// Nor is anything lost when the backup never took the place.
func TestAStoreWhosePlaceIsNotTakenKeepsItsLog(t *testing.T) {
	path, backup := testPath(t), filepath.Join(t.TempDir(), "backup.db")
	s := opened(t, path, generationSize)
	storetest.AppendAll(t, s, 1, shopEntries(0, 10))
	must(t, s.Backup(t.Context(), backup, nil))
	d, err := Prepare(t.Context(), backup, path, nil)
	must(t, err)
	must(t, os.Remove(d.partial()))
	storetest.AppendAll(t, s, 1, shopEntries(10, 30))
	reader, err := connect(t.Context(), path, true)
	must(t, err)
	must(t, reader.exec("BEGIN"))
	must(t, reader.exec("SELECT count(*) FROM sqlite_schema"))
	must(t, s.Close())
	if err := d.TakePlace(t.Context()); err == nil {
		t.Fatal("a backup that is gone took the place of a store")
	}
	must(t, reader.Close())
	if log := storetest.ReadLog(t, opened(t, path, generationSize), "shop", 0); len(log) != 30 {
		t.Errorf("the store has %d records of 30", len(log))
	}
}

// What a restore that was killed has left of its copy is gone when the store is opened: it
// has secrets that may be erased later, and no erasure looks for it.
func TestWhatAKilledRestoreHasLeftGoesWithTheNextOpening(t *testing.T) {
	path, backup := testPath(t), filepath.Join(t.TempDir(), "backup.db")
	s := opened(t, path, generationSize)
	storetest.AppendAll(t, s, 1, shopEntries(0, 10))
	must(t, s.Backup(t.Context(), backup, nil))
	must(t, s.Close())
	d, err := Prepare(t.Context(), backup, path, nil)
	must(t, err)
	opened(t, path, generationSize)
	if _, err := os.Stat(d.partial()); !os.IsNotExist(err) {
		t.Errorf("the copy is still there: %v", err)
	}
}
