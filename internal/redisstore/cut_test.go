package redisstore

import (
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A log whose newest pieces were deleted, as by XDEL, takes no entry by itself, since Redis
// gives their ids to no others. What it refuses leaves nothing behind, and goes in with
// enough others, once.
func TestALogWhoseNewestPiecesWereDeletedTakesNothingByHalves(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	for n := range 6 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	command(t, s, "XDEL", logKey("shop"), "5-0", "6-0")
	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 10)); !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "lacks what it had") {
		t.Errorf("the first record after a loss got %v", err)
	}
	var list []consent.Entry
	for n := 10; n < 60; n++ { // two of each subject
		list = append(list, storetest.Entry("shop", n))
		if n < 13 {
			list[n-10].Sealed = storetest.Bytes("large", 3000) // a piece for each
		}
	}
	list[1].Subject = storetest.Subject("shop", 0) // who is known
	known, gone := storetest.Entry("shop", 1), list[4].Record
	if err := s.Erase(t.Context(), "shop", []consent.Erasure{{Record: gone, Time: storetest.Epoch()}}); err != nil {
		t.Fatal(err)
	}
	for n, part := range [][]consent.Entry{list[:1], list[4:6], {list[1], known}, list[:3], list[:1]} {
		if _, _, err := s.AppendInOrder(t.Context(), part); !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "XSETID") {
			t.Errorf("entries that the log does not take (%d) got %v", n, err)
		}
		if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("frame", 0)); !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "XSETID") {
			t.Errorf("an artefact that the log does not take got %v", err)
		}
	}
	list = append(list[3:], list[0], list[1], list[2], known, list[0])
	stored, dup, err := s.AppendInOrder(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if dup[i] || stored[i].Index != int64(4+i) || stored[i].Erased != (stored[i].Record == gone) {
			t.Errorf("entry %d: dup %t at %d, erased %t", i, dup[i], stored[i].Index, stored[i].Erased)
		}
	}
	if !dup[50] || stored[50].Index != 1 || !dup[51] || stored[51].Index != 51 {
		t.Errorf("entries that are there: dup %t at %d, %t at %d", dup[50], stored[50].Index, dup[51], stored[51].Index)
	}
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 54 {
		t.Errorf("the log has %d entries, want 54", len(log))
	}
	for subject, want := range map[int]int{0: 3, 5: 1, 6: 2, 7: 2} {
		if list, err := s.History(t.Context(), "shop", storetest.Subject("shop", subject)); err != nil || len(list) != want {
			t.Errorf("subject %d has %d entries, %v; want %d", subject, len(list), err, want)
		}
	}
}
