package sqlitestore

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

func TestANewerSchemaIsRefused(t *testing.T) {
	path := testPath(t)
	known := len(migrations())
	withSession(t, path, func(s *session) {
		must(t, s.exec(fmt.Sprintf("PRAGMA user_version = %d", known+98)))
	})
	before := readFile(t, path)
	for name, open := range map[string]func() error{
		"open":           func() error { _, err := Open(path, Options{}); return err },
		"open read-only": func() error { _, err := Open(path, Options{ReadOnly: true}); return err },
	} {
		err := open()
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), fmt.Sprintf("version %d,", known+98)) || !strings.Contains(err.Error(), fmt.Sprintf("up to %d;", known)) {
			t.Errorf("%s: %v, want ErrNewer with both versions", name, err)
		}
	}
	if string(readFile(t, path)) != string(before) {
		t.Error("the refused file was changed")
	}
}

func TestAnOlderSchemaIsMigratedAfterABackup(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	storetest.MustAppend(t, s, storetest.Entry("shop", 1))
	must(t, s.Close())
	known := len(migrations())
	steps := append(migrations(), "CREATE TABLE later (x TEXT) STRICT")
	withSession(t, path, func(s *session) {
		must(t, migrate(s, path, steps))
		if got := version(t, s); got != known+1 {
			t.Errorf("schema version %d after migrating, want %d", got, known+1)
		}
	})
	backup := fmt.Sprintf("%s.schema%d.bak", path, known)
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("backup: %v, %v; want a file for its owner only", info, err)
	}
	old := opened(t, backup, generationSize)
	if _, err := old.Record(t.Context(), "shop", storetest.Entry("shop", 1).Record); err != nil {
		t.Errorf("the backup lacks the record: %v", err)
	}
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	path := testPath(t)
	withSession(t, path, func(s *session) {
		must(t, migrate(s, path, migrations()))
		known := len(migrations())
		if err := migrate(s, path, append(migrations(), "CREATE TABLE later (x TEXT) STRICT; CREATE TABLE sites (x)")); err == nil {
			t.Fatal("a table was created twice")
		}
		if got := version(t, s); got != known {
			t.Errorf("schema version %d after a failed migration, want %d", got, known)
		}
		if err := s.exec("SELECT * FROM later"); err == nil {
			t.Error("half of the migration is there")
		}
	})
}

func TestAnotherProgramsDatabaseIsRefused(t *testing.T) {
	path := testPath(t)
	must(t, createPrivate(path))
	s, err := connect(t.Context(), path, false)
	must(t, err)
	must(t, s.exec("CREATE TABLE theirs (x)"))
	must(t, s.Close())
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "not a consent store") {
		t.Errorf("open: %v", err)
	}
	text := filepath.Join(t.TempDir(), "notes.txt")
	must(t, os.WriteFile(text, []byte(strings.Repeat("not a database at all\n", 100)), 0o600))
	if _, err := Open(text, Options{}); err == nil {
		t.Error("a text file was opened as a store")
	}
}

// Nobody but the owner can read the file, its log and its lock; every commit is
// synced, and what is deleted is overwritten.
func TestTheFileIsPrivateAndDurable(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, generationSize)
	storetest.MustAppend(t, s, storetest.Entry("shop", 1))
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if info, err := os.Stat(path + suffix); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", suffix, info, err)
		}
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1"} {
		got := ""
		must(t, s.queue.put(t.Context(), &request{work: func(c *session) error {
			return c.query("PRAGMA "+pragma, func(v []driver.Value) { got = fmt.Sprint(v[0]) })
		}}))
		if got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
}

// withSession runs f on a store's file while no store is open.
func withSession(t *testing.T, path string, f func(*session)) {
	t.Helper()
	must(t, opened(t, path, generationSize).Close())
	s, err := connect(t.Context(), path, false)
	must(t, err)
	defer s.Close()
	f(s)
}

func version(t *testing.T, s *session) int {
	t.Helper()
	v, err := schemaVersion(s)
	must(t, err)
	return v
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What schema 1 has written is read, continued and erased like anything newer.
func TestSchema1IsMigrated(t *testing.T) {
	path := testPath(t)
	must(t, createPrivate(path))
	c, err := connect(t.Context(), path, false)
	must(t, err)
	must(t, migrate(c, path, migrations()[:1]))
	must(t, c.exec("INSERT INTO sites VALUES (1, 'shop', 3, 0), (2, 'blog', 1, 0)"))
	for n, row := range []int64{rowID(1, 0), rowID(1, 1), rowID(1, 2), rowID(2, 0)} {
		e := storetest.Entry("shop", n)
		must(t, c.exec("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", row, e.Record[:], e.Subject[:], e.Time.UnixMilli(), e.Leaf[:], e.Sealed))
		must(t, c.exec("INSERT INTO secrets VALUES (?, ?, ?)", row, e.Secret[:], e.Receipt[:]))
	}
	must(t, c.exec("INSERT INTO sites VALUES (3, 'wiki', 4, 0)"))
	for n := range 4 {
		e := storetest.Entry("wiki", n)
		must(t, c.exec("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rowID(3, int64(n)), e.Record[:], e.Subject[:], e.Time.UnixMilli(), e.Leaf[:], e.Sealed))
		must(t, c.exec("INSERT INTO secrets VALUES (?, ?, ?)", rowID(3, int64(n)), e.Secret[:], e.Receipt[:]))
	}
	must(t, c.exec("UPDATE secrets SET secret = NULL, receipt = NULL WHERE id IN (?, ?)", rowID(3, 1), rowID(3, 3)))
	must(t, c.Close())

	s := opened(t, path, generationSize)
	wantListed(t, s, "wiki", 1, 3)
	for range 2 { // the second time opened again
		storetest.MustAppend(t, s, storetest.Entry("blog", 100+len(storetest.ReadLog(t, s, "blog", 0))))
		for n := range 3 {
			e := storetest.Entry("shop", n)
			got, err := s.Record(t.Context(), "shop", e.Record)
			if err != nil || got.Secret != e.Secret || got.Receipt != e.Receipt || got.Erased || got.Index != int64(n) {
				t.Errorf("record %d: %+v, %v", n, got, err)
			}
		}
		must(t, s.Close())
		s = opened(t, path, generationSize)
	}
	must(t, s.Erase(t.Context(), "shop", []consent.Erasure{{Record: storetest.Entry("shop", 1).Record}}))
	must(t, s.Erase(t.Context(), "wiki", []consent.Erasure{
		{Record: storetest.Entry("wiki", 2).Record, Time: storetest.Epoch()}, {Record: storetest.Entry("wiki", 3).Record, Time: storetest.Epoch()},
	}))
	wantListed(t, s, "wiki", 1, 3, 2)
	for n, e := range storetest.ReadLog(t, s, "shop", 0) {
		if e.Record.Erased != (n == 1) {
			t.Errorf("record %d: erased %t", n, e.Record.Erased)
		}
	}
}

// wantListed wants the records, in this order, in the list of erasures: schema 1 had
// none, and what it had erased would be taken for damage without.
func wantListed(t *testing.T, s *Store, site string, records ...int) {
	t.Helper()
	at := 0
	must(t, s.Erasures(t.Context(), site, 0, func(pos int64, e consent.Erasure) bool {
		if at < len(records) && (pos != int64(at) || e.Record != storetest.Entry(site, records[at]).Record || e.Time.IsZero()) {
			t.Errorf("place %d of the list has %+v", pos, e)
		}
		at++
		return true
	}))
	if at != len(records) {
		t.Errorf("%d erasures are listed, want %d", at, len(records))
	}
}
