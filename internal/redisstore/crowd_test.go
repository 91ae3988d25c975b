package redisstore

import (
	"sync/atomic"
	"testing"
	"time"
)

// lingering is a crowd of which so many have just been answered, whose next batch may
// wait for an hour to be enough.
func lingering(answered int) *crowd {
	c := newCrowd()
	c.linger = time.Hour
	c.send(answered, 64, func() int { return 0 }, func() {})
	return &c
}

func TestABatchWaitsForHalfOfThoseWhoWereThereBefore(t *testing.T) {
	c := lingering(6)
	var waiting atomic.Int64
	count := func() int { return int(waiting.Load()) }
	sent := make(chan struct{})
	go func() {
		c.await(count, nil)
		close(sent)
	}()
	c.entered(int(waiting.Add(1)))
	select {
	case <-sent:
		t.Fatal("a batch of the first and another one was sent, half of 6 are 3")
	case <-time.After(20 * time.Millisecond):
	}
	c.entered(int(waiting.Add(1)))
	<-sent
}

func TestALoneAppendWaitsForNobody(*testing.T) {
	lingering(1).await(func() int { return 0 }, nil)
}

func TestABatchWaitsNoLongerThanItMay(*testing.T) {
	c := lingering(8)
	c.linger = time.Millisecond
	c.await(func() int { return 0 }, nil)
}

func TestAStoreThatClosesWaitsForNobody(*testing.T) {
	stop := make(chan struct{})
	close(stop)
	lingering(8).await(func() int { return 0 }, stop)
}
