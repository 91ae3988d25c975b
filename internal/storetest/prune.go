package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// pruned is what a store should hold of a pruned entry.
func pruned(e consent.Entry, index int64) consent.Stored {
	s := erased(e, index)
	s.Subject, s.Sealed = consent.ID{}, nil
	return s
}

func prunedKeepsItsLeaf(t *testing.T, s consent.Store) {
	const records = 200
	AppendAll(t, s, 1, entries("shop", 0, records))
	mustPut(t, s, "shop", Artefact("gate", 1))
	AppendAll(t, s, 1, entries("shop", records, records+20))
	gone := func(n int) bool { return n < 101 || n == 150 || n == records+19 } // 101 and 150 share their subjects with others
	mustErase(t, s, "shop", Epoch(), 5, 160)
	for range 2 { // the second time changes nothing
		mustPrune(t, s, "shop", gone, records+20)
	}
	if err := s.Prune(t.Context(), "unknown", []consent.ID{{1}}); err != nil {
		t.Errorf("prune at an unknown site: %v", err)
	}
	log := ReadLog(t, s, "shop", 0)
	if len(log) != records+21 {
		t.Fatalf("log has %d entries, want %d", len(log), records+21)
	}
	checkArtefactLeaf(t, log[records], Artefact("gate", 1))
	for n := range records + 20 {
		index := int64(n)
		if n >= records {
			index++
		}
		e := Entry("shop", n)
		wanted := want(e, index)
		if gone(n) {
			wanted = pruned(e, index)
		} else if n == 160 {
			wanted = erased(e, index)
		}
		same(t, "in the log", log[index].Record, wanted)
		same(t, "by id", mustRecord(t, s, "shop", e.Record), wanted)
		again, dup, err := s.Append(t.Context(), e)
		if err != nil || !dup {
			t.Fatalf("record %d sent again: dup %t, %v", n, dup, err)
		}
		same(t, "sent again", again, wanted)
	}
	leaves, err := s.Leaves(t.Context(), "shop", 0, 1000)
	if err != nil || len(leaves) != len(log) || leaves[7] != Entry("shop", 7).Leaf {
		t.Errorf("leaves: %d, %v", len(leaves), err)
	}
	if got := readErasures(t, s, "shop", 0); len(got) != 2 {
		t.Errorf("%d erasures, want the 2 that were asked for", len(got))
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Errorf("scrub: %v", err)
	}
}

// A subject's history goes on past what was pruned out of it.
func prunedLeaveHistories(t *testing.T, s consent.Store) {
	const records = 120
	list := entries("shop", 0, records)
	for n := range list {
		list[n].Subject = Subject("shop", n%3)
	}
	AppendAll(t, s, 1, list)
	gone := func(n int) bool { return n%3 == 2 || n%5 == 0 || 40 < n && n < 80 }
	mustPrune(t, s, "shop", gone, records)
	wantHistories := func() {
		t.Helper()
		for subject := range 3 {
			var wanted []consent.Stored
			for n, e := range list {
				if n%3 == subject && !gone(n) {
					wanted = append(wanted, want(e, int64(n)))
				}
			}
			got, err := s.History(t.Context(), "shop", Subject("shop", subject))
			if err != nil || len(got) != len(wanted) {
				t.Fatalf("history of subject %d: %d entries, %v; want %d", subject, len(got), err, len(wanted))
			}
			for i := range got {
				same(t, "history", got[i], wanted[i])
			}
		}
	}
	wantHistories()
	for n := range 3 {
		e := Entry("shop", records+n)
		e.Subject = Subject("shop", n)
		list = append(list, e)
		MustAppend(t, s, e)
	}
	never := gone
	gone = func(n int) bool { return n < records && never(n) }
	wantHistories()
}

// Records are pruned in small pieces by two at once while others come.
func prunedWhileAppending(t *testing.T, s consent.Store) {
	const records = 400
	AppendAll(t, s, 16, entries("shop", 0, records))
	var wg sync.WaitGroup
	wg.Go(func() { AppendAll(t, s, 8, entries("shop", records, 2*records)) })
	for range 2 {
		wg.Go(func() {
			for n := 0; n < records; n += 20 {
				mustPrune(t, s, "shop", func(i int) bool { return i >= n && i < n+20 }, records)
			}
		})
	}
	wg.Wait()
	log := ReadLog(t, s, "shop", 0)
	if len(log) != 2*records {
		t.Fatalf("log has %d entries, want %d", len(log), 2*records)
	}
	for n := range 2 * records {
		got := mustRecord(t, s, "shop", Entry("shop", n).Record)
		if got.Erased != (n < records) || (len(got.Sealed) == 0) != (n < records) {
			t.Fatalf("record %d: %s", n, show(got))
		}
		same(t, "in the log", log[got.Index].Record, got)
	}
}

func prunedOutlivesReopening(t *testing.T, open Reopener) {
	s, reopen := open(t)
	AppendAll(t, s, 1, entries("shop", 0, 60))
	mustPrune(t, s, "shop", func(n int) bool { return n < 40 }, 60)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, reopen(t))
	waitFor(t, "what was pruned shows", func() bool { return mustRecord(t, s, "shop", Entry("shop", 0).Record).Erased })
	for n := range 60 {
		wanted := want(Entry("shop", n), int64(n))
		if n < 40 {
			wanted = pruned(Entry("shop", n), int64(n))
		}
		same(t, "by id", mustRecord(t, s, "shop", wanted.Record), wanted)
	}
	if list, err := s.History(t.Context(), "shop", Subject("shop", 3)); err != nil || len(list) != 0 {
		t.Errorf("history of a pruned subject: %d, %v", len(list), err)
	}
	if stored := MustAppend(t, s, Entry("shop", 60)); stored.Index != 60 {
		t.Errorf("the next entry has index %d, want 60", stored.Index)
	}
	if _, err := s.Record(t.Context(), "shop", consent.ID{1}); !errors.Is(err, consent.ErrNotFound) {
		t.Errorf("unknown record: %v", err)
	}
}

// waitFor gives a store that hands over what it found when it was opened a while.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// mustPrune prunes those of the first records that are gone.
func mustPrune(t *testing.T, s consent.Store, site string, gone func(int) bool, records int) {
	t.Helper()
	ids := []consent.ID{{1}} // one that is not there
	for n := range records {
		if gone(n) {
			ids = append(ids, Entry(site, n).Record)
		}
	}
	if err := s.Prune(t.Context(), site, ids); err != nil {
		t.Errorf("prune: %v", err)
	}
}
