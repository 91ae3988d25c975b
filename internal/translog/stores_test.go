package translog

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
)

// realStores are what the fake store stands for in the other tests.
func realStores(t testing.TB) map[string]func() consent.Store {
	return map[string]func() consent.Store{
		"embedded": func() consent.Store {
			s, err := sqlitestore.Open(filepath.Join(t.TempDir(), "test.db"), sqlitestore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
		"Redis": func() consent.Store {
			s, err := redisstore.Open(t.Context(), storetest.StartRedis(t).URL(), redisstore.Options{Timeout: 20 * time.Second, Wait: 40 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
	}
}

// importVisits puts n visitors' decisions into an empty site's log, many at once.
func (s *shop) importVisits(t testing.TB, store consent.Store, n int) {
	t.Helper()
	head, err := store.Head(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	const batch = 2000
	for n > 0 {
		list := make([]consent.Stored, min(n, batch))
		var wait sync.WaitGroup
		for part := range 2 {
			wait.Go(func() {
				for i := part; i < len(list); i += 2 {
					index := head.Size + int64(i)
					list[i] = consent.Stored{Entry: s.decide(t, int(index)), Index: index}
				}
			})
		}
		wait.Wait()
		if err := store.Import(t.Context(), "shop", list); err != nil {
			t.Fatal(err)
		}
		head.Size, n = head.Size+int64(len(list)), n-len(list)
	}
}

// On every store three servers sign one log while visitors decide; tiles are
// stored, erased records keep their places, proofs hold, and the check agrees.
func TestRealStoresCarryALog(t *testing.T) {
	for name, open := range realStores(t) {
		t.Run(name, func(t *testing.T) {
			store := open()
			first, memory := begun(t, store)
			s := newShop(t, store)
			s.importVisits(t, store, 65_700)
			logs := []*Log{first}
			for range 2 {
				l, m := newLog(t, store)
				m.kept["shop"] = memory.kept["shop"]
				logs = append(logs, l)
			}
			var wait sync.WaitGroup
			stop := make(chan struct{})
			for _, l := range logs {
				wait.Go(func() {
					for {
						if err := l.Sign(t.Context()); err != nil {
							t.Error(err)
						}
						select {
						case <-stop:
							return
						default:
						}
					}
				})
			}
			var ids []consent.ID
			for n := range 200 {
				e := s.decide(t, 100_000+n)
				if _, _, err := store.Append(t.Context(), e); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, e.Record)
			}
			close(stop)
			wait.Wait()
			sign(t, first)
			for _, id := range ids[:7] {
				if err := store.Erase(t.Context(), "shop", []consent.Erasure{{Record: id, Time: testTime}}); err != nil {
					t.Fatal(err)
				}
			}
			s.wantWhole(t, store, first, 7)
			s.wantProven(t, store, first, ids)
			if tile, err := store.Tile(t.Context(), "shop", "tile/1/000"); err != nil || len(tile) != tileBytes {
				t.Errorf("the whole tile of level 1 has %d bytes, %v", len(tile), err)
			}
		})
	}
}

func (s *shop) wantWhole(t *testing.T, store consent.Store, l *Log, erased int64) {
	t.Helper()
	report := checked(t, CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l), Receipt: s.receipt, Workers: 2})
	if report.Difference != nil || report.Erased != erased || report.Signed.Size != report.Size || report.Size != 65_901 || report.NoTiles != 0 {
		t.Errorf("report %+v", report)
	}
}

func (s *shop) wantProven(t *testing.T, store consent.Store, l *Log, ids []consent.ID) {
	t.Helper()
	stored, err := store.Record(t.Context(), "shop", ids[100])
	if err != nil {
		t.Fatal(err)
	}
	r, err := consent.OpenRecord(stored, s.frame)
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.ProveRecord(t.Context(), stored, r)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(p, testKeys(t, l)...); err != nil || v.Record.ID != ids[100] {
		t.Errorf("verified %+v, %v", v, err)
	}
	gone, err := store.Record(t.Context(), "shop", ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.ProveRecord(t.Context(), gone, r); !errors.Is(err, consent.ErrErased) {
		t.Errorf("an erased record is proven: %v", err)
	}
}

// Bits flipped in the rows of a real database file are found, wherever the log
// stands on them.
func TestFlippedBitsInADatabaseAreFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	store, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := begun(t, store)
	s := newShop(t, store)
	s.importVisits(t, store, 65_700)
	sign(t, l)
	keys := testKeys(t, l)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	look := func() *Difference {
		t.Helper()
		store, err := sqlitestore.Open(path, sqlitestore.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		return checked(t, CheckOptions{Site: "shop", Store: store, Keys: keys, Receipt: s.receipt, Workers: 2}).Difference
	}
	for _, at := range []struct{ table, column string }{
		{"records", "record"}, {"records", "subject"}, {"records", "leaf"}, {"records", "sealed"}, {"secrets", "secret"}, {"secrets", "receipt"},
		{"secrets", "erased"}, {"records", "secret"},
		{"artefacts", "leaf"}, {"artefacts", "body"}, {"checkpoints", "note"}, {"tiles", "body"},
	} {
		for range 3 {
			undo := flipIn(t, db, at.table, at.column)
			if d := look(); d == nil {
				t.Errorf("a bit flipped in %s.%s is not found", at.table, at.column)
			}
			undo()
		}
	}
	if d := look(); d != nil {
		t.Errorf("the unharmed database: %v", d)
	}
}

// flipIn flips a random bit of a random row of early ones, and returns what takes
// it back.
func flipIn(t *testing.T, db *sql.DB, table, column string) (undo func()) {
	t.Helper()
	key := "rowid"
	if table == "tiles" {
		key = "name"
	}
	var where any
	var before any
	query := fmt.Sprintf("SELECT %s, %s FROM (SELECT * FROM %s LIMIT 5000) ORDER BY random() LIMIT 1", key, column, table)
	if key == "rowid" {
		query = fmt.Sprintf("SELECT rowid, %s FROM %s WHERE rowid IN (SELECT rowid FROM %s LIMIT 5000) ORDER BY random() LIMIT 1", column, table, table)
	}
	if err := db.QueryRow(query).Scan(&where, &before); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	set := func(value any) {
		t.Helper()
		if _, err := db.Exec(fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", table, column, key), value, where); err != nil {
			t.Fatal(err)
		}
	}
	set(flipped(before))
	return func() { set(before) }
}

// flipped is a value with another random bit.
func flipped(value any) any {
	if n, ok := value.(int64); ok {
		return n ^ 1<<rand.IntN(63)
	}
	after := slices.Clone(value.([]byte))
	after[rand.IntN(len(after))] ^= 1 << rand.IntN(8)
	return after
}

// What a million records cost: the first checkpoint over all of them, the next
// ones, a proof, and the check of everything. CONSENTRY_RECORDS says how many.
func BenchmarkLargeLog(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("CONSENTRY_RECORDS"))
	if err != nil {
		n = 20_000
	}
	for name, open := range realStores(b) {
		b.Run(name, func(b *testing.B) {
			store := open()
			l, memory := begun(b, store)
			s := newShop(b, store)
			s.importVisits(b, store, n)
			for b.Loop() {
				since := time.Now()
				lap := func(what string, per float64) {
					b.ReportMetric(time.Since(since).Seconds()/per, what)
					since = time.Now()
				}
				sign(b, l)
				lap("s/first-checkpoint", 1)
				for i := range 10 {
					if _, _, err := store.Append(b.Context(), s.decide(b, 10_000_000+rand.IntN(1<<30)+i)); err != nil {
						b.Fatal(err)
					}
					sign(b, l)
				}
				lap("s/next-checkpoint", 10)
				cold, _ := newLog(b, store, func(o *Options) { o.Memory = memory })
				sign(b, cold)
				lap("s/checkpoint-after-start", 1)
				if err := cold.audit(b.Context()); err != nil {
					b.Fatal(err)
				}
				lap("s/audit", 1)
				size := int64(n)
				for range 100 {
					if _, err := l.prove(b.Context(), 1+rand.Int64N(size-1), [32]byte{}); err == nil {
						b.Fatal("an empty leaf is proven")
					}
				}
				lap("s/proof", 100)
				if r := checked(b, CheckOptions{Site: "shop", Store: store, Keys: testKeys(b, l), Receipt: s.receipt, Workers: 2}); r.Difference != nil {
					b.Fatal(r.Difference)
				}
				lap("s/check", 1)
			}
		})
	}
}
