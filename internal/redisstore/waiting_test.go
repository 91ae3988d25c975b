package redisstore

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

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

// leaveWaiting appends entries as a server does that is killed before it has added
// what they count.
func leaveWaiting(t testing.TB, s *Store, entries []consent.Entry) {
	t.Helper()
	if err := s.listSoon(entries[0].Site); err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(entries, 64) {
		var jobs []*job
		for n := range part {
			j, err := newJob(t.Context(), &part[n])
			if err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, j)
		}
		for _, b := range batches(jobs) {
			b.expect(s.marks.of(b.jobs[0].entry.Site))
			if s.run(t.Context(), s.scripts.append, []*call{&b.call}); b.cmd.Err() != nil {
				t.Fatal(b.cmd.Err())
			}
		}
	}
}

// What a killed server has left is added by the next one, whether or not anybody
// looks at the site or decides on it.
func TestWhatAKilledServerLeftToCountIsAdded(t *testing.T) {
	server := storetest.StartRedis(t)
	s := opened(t, server.URL(), patient())
	waiting := func() int64 { return s.client.XLen(t.Context(), waitingKey("shop")).Val() }
	added := func() bool {
		for end := time.Now().Add(20 * time.Second); waiting() > 0; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				return false
			}
		}
		return true
	}
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	if !added() {
		t.Fatal("what an entry counts is not added")
	} // and this server looks for no more now
	var entries []consent.Entry
	for n := range 200 {
		entries = append(entries, storetest.Entry("shop", n+1))
	}
	leaveWaiting(t, s, entries)
	opened(t, server.URL(), patient())
	if !added() {
		t.Error("what a killed server has left is not added")
	}
	if total := countsOf(t, s, "shop"); total != 3*201 {
		t.Errorf("counters add up to %d, want %d", total, 3*201)
	}
}

// BenchmarkFirstReadAfterAKill reports what the counters of two years take to be read
// when half a second's decisions at full load, 15,000 a second, were left to be added.
func BenchmarkFirstReadAfterAKill(b *testing.B) {
	const decisions = 7500
	s := opened(b, storetest.StartRedis(b).URL(), Options{})
	first := consent.DateOf(storetest.Epoch(), time.UTC)
	var took time.Duration
	for n := 0; b.Loop(); n++ {
		var entries []consent.Entry
		for d := range decisions {
			e := storetest.Entry(fmt.Sprint("shop-", n), d)
			e.Counts = storetest.VisitCounts(d, e.Time)
			entries = append(entries, e)
		}
		leaveWaiting(b, s, entries)
		begun := time.Now()
		if _, err := s.Days(b.Context(), entries[0].Site, first-729, first+1); err != nil {
			b.Fatal(err)
		}
		took += time.Since(begun)
	}
	b.ReportMetric(float64(took.Microseconds())/1000/float64(b.N), "read-ms")
	b.ReportMetric(0, "ns/op")
}
