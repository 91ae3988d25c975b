package redisstore

import (
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// always are the arguments of a Redis that loses nothing it acknowledged.
func always() []string { return []string{"--appendonly", "yes", "--appendfsync", "always"} }

// While Redis is stopped every call fails soon and in words; when it is back
// the same store goes on, and sending everything again doubles nothing.
func TestStoppedRedisIsUnavailableAndRecoversByItself(t *testing.T) {
	server := storetest.StartRedis(t, always()...)
	s := opened(t, server.URL(), hasty())
	for n := range 20 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	server.Stop()
	for range 20 {
		unavailableWithin(t, 2*time.Second, func() error { _, _, err := s.Append(t.Context(), storetest.Entry("shop", 20)); return err })
	}
	unavailableWithin(t, 2*time.Second, func() error { _, err := s.Health(t.Context()); return err })
	unavailableWithin(t, 2*time.Second, func() error {
		_, err := s.Record(t.Context(), "shop", storetest.Entry("shop", 1).Record)
		return err
	})
	unavailableWithin(t, 2*time.Second, func() error { return s.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", 1)) })
	server.Restart()
	recovers(t, s)
	for n := range 30 {
		stored, dup, err := s.Append(t.Context(), storetest.Entry("shop", n))
		if err != nil || dup != (n < 20) || stored.Index != int64(n) {
			t.Fatalf("entry %d sent again: index %d, dup %t, %v", n, stored.Index, dup, err)
		}
	}
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 30 {
		t.Errorf("log has %d entries, want 30", len(log))
	}
}

// A Redis that accepts connections and never answers is given up in time too;
// a full queue is refused at once.
func TestHungRedisIsUnavailableInTime(t *testing.T) {
	server := storetest.StartRedis(t)
	o := hasty()
	o.Queue = 8
	s := opened(t, server.URL(), o)
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	signal(t, server, syscall.SIGSTOP)
	defer signal(t, server, syscall.SIGCONT)
	var wg sync.WaitGroup
	var mu sync.Mutex
	busy, away := 0, 0
	for n := range 300 {
		wg.Go(func() {
			start := time.Now()
			_, _, err := s.Append(t.Context(), storetest.Entry("shop", n))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, consent.ErrBusy):
				busy++
			case errors.Is(err, consent.ErrUnavailable):
				away++
			default:
				t.Errorf("append to a hung Redis: %v", err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("append took %v, more than the second it may wait", took)
			}
		})
	}
	wg.Wait()
	if busy == 0 || away == 0 {
		t.Errorf("%d were refused as busy and %d as unavailable, want some of both", busy, away)
	}
}

// Redis is killed three times while 32 clients write, each sending its entry
// until it is acknowledged: every entry is in the log exactly once, at the
// place that was acknowledged, and counted once.
func TestKilledRedisKeepsEveryAcknowledgedRecordOnce(t *testing.T) {
	server := storetest.StartRedis(t, always()...)
	s := opened(t, server.URL(), hasty())
	const writers, each = 32, 60
	stored := make([]consent.Stored, writers*each)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := w; n < len(stored); n += writers {
				stored[n] = persist(t, s, storetest.Entry("shop", n))
			}
		})
	}
	for range 3 {
		time.Sleep(150 * time.Millisecond)
		server.Kill()
		server.Restart()
	}
	wg.Wait()
	s.health.expire()
	recovers(t, s) // the writers may have been done before the last restart
	seen := make(map[consent.ID]int64)
	for _, e := range storetest.ReadLog(t, s, "shop", 0) {
		if _, twice := seen[e.Record.Record]; twice {
			t.Errorf("record at %d is in the log twice", e.Index)
		}
		seen[e.Record.Record] = e.Index
	}
	for n, want := range stored {
		if at, ok := seen[want.Record]; !ok || at != want.Index {
			t.Errorf("record %d was acknowledged at %d and is at %d (there: %t)", n, want.Index, at, ok)
		}
	}
	if len(seen) != len(stored) {
		t.Errorf("log has %d records, want %d", len(seen), len(stored))
	}
	if total := countsOf(t, s, "shop"); total != int64(3*len(stored)) {
		t.Errorf("counters add up to %d, want %d", total, 3*len(stored))
	}
}

// Counters that are held back while Redis is away are written once it is back,
// and once only.
func TestHeldCountsOutliveAnOutage(t *testing.T) {
	server := storetest.StartRedis(t, always()...)
	s := opened(t, server.URL(), hasty())
	add := func() {
		if err := s.AddCounts(t.Context(), "shop", []consent.Count{{Hour: storetest.Epoch(), Key: "shown", N: 1}}); err != nil {
			t.Errorf("add counts: %v", err)
		}
	}
	add()
	if err := s.flushCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	add()
	if err := s.flushCounts(t.Context()); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("flush without Redis: %v", err)
	}
	add()
	server.Restart()
	recovers(t, s)
	if err := s.flushCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if total := countsOf(t, s, "shop"); total != 3 {
		t.Errorf("counted %d, want 3", total)
	}
}

// A call whose answer was lost is sent again with its token and adds nothing.
func TestCountsSentTwiceAreCountedOnce(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	at := slot{hour: hourOf(storetest.Epoch()), name: "shown"}
	a := newAddition("shop", []slot{at}, map[slot]int64{at: 5})
	for range 2 {
		s.run(t.Context(), s.scripts.counts, []*call{&a.call})
		if err := a.cmd.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if total := countsOf(t, s, "shop"); total != 5 {
		t.Errorf("counted %d, want 5", total)
	}
}

// persist sends an entry until it is acknowledged.
func persist(t *testing.T, s *Store, e consent.Entry) consent.Stored {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		stored, _, err := s.Append(t.Context(), e)
		if err == nil {
			return stored
		}
		if !errors.Is(err, consent.ErrUnavailable) && !errors.Is(err, consent.ErrBusy) {
			t.Errorf("append: %v", err)
			return stored
		}
	}
	t.Error("an entry was not acknowledged within a minute")
	return consent.Stored{}
}

// recovers waits until the store is healthy again without being opened anew.
func recovers(t *testing.T, s *Store) {
	t.Helper()
	var err error
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err = s.Health(t.Context()); err == nil {
			return
		}
	}
	t.Fatalf("the store does not recover: %v", err)
}

func unavailableWithin(t *testing.T, limit time.Duration, do func() error) {
	t.Helper()
	start := time.Now()
	if err := do(); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if took := time.Since(start); took > limit {
		t.Errorf("took %v, want at most %v", took, limit)
	}
}

func countsOf(t *testing.T, s *Store, site string) (total int64) {
	t.Helper()
	list, err := s.Counts(t.Context(), site, time.Time{}, storetest.Epoch().AddDate(100, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		total += c.N
	}
	return total
}

func signal(t *testing.T, server *storetest.Redis, which syscall.Signal) {
	t.Helper()
	if err := server.Process().Signal(which); err != nil {
		t.Fatal(err)
	}
}
