package translog

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
)

// misfiled fills a store with two records of each of 20 visitors, places 1 to 20 and 21
// to 40, and returns them and a check of what they are found by.
func misfiled(t *testing.T, store consent.Store) (list []consent.Entry, look func(consent.Store) *Difference) {
	t.Helper()
	l, _ := begun(t, store)
	s := newShop(t, store)
	var before [20]*consent.Sealed
	for n := range 40 {
		e, sealed := s.decideAgain(t, n, before[n%20])
		if _, _, err := store.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		before[n%20], list = sealed, append(list, e)
	}
	if list[0].Subject != list[20].Subject || list[0].Subject == list[1].Subject {
		t.Fatal("the subjects are not as they should be")
	}
	keys := testKeys(t, l)
	look = func(store consent.Store) *Difference {
		t.Helper()
		return checked(t, CheckOptions{Site: "shop", Store: store, Filing: store, Keys: keys, Receipt: s.receipt, Workers: 2}).Difference
	}
	if d := look(store); d != nil {
		t.Fatalf("at first: %v", d)
	}
	return list, look
}

func wantMisfiled(t *testing.T, what string, d *Difference, index int64, words string) {
	t.Helper()
	if d == nil || d.Index != index || !strings.Contains(d.Found, words) {
		t.Errorf("%s: %v; want entry %d to be %q", what, d, index, words)
	}
}

// In Redis a record's bucket that leads elsewhere is found, and a subject's that leads
// past records of the person, which an erasure would leave behind.
func TestWhatIsFiledWronglyInRedisIsFound(t *testing.T) {
	server := storetest.StartRedis(t)
	store, err := redisstore.Open(t.Context(), server.URL(), redisstore.Options{Timeout: 20 * time.Second, Wait: 40 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	list, look := misfiled(t, store)
	do := func(command, key string, id consent.ID, value string) {
		t.Helper()
		quoted := func(b string) (s string) {
			for _, c := range []byte(b) {
				s += fmt.Sprintf(`\x%02x`, c)
			}
			return `"` + s + `"`
		}
		if value != "" {
			value = quoted(value)
		}
		if got := server.Ask(fmt.Sprintf("%s %s:{shop}:%x %s %s", command, key, id[:2], quoted(string(id[2:])), value)); !strings.HasPrefix(got, ":") {
			t.Fatalf("%s: %q", command, got)
		}
	}
	newest := list[27].Subject // at 28, place 29, and before at 8, place 9
	for _, c := range []struct {
		what, value string
		index       int64
	}{{"the bucket of a subject leads to the older record", "9", 28}, {"to somebody else's", "30", 8}, {"to none", "4000", 8}, {"is gone", "", 8}} {
		command := "HSET"
		if c.value == "" {
			command = "HDEL"
		}
		do(command, "s", newest, c.value)
		wantMisfiled(t, c.what, look(store), c.index, "filed wrongly: it is not in its subject's history")
	}
	do("HSET", "s", newest, "29")
	secrets := string(list[11].Secret[:]) + string(list[11].Receipt[:])
	for what, place := range map[string]string{"the bucket of a record leads one on": "14", "one back": "12", "nowhere": "4000"} {
		do("HSET", "r", list[11].Record, secrets+place)
		wantMisfiled(t, what, look(store), 12, "filed wrongly: its id does not lead to it")
	}
	do("HSET", "r", list[11].Record, secrets+"13")
	if d := look(store); d != nil {
		t.Errorf("with all put right: %v", d)
	}
}

// In a database file the same is found of by_record and by_subject, and a log that goes
// on where the store would put the next entry.
func TestWhatIsFiledWronglyInADatabaseIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	store, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, look := misfiled(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	reopened := func() *Difference {
		t.Helper()
		store, err := sqlitestore.Open(path, sqlitestore.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		return look(store)
	}
	exec := func(query string, values ...any) {
		t.Helper()
		if _, err := db.Exec(query, values...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	// All but the newest ten are in the tables.
	exec("DELETE FROM by_record")
	exec("DELETE FROM by_subject")
	exec("INSERT INTO by_record SELECT id >> 40, record, id & 0xffffffffff FROM records WHERE id & 0xffffffffff < 31")
	exec("INSERT INTO by_subject SELECT id >> 40, subject, id & 0xffffffffff FROM records WHERE id & 0xffffffffff < 31")
	exec("UPDATE sites SET indexed = 31")
	if d := reopened(); d != nil {
		t.Fatalf("with ten not in the tables: %v", d)
	}
	record, subject := list[11].Record, list[8].Subject
	for _, c := range []struct {
		what, spoil, mend string
		id                consent.ID
		index             int64
		words             string
	}{
		{"a record leads elsewhere", "UPDATE by_record SET idx = 13 WHERE record = ?", "UPDATE by_record SET idx = 12 WHERE record = ?", record, 12, "its id does not lead to it"},
		{"a record leads nowhere", "DELETE FROM by_record WHERE record = ?", "INSERT INTO by_record VALUES (1, ?, 12)", record, 12, "its id does not lead to it"},
		{"a subject lacks a record", "DELETE FROM by_subject WHERE subject = ? AND idx = 29", "INSERT INTO by_subject VALUES (1, ?, 29)", subject, 29, "not in its subject's history"},
		{"a subject has somebody else's", "INSERT INTO by_subject VALUES (1, ?, 3)", "DELETE FROM by_subject WHERE subject = ? AND idx = 3", subject, 9, "not in its subject's history (entry 3 of somebody else is)"},
		{"more is said to be in the tables", "UPDATE sites SET indexed = 40 WHERE ? > 0", "UPDATE sites SET indexed = 31 WHERE ? > 0", record, 31, "filed wrongly"},
		{"an entry is not counted", "UPDATE sites SET next = 40 WHERE ? > 0", "UPDATE sites SET next = 41 WHERE ? > 0", record, 40, "the next to come would take its place"},
		{"an entry too many is counted", "UPDATE sites SET next = 42 WHERE ? > 0", "UPDATE sites SET next = 41 WHERE ? > 0", record, 41, "the newest are missing"},
	} {
		exec(c.spoil, c.id[:])
		wantMisfiled(t, c.what, reopened(), c.index, c.words)
		exec(c.mend, c.id[:])
	}
	if d := reopened(); d != nil {
		t.Errorf("with all put right: %v", d)
	}
}
