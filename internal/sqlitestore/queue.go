package sqlitestore

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// request is one write and its answer: an entry, an artefact, or work that
// needs the writer's session between two commits.
type request struct {
	entry    consent.Entry
	counts   []addition // of the entry
	artefact *consent.Artefact
	work     func(*session) error

	index   int64 // the answer, set before the batch's done is closed
	dup     bool
	erased  bool // the entry's record was erased before it came
	settled bool // dup of something durable: an answer even when the commit fails
	err     error
}

// batch is what one transaction writes.
type batch struct {
	requests []*request
	counts   counts
	done     chan struct{} // closed when every request has its answer
}

// queue collects writes while the writer commits the ones before.
type queue struct {
	limit  int           // of waiting requests, and of counters held back
	hold   time.Duration // how long counters may wait for a batch to ride on
	linger time.Duration // how long a batch may wait to be enough

	mu      sync.Mutex
	waiting *batch
	taken   int    // requests of the batch before
	enough  int    // requests that the next one waits for
	held    counts // of no record
	due     bool   // held has waited long enough
	closed  error  // why nothing is accepted any more
	wake    chan struct{}
}

// lingers is how long a batch waits for more requests, at most: less than they take on
// a machine that is busy enough for it to matter.
const lingers = 2 * time.Millisecond

func newQueue(limit int, hold time.Duration) *queue {
	return &queue{limit: limit, hold: hold, linger: lingers, waiting: &batch{done: make(chan struct{})}, held: make(counts), wake: make(chan struct{}, 1)}
}

// put hands a request to the writer and waits for its answer. When ctx ends
// first, the request may still be carried out.
func (q *queue) put(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done, err := q.enter(r)
	if err != nil {
		return err
	}
	select {
	case <-done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) enter(r *request) (done <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != nil {
		return nil, q.closed
	}
	if len(q.waiting.requests) >= q.limit {
		return nil, fmt.Errorf("%w: %d writes are waiting", consent.ErrBusy, q.limit)
	}
	q.waiting.requests = append(q.waiting.requests, r)
	if n := len(q.waiting.requests); n == 1 || n == q.enough {
		q.nudge()
	}
	return q.waiting.done, nil
}

// holdBack keeps counters for the next batch, or for a batch of their own when
// none comes in time.
func (q *queue) holdBack(list []addition) error {
	if len(list) == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != nil {
		return q.closed
	}
	if q.held.size() >= q.limit {
		return fmt.Errorf("%w: %d counters are waiting", consent.ErrBusy, q.limit)
	}
	if len(q.held) == 0 {
		time.AfterFunc(q.hold, q.dueNow)
	}
	q.held.add(list)
	return nil
}

func (q *queue) dueNow() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.due = true
	q.nudge()
}

// giveBack returns held counters whose commit failed.
func (q *queue) giveBack(c counts) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(c) > 0 && len(q.held) == 0 && q.closed == nil {
		time.AfterFunc(q.hold, q.dueNow)
	}
	q.held.addAll(c)
}

// close refuses further requests with err; those that were accepted are still
// taken.
func (q *queue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed == nil {
		q.closed = err
	}
	q.nudge()
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for writes and returns all of them, or nil when the queue is
// closed and empty.
func (q *queue) take() *batch {
	q.expect()
	for {
		q.await()
		q.gather()
		b, closed := q.swap()
		if b != nil || closed {
			return b
		}
		<-q.wake
	}
}

// expect reckons with the half of those who have just been waiting at once, while
// the other half reads answers and comes again: a commit costs the processor as much
// as several requests, however many it is for. Whoever is alone waits for nobody.
func (q *queue) expect() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.enough = (q.taken + len(q.waiting.requests)) / 2
	q.taken = 0
}

// await waits until enough requests are there that the first of them is worth a
// commit, for linger at most.
func (q *queue) await() {
	var late <-chan time.Time
	for {
		q.mu.Lock()
		n, ready := len(q.waiting.requests), q.closed != nil || q.due
		ready = ready || n == 0 || n >= q.enough
		q.mu.Unlock()
		if ready {
			return
		}
		if late == nil {
			late = time.After(q.linger)
		}
		select {
		case <-q.wake:
		case <-late:
			return
		}
	}
}

// gather lets writers run that a commit has just woken, while more of them keep
// coming: a fuller batch saves an fsync.
func (q *queue) gather() {
	for before := 0; ; {
		q.mu.Lock()
		n := len(q.waiting.requests)
		q.mu.Unlock()
		if n == before {
			return
		}
		before = n
		runtime.Gosched()
	}
}

func (q *queue) swap() (b *batch, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	closed = q.closed != nil
	if len(q.waiting.requests) == 0 && (len(q.held) == 0 || !q.due && !closed) {
		return nil, closed
	}
	b = q.waiting
	b.counts = q.held
	q.taken = len(b.requests)
	q.waiting = &batch{requests: make([]*request, 0, len(b.requests)), done: make(chan struct{})}
	q.held = make(counts)
	q.due = false
	return b, closed
}
