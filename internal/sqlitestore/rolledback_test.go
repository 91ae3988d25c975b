package sqlitestore

import (
	"errors"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A commit of two hours that finds no room leaves nothing of the names of its counters:
// what is counted later is counted under its own.
func TestACommitWithoutRoomLeavesNoName(t *testing.T) {
	s := opened(t, testPath(t), generationSize)
	defer s.Close()
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	limitPages(t, s, 1)
	hour := storetest.Epoch().Add(24 * time.Hour)
	e := storetest.Entry("shop", 1)
	e.Sealed = storetest.Bytes("much", 60_000)
	e.Counts = []consent.Count{{Hour: hour, Key: "first", N: 1}, {Hour: hour.Add(time.Hour), Key: "first", N: 1}}
	if _, _, err := s.Append(t.Context(), e); !errors.Is(err, consent.ErrUnavailable) {
		t.Fatalf("append without room: %v, want ErrUnavailable", err)
	}
	limitPages(t, s, 1<<30)
	for _, key := range []string{"second", "first"} {
		must(t, s.AddCounts(t.Context(), "shop", []consent.Count{{Hour: hour, Key: key, N: 7}}))
		storetest.MustAppend(t, s, storetest.Entry("shop", 10+len(key)))
	}
	list, err := s.Counts(t.Context(), "shop", hour, hour.Add(time.Hour))
	if err != nil || len(list) != 2 || list[0].Key != "first" || list[0].N != 7 || list[1].Key != "second" || list[1].N != 7 {
		t.Errorf("counters %v, %v; want first and second, 7 each", list, err)
	}
}
