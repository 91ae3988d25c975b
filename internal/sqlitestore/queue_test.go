package sqlitestore

import (
	"testing"
	"time"
)

// lingering is a queue that has just given a batch out, whose next one may wait for an
// hour to be enough.
func lingering(t *testing.T, before int) *queue {
	t.Helper()
	q := newQueue(100, time.Hour)
	q.linger = time.Hour
	enter(t, q, before)
	if got := len(q.take().requests); got != before {
		t.Fatalf("the batch has %d requests, want %d", got, before)
	}
	return q
}

func enter(t *testing.T, q *queue, n int) {
	t.Helper()
	for range n {
		if _, err := q.enter(&request{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABatchWaitsForHalfOfThoseWhoWereThereBefore(t *testing.T) {
	q := lingering(t, 6)
	enter(t, q, 2)
	taken := make(chan int)
	go func() { taken <- len(q.take().requests) }()
	select {
	case n := <-taken:
		t.Fatalf("a batch of %d was given out, half of 6 and 2 are 4", n)
	case <-time.After(20 * time.Millisecond):
	}
	enter(t, q, 2)
	if n := <-taken; n != 4 {
		t.Errorf("the batch has %d requests, want 4", n)
	}
}

func TestALoneWriterWaitsForNobody(t *testing.T) {
	q := lingering(t, 1)
	enter(t, q, 1)
	if n := len(q.take().requests); n != 1 {
		t.Errorf("the batch has %d requests, want 1", n)
	}
}

func TestABatchWaitsNoLongerThanItMay(t *testing.T) {
	q := lingering(t, 8)
	q.linger = time.Millisecond
	enter(t, q, 1)
	if n := len(q.take().requests); n != 1 {
		t.Errorf("the batch has %d requests, want 1", n)
	}
}

func TestAQueueThatIsClosedWaitsForNobody(t *testing.T) {
	q := lingering(t, 8)
	enter(t, q, 1)
	taken := make(chan int)
	go func() { taken <- len(q.take().requests) }()
	q.close(errClosed)
	if n := <-taken; n != 1 {
		t.Errorf("the batch has %d requests, want 1", n)
	}
}
