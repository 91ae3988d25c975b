package storetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func reopenKeepsEverything(t *testing.T, open Reopener) {
	s, reopen := open(t)
	AppendAll(t, s, 8, entries("shop", 0, 100))
	mustPut(t, s, "shop", Artefact("banner", 1))
	if err := s.AddCounts(t.Context(), "shop", []consent.Count{{Hour: Epoch(), Key: "shown", N: 7}}); err != nil {
		t.Fatal(err)
	}
	before := ReadLog(t, s, "shop", 0)
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	s = opened(t, reopen(t))
	after := ReadLog(t, s, "shop", 0)
	if len(after) != len(before) {
		t.Fatalf("log has %d entries, had %d", len(after), len(before))
	}
	for i := range before[:100] {
		same(t, "record", after[i].Record, before[i].Record)
		same(t, "record by id", mustRecord(t, s, "shop", before[i].Record.Record), before[i].Record)
	}
	kept := Artefact("banner", 1)
	kept.Index = 100
	sameArtefact(t, mustArtefact(t, s, kept.Digest), kept)
	if list, err := s.History(t.Context(), "shop", Subject("shop", 3)); err != nil || len(list) != 2 {
		t.Errorf("history: %d entries, %v; want 2", len(list), err)
	}
	var total int64
	for _, c := range allCounts(t, s, "shop") {
		total += c.N
	}
	if total != 100*3+7 {
		t.Errorf("counters add up to %d, want %d: closing must not lose those held back", total, 100*3+7)
	}
}

func reopenGoesOn(t *testing.T, open Reopener) {
	s, reopen := open(t)
	AppendAll(t, s, 8, entries("shop", 0, 10))
	mustPut(t, s, "shop", Artefact("banner", 1))
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	s = opened(t, reopen(t))
	if _, dup, err := s.Append(t.Context(), Entry("shop", 4)); err != nil || !dup {
		t.Errorf("a record sent again after opening: dup %t, %v", dup, err)
	}
	mustPut(t, s, "shop", Artefact("banner", 1))
	if stored := MustAppend(t, s, Entry("shop", 10)); stored.Index != 11 {
		t.Errorf("the first new entry has index %d, want 11", stored.Index)
	}
}

// closeUnderLoad closes the store while 64 writers append. What was
// acknowledged must be there afterwards; the rest was refused in words.
func closeUnderLoad(t *testing.T, open Reopener) {
	s, reopen := open(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	acknowledged := make(map[int]consent.Stored)
	enough := make(chan struct{})
	for w := range 64 {
		wg.Go(func() {
			for n := w; ; n += 64 {
				stored, _, err := s.Append(t.Context(), Entry("shop", n))
				if err != nil {
					if !errors.Is(err, consent.ErrUnavailable) {
						t.Errorf("append while closing: %v, want ErrUnavailable", err)
					}
					return
				}
				mu.Lock()
				acknowledged[n] = stored
				if len(acknowledged) == 500 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	gone := make(chan struct{})
	go func() { wg.Wait(); close(gone) }()
	select {
	case <-enough:
	case <-gone:
		t.Fatal("every writer failed before the store was closed")
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	<-gone
	s = opened(t, reopen(t))
	for n, stored := range acknowledged {
		same(t, "acknowledged record", mustRecord(t, s, "shop", Entry("shop", n).Record), stored)
	}
	if log := ReadLog(t, s, "shop", 0); len(log) < len(acknowledged) {
		t.Errorf("log has %d entries, %d were acknowledged", len(log), len(acknowledged))
	}
}
