package main

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// "consentry verify" says so when a record is not found by its person, and when the
// next one would take the place of another.
func TestVerifyLooksWhereRecordsAreFiled(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.wantRecorded()
	p.stop()
	db, err := sql.Open("sqlite", filepath.Join(dir, "data", "consentry.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct{ spoil, mend, words string }{
		{"UPDATE sites SET next = next - 1", "UPDATE sites SET next = next + 1", "the next to come would take its place"},
		{"INSERT INTO by_record SELECT id >> 40, record, id & 0xffffffffff FROM records; UPDATE sites SET indexed = next", "UPDATE sites SET indexed = 0", "filed wrongly: it is not in its subject's history"},
	} {
		wantVerified(t, dir, exitOK, "1 record,", "no difference")
		if _, err := db.Exec(c.spoil); err != nil {
			t.Fatal(err)
		}
		wantVerified(t, dir, exitProblem, "DIFFERENCE in entry", c.words)
		if _, err := db.Exec(c.mend); err != nil {
			t.Fatal(err)
		}
	}
	wantVerified(t, dir, exitOK, "no difference")
}
