package redisstore

import (
	"sync/atomic"
	"time"
)

// lingers is how long a batch waits for more appends, at most: less than they take on a
// machine that is busy enough for it to matter.
const lingers = 2 * time.Millisecond

// crowd reckons how many appends come at once. A batch waits for the half of them
// while the other half is on its way to Redis or back: a pipeline costs both sides as
// much as several appends, however many are in it. Whoever is alone waits for nobody.
type crowd struct {
	linger time.Duration // at most
	flying atomic.Int64  // on their way
	enough atomic.Int64  // to be sent
	filled chan struct{} // there are
}

func newCrowd() crowd { return crowd{linger: lingers, filled: make(chan struct{}, 1)} }

// entered is told how many wait in the queue after one more has come.
func (c *crowd) entered(waiting int) {
	if enough := c.enough.Load(); enough < 2 || int64(waiting+1) < enough {
		return
	}
	select {
	case c.filled <- struct{}{}:
	default:
	}
}

// await returns when enough wait, of which one was taken out of the queue already,
// after linger, or when stop is closed.
func (c *crowd) await(waiting func() int, stop <-chan struct{}) {
	var late <-chan time.Time
	for int64(waiting()+1) < c.enough.Load() {
		if late == nil {
			late = time.After(c.linger)
		}
		select {
		case <-c.filled:
		case <-late:
			return
		case <-stop:
			return
		}
	}
}

// send runs a batch's way to Redis and back, and then reckons anew.
func (c *crowd) send(jobs, most int, waiting func() int, flush func()) {
	c.flying.Add(int64(jobs))
	flush()
	c.enough.Store(min((c.flying.Load()+int64(waiting()))/2, int64(most)))
	c.flying.Add(-int64(jobs))
}
