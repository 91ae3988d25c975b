package consent_test

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// The oldest record is the one that was made first, wherever it stands in the log,
// and the next one once it is pruned.
func TestTheOldestRecordIsTheOldestByTime(t *testing.T) {
	s := openSQLite(t)
	hours := []int{5, 6, 7, 2, 1, 3}
	entry := func(n int) consent.Entry {
		e := storetest.Entry("shop", n)
		e.Time = storetest.Epoch().Add(time.Duration(hours[n]) * time.Hour)
		return e
	}
	var o consent.Oldest
	want := func(hour int) {
		t.Helper()
		at, reading, err := o.Look(t.Context(), s, "shop", 3)
		for reading && err == nil {
			at, reading, err = o.Look(t.Context(), s, "shop", 3)
		}
		if wanted := storetest.Epoch().Add(time.Duration(hour) * time.Hour); err != nil || !at.Equal(wanted) {
			t.Errorf("the oldest is of %v, want %v: %v", at, wanted, err)
		}
	}
	prune := func(n int) {
		t.Helper()
		if err := s.Prune(t.Context(), "shop", []consent.ID{entry(n).Record}); err != nil {
			t.Fatal(err)
		}
	}
	if at, reading, err := o.Look(t.Context(), s, "shop", 3); err != nil || reading || !at.IsZero() {
		t.Errorf("nothing is of %v, %v, %v", at, reading, err)
	}
	for n := range 3 {
		storetest.MustAppend(t, s, entry(n))
	}
	want(5)
	prune(0)
	want(6)
	if err := consent.NoteImport(t.Context(), s, "shop", consent.Digest([]byte("file")), 3, 0, storetest.Epoch()); err != nil {
		t.Fatal(err)
	}
	for n := 3; n < 6; n++ {
		storetest.MustAppend(t, s, entry(n))
	}
	want(1)
	prune(4)
	want(2)
	prune(3)
	prune(5)
	want(6)
}
