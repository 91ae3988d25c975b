package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func erasedIsKeptWithoutSecrets(t *testing.T, s consent.Store) {
	AppendAll(t, s, 1, entries("shop", 0, 20))
	mustErase(t, s, "shop", Epoch(), 3, 12)
	for n := range 20 {
		e, index := Entry("shop", n), int64(n)
		wanted := want(e, index)
		if n == 3 || n == 12 {
			wanted = erased(e, index)
		}
		again, dup, err := s.Append(t.Context(), e)
		if err != nil || !dup {
			t.Fatalf("record %d sent again: dup %t, %v", n, dup, err)
		}
		history, err := s.History(t.Context(), "shop", e.Subject)
		if err != nil || len(history) != 2 {
			t.Fatalf("history: %d entries, %v; want 2", len(history), err)
		}
		same(t, "sent again", again, wanted)
		same(t, "by id", mustRecord(t, s, "shop", e.Record), wanted)
		same(t, "in its history", history[n%2], wanted)
		same(t, "in the log", ReadLog(t, s, "shop", index)[0].Record, wanted)
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Errorf("scrub: %v", err)
	}
}

func erasedBeforeItComes(t *testing.T, s consent.Store) {
	mustErase(t, s, "shop", Epoch(), 1)
	MustAppend(t, s, Entry("shop", 0))
	stored, dup, err := s.Append(t.Context(), Entry("shop", 1))
	if err != nil || dup {
		t.Fatalf("append: dup %t, %v", dup, err)
	}
	wanted := erased(Entry("shop", 1), 1)
	same(t, "answer", stored, wanted)
	same(t, "by id", mustRecord(t, s, "shop", wanted.Record), wanted)
	again, dup, err := s.Append(t.Context(), Entry("shop", 1))
	if err != nil || !dup {
		t.Fatalf("append again: dup %t, %v", dup, err)
	}
	same(t, "second answer", again, wanted)
	MustAppend(t, s, Entry("other", 1)) // the same id would be no other site's business
	if list := allCounts(t, s, "shop"); len(list) != 5 {
		t.Errorf("an erased entry is counted like any other:\n%s", showCounts(list))
	}
}

func erasuresAreListed(t *testing.T, s consent.Store) {
	AppendAll(t, s, 8, entries("shop", 0, 30))
	var wanted []string
	var list []consent.Erasure
	for n := range 700 { // more than is read at once
		e := consent.Erasure{Record: Entry("shop", n).Record, Time: Epoch().Add(time.Duration(n) * time.Second)}
		list = append(list, e)
		wanted = append(wanted, showErasure(e.Record, e.Time))
	}
	for _, part := range [][]consent.Erasure{nil, list[:1], list[:3], list[2:650], list} {
		if err := s.Erase(t.Context(), "shop", part); err != nil {
			t.Fatal(err)
		}
	}
	mustErase(t, s, "shop", Epoch().Add(time.Hour), 699, 3, 700, 700, 0)
	wanted = append(wanted, showErasure(Entry("shop", 700).Record, Epoch().Add(time.Hour)))
	for _, from := range []int{0, 1, 512, 700, 701, 900} {
		got := readErasures(t, s, "shop", from)
		if want := wanted[min(from, len(wanted)):]; !slices.Equal(got, want) {
			t.Errorf("erasures from %d: %d, want %d, or they differ", from, len(got), len(want))
		}
	}
	calls := 0
	err := s.Erasures(t.Context(), "shop", 0, func(int64, consent.Erasure) bool { calls++; return calls < 3 })
	if err != nil || calls != 3 {
		t.Errorf("told to stop after 3: %d calls, %v", calls, err)
	}
	if got := readErasures(t, s, "other", 0); len(got) != 0 {
		t.Errorf("another site has %d erasures", len(got))
	}
}

// Records arrive and are erased at the same time, in no order.
func erasedWhileAppending(t *testing.T, s consent.Store) {
	const records = 300
	var wg sync.WaitGroup
	wg.Go(func() { AppendAll(t, s, 8, entries("shop", 0, records)) })
	for w := range 3 {
		wg.Go(func() {
			for n := w; n < records; n += 3 {
				mustErase(t, s, "shop", Epoch(), n, (n+1)%records)
			}
		})
	}
	wg.Wait()
	log := ReadLog(t, s, "shop", 0)
	if len(log) != records {
		t.Errorf("log has %d entries, want %d", len(log), records)
	}
	for _, e := range log {
		if !e.Record.Erased || e.Record.Secret != (consent.Secret{}) || e.Record.Receipt != [16]byte{} {
			t.Fatalf("entry %d is not erased: %s", e.Index, show(e.Record))
		}
	}
	if got := readErasures(t, s, "shop", 0); len(got) != records {
		t.Errorf("%d erasures, want %d", len(got), records)
	}
}

func erasureOutlivesReopening(t *testing.T, open Reopener) {
	s, reopen := open(t)
	AppendAll(t, s, 1, entries("shop", 0, 10))
	mustErase(t, s, "shop", Epoch(), 4, 10)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, reopen(t))
	same(t, "erased record", mustRecord(t, s, "shop", Entry("shop", 4).Record), erased(Entry("shop", 4), 4))
	stored, _, err := s.Append(t.Context(), Entry("shop", 10))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "record erased before it came", stored, erased(Entry("shop", 10), 10))
	mustErase(t, s, "shop", Epoch(), 5)
	if got := readErasures(t, s, "shop", 0); len(got) != 3 {
		t.Errorf("%d erasures, want 3", len(got))
	}
}

func mustErase(t testing.TB, s consent.Store, site string, at time.Time, records ...int) {
	t.Helper()
	var list []consent.Erasure
	for _, n := range records {
		list = append(list, consent.Erasure{Record: Entry(site, n).Record, Time: at})
	}
	if err := s.Erase(t.Context(), site, list); err != nil {
		t.Errorf("erase: %v", err)
	}
}

// erased is what a store should hold of an erased entry.
func erased(e consent.Entry, index int64) consent.Stored {
	e.Secret, e.Receipt, e.Counts = consent.Secret{}, [16]byte{}, nil
	return consent.Stored{Entry: e, Index: index, Erased: true}
}

func readErasures(t *testing.T, s consent.Store, site string, from int) (list []string) {
	t.Helper()
	err := s.Erasures(t.Context(), site, int64(from), func(position int64, e consent.Erasure) bool {
		if position != int64(from+len(list)) {
			t.Errorf("erasure at %d where %d was due", position, from+len(list))
		}
		list = append(list, showErasure(e.Record, e.Time))
		return true
	})
	if err != nil {
		t.Fatalf("erasures of %s: %v", site, err)
	}
	return list
}

func showErasure(id consent.ID, at time.Time) string { return fmt.Sprint(id, " ", showTime(at)) }
