package redisstore

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// Two servers on one Redis share a log without gaps or doubles, whichever of
// them gets an entry, and when both get the same.
func TestTwoStoresShareOneLog(t *testing.T) {
	server := storetest.StartRedis(t)
	one, two := opened(t, server.URL(), patient()), opened(t, server.URL(), patient())
	list := make([]consent.Entry, 1000)
	for n := range list {
		list[n] = storetest.Entry("shop", n)
	}
	var wg sync.WaitGroup
	wg.Go(func() { storetest.AppendAll(t, one, 16, list[:700]) })
	wg.Go(func() { storetest.AppendAll(t, two, 16, list[300:]) })
	wg.Go(func() {
		for n := range 20 {
			if err := two.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", n)); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	log := storetest.ReadLog(t, one, "shop", 0) // fails on a gap
	if len(log) != len(list)+20 {
		t.Errorf("log has %d entries, want %d", len(log), len(list)+20)
	}
	seen := make(map[consent.ID]bool)
	for _, e := range log {
		if e.Kind == "" && seen[e.Record.Record] {
			t.Errorf("record at %d is in the log twice", e.Index)
		}
		seen[e.Record.Record] = true
	}
	if total := countsOf(t, two, "shop"); total != int64(3*len(list)) {
		t.Errorf("counters add up to %d, want %d", total, 3*len(list))
	}
}

// fill writes something of every kind at one site.
func fill(t *testing.T, s *Store, site string) {
	t.Helper()
	storetest.MustAppend(t, s, storetest.Entry(site, 0))
	storetest.MustAppend(t, s, storetest.Entry(site, 1))
	if err := s.PutArtefact(t.Context(), site, storetest.Artefact("gate", 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.AddCounts(t.Context(), site, []consent.Count{{Hour: storetest.Epoch(), Key: "shown", N: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := s.flushCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), site, []consent.Erasure{{Record: storetest.Entry(site, 1).Record}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SwapCheckpoint(t.Context(), site, nil, []byte("checkpoint")); err != nil {
		t.Fatal(err)
	}
	if err := s.PutTile(t.Context(), site, "tile/1/000", []byte("tile")); err != nil {
		t.Fatal(err)
	}
}

// A site that a newer program has written is neither read nor written.
func TestNewerSchemaIsRefused(t *testing.T) {
	server := storetest.StartRedis(t)
	writer := opened(t, server.URL(), patient())
	fill(t, writer, "shop")
	command(t, writer, "HSET", factsKey("shop"), "schema", schema+1)
	s := opened(t, server.URL(), patient())
	for name, call := range map[string]func() error{
		"append": func() error { _, _, err := s.Append(t.Context(), storetest.Entry("shop", 9)); return err },
		"append by a store that was open": func() error {
			_, _, err := writer.Append(t.Context(), storetest.Entry("shop", 9))
			return err
		},
		"put artefact": func() error { return s.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", 9)) },
		"add counts": func() error {
			if err := s.AddCounts(t.Context(), "shop", []consent.Count{{Hour: storetest.Epoch(), Key: "shown", N: 1}}); err != nil {
				return err
			}
			return s.flushCounts(t.Context())
		},
		"record": func() error {
			_, err := s.Record(t.Context(), "shop", storetest.Entry("shop", 0).Record)
			return err
		},
		"erase":     func() error { return s.Erase(t.Context(), "shop", []consent.Erasure{{}}) },
		"swap":      func() error { return s.SwapCheckpoint(t.Context(), "shop", nil, []byte("next")) },
		"prune":     func() error { return s.Prune(t.Context(), "shop", []consent.ID{storetest.Entry("shop", 0).Record}) },
		"put tile":  func() error { return s.PutTile(t.Context(), "shop", "tile/1/001", nil) },
		"import":    func() error { return s.Import(t.Context(), "shop", nil) },
		"history":   func() error { _, err := s.History(t.Context(), "shop", storetest.Subject("shop", 0)); return err },
		"log":       func() error { return s.Log(t.Context(), "shop", 0, func(consent.LogEntry) bool { return true }) },
		"artefacts": func() error { _, err := s.Artefacts(t.Context(), "shop", "gate"); return err },
		"counts":    func() error { _, err := s.Counts(t.Context(), "shop", time.Time{}, time.Now()); return err },
	} {
		if err := call(); !errors.Is(err, ErrNewer) || !errors.Is(err, consent.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrNewer in ErrUnavailable", name, err)
		}
	}
	storetest.MustAppend(t, s, storetest.Entry("other", 0))
}

// A Redis that has forgotten the scripts is given them again, in the middle of
// writing too.
func TestForgottenScriptsAreSentAgain(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	var list []consent.Entry
	for n := range 300 {
		list = append(list, storetest.Entry(fmt.Sprint("site", n%3), n))
	}
	var wg sync.WaitGroup
	wg.Go(func() { storetest.AppendAll(t, s, 16, list) })
	for range 20 {
		command(t, s, "SCRIPT", "FLUSH")
	}
	wg.Wait()
	for n := range 3 {
		if log := storetest.ReadLog(t, s, fmt.Sprint("site", n), 0); len(log) != 100 {
			t.Errorf("log of site%d has %d entries, want 100", n, len(log))
		}
	}
	command(t, s, "SCRIPT", "FLUSH")
	if list, err := s.History(t.Context(), "site0", list[0].Subject); err != nil || len(list) != 1 {
		t.Errorf("history: %d, %v", len(list), err)
	}
}

// Foreign data under the store's own keys fails the entries that meet it and
// leaves the others of the batch whole.
func TestForeignDataFailsOnlyWhatMeetsIt(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	bad := storetest.Entry("shop", 3)
	command(t, s, "SET", subjectBucket("shop", bad.Subject), "foreign")
	jobs := make([]*job, 6)
	for n := range jobs {
		e := storetest.Entry("shop", n)
		if n != 3 {
			e.Subject = storetest.Subject("shop", 50+n)
		}
		jobs[n] = &job{ctx: t.Context(), entry: e, done: make(chan outcome, 1)}
		jobs[n].logged, jobs[n].secret = encodeRecord(&e)
	}
	s.flush(batches(jobs))
	if out := <-jobs[3].done; !errors.Is(out.err, consent.ErrUnavailable) || !strings.Contains(out.err.Error(), "WRONGTYPE") {
		t.Fatalf("the entry that met foreign data: %v", out.err)
	}
	for _, n := range []int{0, 1, 2, 4, 5} {
		if _, _, err := s.Append(t.Context(), jobs[n].entry); err != nil {
			t.Errorf("entry %d sent again: %v", n, err)
		}
	}
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 5 {
		t.Errorf("log has %d entries, want 5", len(log))
	}
	if _, err := s.Record(t.Context(), "shop", bad.Record); !errors.Is(err, consent.ErrNotFound) {
		t.Errorf("the failed entry: %v, want ErrNotFound", err)
	}
}

// Pieces that were cut short or altered are refused, never a panic.
func FuzzDecodePiece(f *testing.F) {
	e := storetest.Entry("shop", 1)
	logged, _ := encodeRecord(&e)
	a := storetest.Artefact("gate", 1)
	whole := slices.Concat([]byte("0 "), logged, []byte("17 "), logged, []byte("0 "), encodeArtefact(&a))
	f.Add("3-0", string(whole))
	for cut := 0; cut < len(whole); cut += 7 {
		f.Add("3-0", string(whole[:cut]))
	}
	f.Add("x", string(whole))
	f.Fuzz(func(t *testing.T, id, blob string) {
		list, err := decodePiece("shop", redis.XMessage{ID: id, Values: map[string]any{"e": blob}})
		if blob == string(whole) && id == "3-0" && (err != nil || len(list) != 3 || list[2].Index != 2 || list[2].Kind != "gate") {
			t.Errorf("a whole piece: %d entries, %v", len(list), err)
		}
		if err == nil && len(list) == 0 {
			t.Error("an empty piece is no error")
		}
	})
}

// Scripts build no key and touch only those that the caller names: Redis checks
// the slot of a key alone, not where it comes from.
func TestScriptsTouchOnlyNamedKeys(t *testing.T) {
	touched := regexp.MustCompile(`(?:call|try)\('[A-Z]+', ?([A-Za-z]+)`)
	named := regexp.MustCompile(`local ([a-z]+)(?:, [a-z]+)* = KEYS\[`)
	for name, source := range map[string]string{
		"append": appendSource, "history": historySource, "artefact": artefactSource, "counts": countsSource, "fold": foldSource,
		"erase": eraseSource, "swap": swapSource, "prune": pruneSource, "move": moveSource, "orphan": orphanSource, "scrubbed": scrubbedSource,
		"mark": markSource,
	} {
		good := []string{"KEYS"}
		for _, m := range named.FindAllStringSubmatch(source, -1) {
			good = append(good, m[1])
		}
		calls := touched.FindAllStringSubmatch(source, -1)
		if len(calls) < 2 {
			t.Errorf("%s.lua: found %d commands", name, len(calls))
		}
		for _, m := range calls {
			if !slices.Contains(good, m[1]) {
				t.Errorf("%s.lua: %s… is no key of KEYS", name, m[0])
			}
		}
	}
}

// Sites of schema 1, which kept no set of them, are found by their keys.
func TestSitesOfSchema1AreFound(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	for _, site := range []string{"old", "older"} {
		command(t, s, "HSET", factsKey(site), "schema", 1)
	}
	storetest.MustAppend(t, s, storetest.Entry("new", 0))
	command(t, s, "SREM", sitesKey, "") // nobody has looked yet
	for range 2 {
		if list, err := s.Sites(t.Context()); err != nil || !slices.Equal(list, []string{"new", "old", "older"}) {
			t.Errorf("sites: %q, %v", list, err)
		}
	}
}
