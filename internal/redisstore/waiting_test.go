package redisstore

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// What entries add waits in the list as it was, less what entries that were there
// already would have added.
func TestWaitingCountersAreReadAsTheyWereWritten(t *testing.T) {
	at := storetest.Epoch()
	counts := counters{}
	counts.addAll([]consent.Count{{Hour: at, Day: 3, Key: "shown;a=1", N: 300}, {Hour: at, Day: 3, Key: "shown;a=2", N: 2}})
	again := counts.addAll([]consent.Count{{Hour: at, Day: 3, Key: "shown;a=2", N: 5}, {Day: -4, Key: "shown", N: -1}})
	counts.addAll([]consent.Count{{Hour: at, Key: "", N: 7}})
	got, err := decodeSums(string(slices.Concat(counts.encode(), again)))
	hour := hourOf(at)
	want := []sum{{slot{hour, 3, "shown;a=1"}, 300}, {slot{hour, 3, "shown;a=2"}, 2}, {slot{noHour, -4, "shown"}, 0}, {slot{hour, 0, ""}, 7}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v\nwant %v", got, err, want)
	}
	whole := string(counts.encode())
	for cut := range len(whole) {
		if _, err := decodeSums(whole[:cut]); !errors.Is(err, errForeign) {
			t.Errorf("%d of %d bytes: %v", cut, len(whole), err)
		}
	}
}

// Servers that fold at once, while entries come twice, count each entry once; what
// one of them has acknowledged another one reads at once.
func TestCountersAreFoldedOnceByManyServers(t *testing.T) {
	const entries = 400
	server := storetest.StartRedis(t)
	stores := []*Store{opened(t, server.URL(), patient()), opened(t, server.URL(), patient()), opened(t, server.URL(), patient())}
	var wg sync.WaitGroup
	for n, s := range stores {
		wg.Go(func() {
			for i := range entries {
				_, _, err := stores[n%2].Append(t.Context(), storetest.Entry("shop", i)) // each entry comes three times
				if err := errors.Join(err, s.fold(t.Context(), "shop")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	storetest.MustAppend(t, stores[0], storetest.Entry("shop", entries))
	if total := countsOf(t, stores[1], "shop"); total != 3*(entries+1) {
		t.Errorf("counted %d, want %d", total, 3*(entries+1))
	}
}

// A fold whose answer was lost is found done when it is tried again.
func TestAFoldSentTwiceCountsOnce(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	counts := counters{}
	counts.add(slot{hour: hourOf(storetest.Epoch()), name: "shown"}, 5)
	element := string(counts.encode())
	for range 2 {
		command(t, s, "XADD", waitingKey("shop"), "*", "c", element)
	}
	list, err := s.client.XRangeN(t.Context(), waitingKey("shop"), "-", "+", 1).Result()
	if err != nil {
		t.Fatal(err)
	}
	for want := int64(1); want >= 0; want-- {
		c, taken := s.foldCall("shop", list)
		s.run(t.Context(), s.scripts.fold, []*call{c})
		if done, err := c.cmd.Int64(); err != nil || done != want || taken != 1 {
			t.Fatalf("folded %d of %d: %v", done, taken, err)
		}
	}
	if total := countsOf(t, s, "shop"); total != 10 {
		t.Errorf("counted %d, want 10", total)
	}
}
