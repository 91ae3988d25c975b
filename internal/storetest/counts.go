package storetest

import (
	"cmp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// addedSoon is how long counters of no record may stay unseen in these tests:
// the contract's second, and room for a busy machine.
const addedSoon = 3 * time.Second

func countsAreSummed(t *testing.T, s consent.Store) {
	key := consent.CountKey("decided", "outcome", "accepted")
	e := Entry("shop", 1)
	e.Counts = []consent.Count{{Hour: Epoch(), Key: key, N: 2}, {Hour: Epoch(), Key: key, N: 3}} // twice in one entry
	MustAppend(t, s, e)
	if _, dup, err := s.Append(t.Context(), e); err != nil || !dup {
		t.Fatalf("second append: dup %t, %v", dup, err)
	}
	sameCounts(t, allCounts(t, s, "shop"), []consent.Count{{Hour: Epoch(), Key: key, N: 5}})
	more := entries("shop", 10, 210)
	for i := range more {
		more[i].Counts = []consent.Count{{Hour: Epoch(), Key: key, N: 1}}
	}
	AppendAll(t, s, 64, slices.Concat(more, more)) // every one twice
	sameCounts(t, allCounts(t, s, "shop"), []consent.Count{{Hour: Epoch(), Key: key, N: 205}})
}

func addedCountsShow(t *testing.T, s consent.Store) {
	key := consent.CountKey("shown", "locale", "en")
	e := Entry("shop", 1)
	e.Counts = []consent.Count{{Hour: Epoch(), Key: key, N: 1}}
	MustAppend(t, s, e)
	for range 100 {
		if err := s.AddCounts(t.Context(), "shop", []consent.Count{{Hour: Epoch(), Key: key, N: 1}}); err != nil {
			t.Fatalf("add counts: %v", err)
		}
	}
	if err := s.AddCounts(t.Context(), "shop", nil); err != nil {
		t.Fatalf("add no counts: %v", err)
	}
	wanted := []consent.Count{{Hour: Epoch(), Key: key, N: 101}}
	var got []consent.Count
	for deadline := time.Now().Add(addedSoon); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = allCounts(t, s, "shop"); showCounts(got) == showCounts(wanted) {
			return
		}
	}
	sameCounts(t, got, wanted)
}

func countsAreOrdered(t *testing.T, s consent.Store) {
	var all []consent.Count
	for hour := range 30 {
		for _, key := range []string{"shown;device=phone", "decided;a=b", "shown", "shown;device=desktop", "decided;a=B"} {
			all = append(all, consent.Count{Hour: Epoch().Add(time.Duration(hour) * time.Hour), Key: key, N: int64(hour + 1)})
		}
	}
	e := Entry("shop", 1)
	e.Counts = slices.Clone(all)
	slices.Reverse(e.Counts)
	MustAppend(t, s, e)
	slices.SortFunc(all, func(a, b consent.Count) int { return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Key, b.Key)) })
	sameCounts(t, allCounts(t, s, "shop"), all)

	at := func(hour int) time.Time { return Epoch().Add(time.Duration(hour) * time.Hour) }
	for _, span := range [][2]int{{0, 1}, {3, 7}, {29, 30}, {5, 5}, {30, 40}, {-5, 2}} {
		var wanted []consent.Count
		for _, c := range all {
			if !c.Hour.Before(at(span[0])) && c.Hour.Before(at(span[1])) {
				wanted = append(wanted, c)
			}
		}
		sameCounts(t, mustCounts(t, s, "shop", at(span[0]), at(span[1])), wanted)
	}
	// from and to need not be whole hours
	sameCounts(t, mustCounts(t, s, "shop", at(3).Add(time.Minute), at(4).Add(time.Minute)), all[4*5:5*5])
}

// daysAreApart checks that a counter of an hour and a day adds to both, one of
// either alone to that, and that days are chosen by date.
func daysAreApart(t *testing.T, s consent.Store) {
	key := consent.CountKey("shown", "who", "human")
	first := consent.DateOf(Epoch(), time.UTC)
	e := Entry("shop", 1)
	e.Counts = []consent.Count{
		{Hour: Epoch(), Day: first, Key: key, N: 2},
		{Hour: Epoch().Add(time.Hour), Day: first, Key: key, N: 3},
		{Day: first + 1, Key: key, N: 5},
		{Day: first + 40, Key: "a", N: 6},
		{Day: first + 40, Key: "z", N: 7},
		{Hour: Epoch().Add(2 * time.Hour), Key: key, N: 11},
	}
	MustAppend(t, s, e)
	if _, dup, err := s.Append(t.Context(), e); err != nil || !dup {
		t.Fatalf("second append: dup %t, %v", dup, err)
	}
	sameCounts(t, allCounts(t, s, "shop"), []consent.Count{
		{Hour: Epoch(), Key: key, N: 2}, {Hour: Epoch().Add(time.Hour), Key: key, N: 3}, {Hour: Epoch().Add(2 * time.Hour), Key: key, N: 11},
	})
	all := []consent.Count{
		{Day: first, Key: key, N: 5}, {Day: first + 1, Key: key, N: 5}, {Day: first + 40, Key: "a", N: 6}, {Day: first + 40, Key: "z", N: 7},
	}
	sameCounts(t, mustDays(t, s, "shop", first, first+41), all)
	sameCounts(t, mustDays(t, s, "shop", first-1000, first+1), all[:1])
	sameCounts(t, mustDays(t, s, "shop", first+1, first+40), all[1:2])
	sameCounts(t, mustDays(t, s, "shop", first+2, first+40), nil)
	sameCounts(t, mustDays(t, s, "shop", first, first+41, "z", "shown"), []consent.Count{all[0], all[1], all[3]})
	sameCounts(t, mustDays(t, s, "shop", first, first+41, "sho"), nil)
	sameCounts(t, mustDays(t, s, "elsewhere", first, first+41), nil)
}

// countersAreMany checks that hundreds of different counters of one day keep
// apart, whether they came with entries or without.
func countersAreMany(t *testing.T, s consent.Store) {
	const keys = 700
	first := consent.DateOf(Epoch(), time.UTC)
	var all []consent.Count
	for n := range keys {
		c := consent.Count{Day: first, Key: consent.CountKey("shown-by", "locale", strconv.Itoa(10000+n)), N: int64(n + 1)}
		all = append(all, c)
		c.Hour = Epoch()
		if n%2 == 0 {
			e := Entry("shop", n)
			e.Counts = []consent.Count{c}
			MustAppend(t, s, e)
		} else if err := s.AddCounts(t.Context(), "shop", []consent.Count{c}); err != nil {
			t.Fatalf("add counts: %v", err)
		}
	}
	var got []consent.Count
	for deadline := time.Now().Add(addedSoon); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = mustDays(t, s, "shop", first, first+1); len(got) == keys {
			break
		}
	}
	sameCounts(t, got, all)
}
