package redisstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// job is one append on its way through the queue.
type job struct {
	ctx            context.Context // ends when nobody waits any more
	entry          consent.Entry
	logged, secret []byte // as encodeRecord wrote them
	done           chan outcome
}

// outcome is what the flusher tells the waiting caller, once.
type outcome struct {
	stored consent.Stored
	dup    bool
	err    error
}

// maxCounts is how many counters one entry may add to. With maxBatch it keeps a
// batch's counters within the two bytes of their numbers.
const (
	maxCounts = 255
	maxBatch  = 256
)

// Append implements consent.Store. A write whose answer was lost may be sent
// again: the record id finds what was written.
func (s *Store) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if len(e.Counts) > maxCounts {
		return consent.Stored{}, false, fmt.Errorf("append record: %d counters, at most %d", len(e.Counts), maxCounts)
	}
	if err := s.ready(ctx); err != nil {
		return consent.Stored{}, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Wait)
	defer cancel()
	j := &job{ctx: ctx, entry: e, done: make(chan outcome, 1)}
	j.entry.Time = consent.At(e.Time).Time
	j.entry.Sealed = bytes.Clone(e.Sealed) // the caller may leave before the flusher does
	j.logged, j.secret = encodeRecord(&j.entry)
	if err := s.enqueue(j); err != nil {
		return consent.Stored{}, false, err
	}
	select {
	case out := <-j.done:
		return out.stored, out.dup, out.err
	case <-ctx.Done():
		return consent.Stored{}, false, unavailable(ctx.Err())
	}
}

func (s *Store) enqueue(j *job) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return errClosed
	}
	select {
	case s.queue <- j:
		return nil
	default:
		return consent.ErrBusy
	}
}

// flushJobs writes what waits in the queue until the queue is closed and empty.
func (s *Store) flushJobs() {
	jobs := make([]*job, 0, s.options.Batch)
	for first := range s.queue {
		jobs = s.gather(append(jobs[:0], first))
		s.flush(batches(jobs))
		clear(jobs)
	}
}

// gather adds what is waiting already, without those whose callers have left.
func (s *Store) gather(jobs []*job) []*job {
	if jobs[0].ctx.Err() != nil {
		jobs = jobs[:0]
	}
	for len(jobs) < s.options.Batch {
		select {
		case j, open := <-s.queue:
			if !open {
				return jobs
			}
			if j.ctx.Err() == nil {
				jobs = append(jobs, j)
			}
		default:
			return jobs
		}
	}
	return jobs
}

// flush sends one script call for each site in one pipeline and answers every
// job. It is group commit: with appendfsync always, Redis syncs once for all.
func (s *Store) flush(list []*batch) {
	if len(list) == 0 {
		return
	}
	calls := make([]*call, len(list))
	for i, b := range list {
		calls[i] = &b.call
	}
	s.run(context.Background(), s.scripts.append, calls)
	for _, b := range list {
		b.answer()
	}
}

// answer tells every caller of the batch what became of its entry.
func (b *batch) answer() {
	replies, err := b.cmd.Slice()
	if err == nil && len(replies) != len(b.jobs) {
		err = fmt.Errorf("%w: %d answers to %d entries", errForeign, len(replies), len(b.jobs))
	}
	for i, j := range b.jobs {
		var out outcome
		if err != nil {
			out.err = fmt.Errorf("append record: %w", unavailable(err))
		} else if out.stored, out.dup, out.err = j.read(replies[i]); out.err != nil {
			out.err = fmt.Errorf("append record: %w", unavailable(out.err))
		}
		j.done <- out
	}
}

// read takes the script's answer: an index for a new entry, or what the store
// holds of an older one.
func (j *job) read(reply any) (s consent.Stored, dup bool, err error) {
	switch reply := reply.(type) {
	case int64:
		s = consent.Stored{Entry: j.entry, Index: reply}
		s.Counts = nil
		return s, false, nil
	case []any:
		if len(reply) == 2 {
			held, _ := reply[0].(string)
			logged, _ := reply[1].(string)
			s, err = decodeHeld(j.entry.Site, held, logged)
			return s, true, err
		}
	}
	return s, false, errors.New("the append script gave a strange answer")
}

// decodeHeld puts a record together from its bucket and the log.
func decodeHeld(site, held, logged string) (consent.Stored, error) {
	s, err := decodeRecord(site, logged)
	if err != nil {
		return consent.Stored{}, err
	}
	addSecrets(&s, held)
	s.Index, err = heldIndex(held, secretsSize)
	return s, err
}
