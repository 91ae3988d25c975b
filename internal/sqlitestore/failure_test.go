package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A writer that is held up takes as many writes as the queue has room for, and
// refuses the next at once. What was taken is carried out.
func TestAFullQueueIsBusy(t *testing.T) {
	s, err := Open(testPath(t), Options{Queue: 8})
	must(t, err)
	defer s.Close()
	release := holdWriter(s)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			if _, _, err := s.Append(t.Context(), storetest.Entry("shop", n)); err != nil {
				t.Errorf("append %d: %v", n, err)
			}
		})
	}
	for waiting(s) < 8 {
		time.Sleep(time.Millisecond)
	}
	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 8)); !errors.Is(err, consent.ErrBusy) {
		t.Errorf("ninth append: %v, want ErrBusy", err)
	}
	for n := range 9 {
		err := s.AddCounts(t.Context(), "shop", []consent.Count{{Hour: storetest.Epoch(), Key: fmt.Sprint("k", n), N: 1}})
		if full := n == 8; errors.Is(err, consent.ErrBusy) != full {
			t.Errorf("counter %d: %v", n, err)
		}
	}
	release()
	wg.Wait()
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 8 {
		t.Errorf("log has %d entries, want 8", len(log))
	}
}

// A WAL with old states that is to be emptied when the queue is full is emptied later.
func TestAFullQueueDelaysEmptyingTheWAL(t *testing.T) {
	s, err := Open(testPath(t), Options{Queue: 1})
	must(t, err)
	defer s.Close()
	must(t, s.queue.put(t.Context(), &request{work: func(*session) error {
		s.writer.stale, s.writer.retries = true, true
		return nil
	}}))
	release := holdWriter(s)
	go func() { _ = s.queue.put(t.Context(), &request{work: func(*session) error { return nil }}) }()
	for waiting(s) < 1 {
		time.Sleep(time.Millisecond)
	}
	s.writer.askAgain()
	release()
	for waiting(s) > 0 {
		time.Sleep(time.Millisecond)
	}
	for stale, end := true, time.Now().Add(30*time.Second); stale; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody asked again")
		}
		must(t, s.queue.put(t.Context(), &request{work: func(*session) error { stale = s.writer.stale; return nil }}))
	}
}

// holdWriter keeps the writer from committing until release is called.
func holdWriter(s *Store) (release func()) {
	held, released := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.queue.put(context.Background(), &request{work: func(*session) error {
			close(held)
			<-released
			return nil
		}})
	}()
	<-held
	return func() { close(released) }
}

func waiting(s *Store) int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.waiting.requests)
}

// Without room on the disk nothing is acknowledged, what is stored stays
// readable and is still acknowledged to a retry, and when there is room again
// everything goes on by itself, counters held back included.
func TestAFullDiskIsSurvived(t *testing.T) {
	path := testPath(t)
	s := opened(t, path, 20)
	limitPages(t, s, 40)
	kept := 0
	var err error
	for err == nil && kept < 10_000 {
		if _, _, err = s.Append(t.Context(), storetest.Entry("shop", kept)); err == nil {
			kept++
		}
	}
	if !errors.Is(err, consent.ErrUnavailable) || kept == 0 {
		t.Fatalf("after %d appends: %v, want ErrUnavailable", kept, err)
	}
	if s.writer.fault.Load() == nil || s.writer.fault.Load().final {
		t.Errorf("fault %+v, want one that may pass", s.writer.fault.Load())
	}
	if log := storetest.ReadLog(t, s, "shop", 0); len(log) != kept {
		t.Errorf("log has %d entries, %d were acknowledged", len(log), kept)
	}
	if _, dup, err := s.Append(t.Context(), storetest.Entry("shop", 0)); err != nil || !dup {
		t.Errorf("a stored record sent again: dup %t, %v", dup, err)
	}
	must(t, s.AddCounts(t.Context(), "other", []consent.Count{{Hour: storetest.Epoch(), Key: "shown", N: 5}}))

	limitPages(t, s, 1<<30)
	if stored := storetest.MustAppend(t, s, storetest.Entry("shop", kept)); stored.Index != int64(kept) {
		t.Errorf("the first entry after the failure has index %d, want %d", stored.Index, kept)
	}
	if d, err := s.Health(t.Context()); err != nil || d != consent.Durable {
		t.Errorf("health: %s, %v", d, err)
	}
	must(t, s.Close())
	s = opened(t, path, 20)
	if list, err := s.Counts(t.Context(), "other", storetest.Epoch(), storetest.Epoch().Add(time.Hour)); err != nil || len(list) != 1 || list[0].N != 5 {
		t.Errorf("counters held back: %v, %v", list, err)
	}
}

func limitPages(t *testing.T, s *Store, pages int) {
	t.Helper()
	must(t, s.queue.put(t.Context(), &request{work: func(c *session) error {
		return c.exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	}}))
}
