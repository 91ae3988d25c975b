package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func sameRecordTwice(t *testing.T, s consent.Store) {
	MustAppend(t, s, Entry("shop", 0))
	first := MustAppend(t, s, Entry("shop", 1))
	again, dup, err := s.Append(t.Context(), Entry("shop", 1))
	if err != nil || !dup {
		t.Fatalf("second append: dup %t, %v; want dup", dup, err)
	}
	same(t, "second answer", again, first)
	if stored := MustAppend(t, s, Entry("shop", 2)); stored.Index != 2 {
		t.Errorf("the entry after a duplicate has index %d, want 2", stored.Index)
	}
	if log := ReadLog(t, s, "shop", 0); len(log) != 3 {
		t.Errorf("log has %d entries, want 3", len(log))
	}
}

func sameRecordOtherContent(t *testing.T, s consent.Store) {
	first := MustAppend(t, s, Entry("shop", 1))
	other := Entry("shop", 2)
	other.Record = first.Record
	other.Subject = Subject("shop", 50)
	other.Time = other.Time.Add(time.Hour)
	again, dup, err := s.Append(t.Context(), other)
	if err != nil || !dup {
		t.Fatalf("second append: dup %t, %v; want dup", dup, err)
	}
	same(t, "second answer", again, first)
	same(t, "record", mustRecord(t, s, "shop", first.Record), first)
	if list, err := s.History(t.Context(), "shop", other.Subject); err != nil || len(list) != 0 {
		t.Errorf("the other subject has %d entries, %v; want none", len(list), err)
	}
}

func sameRecordInParallel(t *testing.T, s consent.Store) {
	const sent = 10
	for n := range 20 {
		answers, fresh := appendTimes(t, s, Entry("shop", n), sent)
		if fresh != 1 {
			t.Fatalf("record %d: %d of %d appends were told that it is new, want 1", n, fresh, sent)
		}
		for _, got := range answers {
			same(t, "parallel answer", got, want(Entry("shop", n), int64(n)))
		}
	}
	if log := ReadLog(t, s, "shop", 0); len(log) != 20 {
		t.Errorf("log has %d entries, want 20", len(log))
	}
	var total int64
	for _, c := range allCounts(t, s, "shop") {
		total += c.N
	}
	if total != 20*3 {
		t.Errorf("counters add up to %d, want %d", total, 20*3)
	}
}

// appendTimes appends one entry from several goroutines at once.
func appendTimes(t *testing.T, s consent.Store, e consent.Entry, times int) (answers []consent.Stored, fresh int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range times {
		wg.Go(func() {
			<-start
			stored, dup, err := s.Append(t.Context(), e)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("append: %v", err)
			}
			if !dup {
				fresh++
			}
			answers = append(answers, stored)
		})
	}
	close(start)
	wg.Wait()
	return answers, fresh
}
