package storetest

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func entryIsExact(t *testing.T, s consent.Store) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for n, sealed := range [][]byte{{0}, {}, []byte("NULL\x00'\"\r\n"), all, Bytes("a whole kilobyte", 1024)} {
		e := Entry("exact", n)
		e.Sealed = sealed
		MustAppend(t, s, e)
		same(t, "record", mustRecord(t, s, "exact", e.Record), want(e, int64(n)))
	}
	zero := consent.Entry{Site: "exact", Time: Epoch()}
	MustAppend(t, s, zero)
	got := mustRecord(t, s, "exact", zero.Record)
	same(t, "an entry of zeros, which is not an erased one", got, want(zero, 5))
}

func timesAreMilliseconds(t *testing.T, s consent.Store) {
	east := time.FixedZone("east", 2*3600)
	for n, at := range []time.Time{
		time.Date(2026, 2, 28, 23, 59, 59, 999_000_000, time.UTC),
		time.Date(2026, 3, 1, 0, 30, 0, 1_000_000, east),
		time.Date(2126, 12, 31, 23, 59, 59, 123_999_999, east),
	} {
		e := Entry("clock", n)
		e.Time = at
		first, _, err := s.Append(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := s.Append(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []time.Time{first.Time, again.Time, mustRecord(t, s, "clock", e.Record).Time} {
			if got != consent.At(at).Time {
				t.Errorf("time %v came back as %v", at, got)
			}
		}
	}
}

func recordNotFound(t *testing.T, s consent.Store) {
	MustAppend(t, s, Entry("shop", 1))
	for site, id := range map[string]consent.ID{"shop": Entry("shop", 2).Record, "other": Entry("shop", 1).Record} {
		if _, err := s.Record(t.Context(), site, id); !errors.Is(err, consent.ErrNotFound) {
			t.Errorf("record %s of %s: %v, want ErrNotFound", id, site, err)
		}
	}
}

func historyIsOrdered(t *testing.T, s consent.Store) {
	subjects := []consent.ID{Subject("shop", 0), Subject("shop", 1)}
	const each = 30
	for n := range each * len(subjects) {
		e := Entry("shop", n)
		e.Subject = subjects[n%len(subjects)]
		e.Time = Epoch().Add(-time.Duration(n) * time.Second) // order is the log's, whatever the clock says
		MustAppend(t, s, e)
	}
	for i, subject := range subjects {
		list, err := s.History(t.Context(), "shop", subject)
		if err != nil || len(list) != each {
			t.Fatalf("history: %d entries, %v; want %d", len(list), err, each)
		}
		for k, got := range list {
			e := Entry("shop", k*len(subjects)+i)
			e.Subject = subject
			e.Time = got.Time
			same(t, "history", got, want(e, int64(k*len(subjects)+i)))
		}
	}
	if list, err := s.History(t.Context(), "shop", Subject("shop", 99)); err != nil || len(list) != 0 {
		t.Errorf("history of a stranger: %d entries, %v; want none and no error", len(list), err)
	}
}

// historyFollowsTimes is historyIsOrdered for records in several logs.
func historyFollowsTimes(t *testing.T, s consent.Store) {
	const each = 30
	var list []consent.Entry
	for n := range 2 * each {
		e := Entry("shop", n)
		e.Subject = Subject("shop", n%2)
		e.Time = Epoch().Add(time.Duration(n/6) * time.Second) // some at once
		list = append(list, e)
		MustAppend(t, s, e)
	}
	for subject := range 2 {
		got, err := s.History(t.Context(), "shop", Subject("shop", subject))
		if err != nil || len(got) != each {
			t.Fatalf("history: %d entries, %v; want %d", len(got), err, each)
		}
		if !slices.IsSortedFunc(got, func(a, b consent.Stored) int { return a.Time.Compare(b.Time) }) {
			t.Error("a history is not in the order of its times")
		}
		slices.SortFunc(got, func(a, b consent.Stored) int { return cmp.Compare(a.Index, b.Index) })
		for k, one := range got {
			n := 2*k + subject
			same(t, "history", one, want(list[n], int64(n)))
		}
	}
	if list, err := s.History(t.Context(), "shop", Subject("shop", 99)); err != nil || len(list) != 0 {
		t.Errorf("history of a stranger: %d entries, %v; want none and no error", len(list), err)
	}
}

func sitesAreApart(t *testing.T, s consent.Store) {
	sites := []string{"a", "a-b", "ab"} // one a prefix of the others
	for _, site := range sites {
		e := Entry("same", 1)
		e.Site = site
		if stored := MustAppend(t, s, e); stored.Index != 0 {
			t.Errorf("first entry of %s has index %d", site, stored.Index)
		}
		mustPut(t, s, site, Artefact("banner", 1))
	}
	for _, site := range sites {
		if log := ReadLog(t, s, site, 0); len(log) != 2 {
			t.Errorf("log of %s has %d entries, want its own 2", site, len(log))
		}
		list, err := s.History(t.Context(), site, Entry("same", 1).Subject)
		if err != nil || len(list) != 1 || list[0].Site != site {
			t.Errorf("history at %s: %d entries, %v; want its own one", site, len(list), err)
		}
		if list := allCounts(t, s, site); len(list) != 3 || list[0].N != 1 {
			t.Errorf("counts of %s:\n%s", site, showCounts(list))
		}
	}
	if log := ReadLog(t, s, "b", 0); len(log) != 0 {
		t.Errorf("log of an unknown site has %d entries", len(log))
	}
	if list := allCounts(t, s, "b"); len(list) != 0 {
		t.Errorf("an unknown site has counts:\n%s", showCounts(list))
	}
}
