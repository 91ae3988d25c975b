package redisstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// job is one append on its way through the queue.
type job struct {
	ctx            context.Context // ends when nobody waits any more
	entry          consent.Entry
	logged, secret []byte // as encodeRecord wrote them
	done           chan outcome
}

// errElsewhere is a record whose piece of the log is not in the stream any more.
var errElsewhere = errors.New("not in this piece of the log")

// errLacks is a place that the log has nothing at.
var errLacks = errors.New("an entry is missing")

// outcome is what the flusher tells the waiting caller, once.
type outcome struct {
	stored consent.Stored
	dup    bool
	err    error
}

// Limits that keep one script call short.
const (
	maxCounts = 255  // counters of one entry
	maxSealed = 4096 // sealed bytes of one entry
	maxBatch  = 256  // entries of one call
)

// Append implements consent.Store. A write whose answer was lost may be sent
// again: the record id finds what was written.
func (s *Store) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if err := s.ready(ctx); err != nil {
		return consent.Stored{}, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Wait)
	defer cancel()
	j, err := newJob(ctx, &e)
	if err != nil {
		return consent.Stored{}, false, err
	}
	if err := s.enqueue(j); err != nil {
		return consent.Stored{}, false, err
	}
	select {
	case out := <-j.done:
		out = s.found(ctx, j, out)
		return out.stored, out.dup, out.err
	case <-ctx.Done():
		return consent.Stored{}, false, unavailable(ctx.Err())
	}
}

// found reads a duplicate whose piece of the log has been moved.
func (s *Store) found(ctx context.Context, j *job, out outcome) outcome {
	if errors.Is(out.err, errElsewhere) {
		out.stored, out.err = s.Record(ctx, j.entry.Site, j.entry.Record)
		out.dup = true
	}
	return out
}

func newJob(ctx context.Context, e *consent.Entry) (*job, error) {
	if len(e.Counts) > maxCounts || len(e.Sealed) > maxSealed {
		return nil, fmt.Errorf("append record: %d counters and %d sealed bytes, at most %d and %d",
			len(e.Counts), len(e.Sealed), maxCounts, maxSealed)
	}
	j := &job{ctx: ctx, entry: *e, done: make(chan outcome, 1)}
	j.entry.Time = consent.At(e.Time).Time
	j.entry.Sealed = bytes.Clone(e.Sealed) // the caller may leave before the flusher does
	j.logged, j.secret = encodeRecord(&j.entry)
	return j, nil
}

func (s *Store) enqueue(j *job) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return errClosed
	}
	select {
	case s.queue <- j:
		s.crowd.entered(len(s.queue))
		return nil
	default:
		return consent.ErrBusy
	}
}

// flushJobs writes what waits in the queue until the queue is closed and empty.
func (s *Store) flushJobs(most int) {
	jobs := make([]*job, 0, most)
	waiting := func() int { return len(s.queue) }
	for first := range s.queue {
		s.crowd.await(waiting, s.stop)
		jobs = s.gather(append(jobs[:0], first), most)
		s.crowd.send(len(jobs), most, waiting, func() { s.flush(batches(jobs)) })
		clear(jobs)
	}
}

// gather adds what is waiting already, without those whose callers have left.
func (s *Store) gather(jobs []*job, most int) []*job {
	if jobs[0].ctx.Err() != nil {
		jobs = jobs[:0]
	}
	for len(jobs) < most {
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
	list = slices.DeleteFunc(list, func(b *batch) bool {
		err := s.listSoon(b.jobs[0].entry.Site)
		if err == nil && !s.isReady() {
			err = errUnready
		}
		if err != nil {
			b.refuse(err)
		}
		return err != nil
	})
	if len(list) == 0 {
		return
	}
	calls := make([]*call, len(list))
	for i, b := range list {
		b.expect(s.marks.of(b.jobs[0].entry.Site))
		calls[i] = &b.call
	}
	s.run(context.Background(), s.scripts.append, calls)
	for _, b := range list {
		if len(b.args) > 2 && len(b.args[2].([]byte)) > 0 {
			s.waits.Store(b.jobs[0].entry.Site, true)
		}
		if err := s.still(b); err != nil {
			b.refuse(err)
			continue
		}
		index, leaf := b.answer()
		s.marks.reach(b.jobs[0].entry.Site, b.mark, index, leaf)
	}
}

// still makes sure that what was written to has the data that were meant: the script
// knows, but for a server that was restarted in between, which costs a connection.
func (s *Store) still(b *batch) error {
	site := b.jobs[0].entry.Site
	switch err := b.cmd.Err(); {
	case redis.HasErrorPrefix(err, "LOST"):
		return s.lose(site, b.mark)
	case err != nil:
		return nil
	}
	return s.listSoon(site)
}

// refuse tells every caller of the batch that it cannot be taken for written.
func (b *batch) refuse(err error) {
	for _, j := range b.jobs {
		j.done <- outcome{err: fmt.Errorf("append record: %w", unavailable(err))}
	}
}

// answer tells every caller of the batch what became of its entry, and returns the
// last place that was told, or -1.
func (b *batch) answer() (last int64, leaf [32]byte) {
	last = -1
	replies, err := b.cmd.Slice()
	if err == nil && len(replies) != len(b.jobs) {
		err = fmt.Errorf("%w: %d answers to %d entries", errForeign, len(replies), len(b.jobs))
	}
	if err != nil {
		b.refuse(err)
		return last, leaf
	}
	for i, j := range b.jobs {
		var out outcome
		if out.stored, out.dup, out.err = j.read(replies[i]); out.err != nil {
			out.err = fmt.Errorf("append record: %w", unavailable(out.err))
		} else if out.stored.Index > last {
			last, leaf = out.stored.Index, out.stored.Leaf
		}
		j.done <- out
	}
	return last, leaf
}

// read takes the script's answer: a place for a new entry, or what the store
// holds of an older one.
func (j *job) read(reply any) (s consent.Stored, dup bool, err error) {
	switch reply := reply.(type) {
	case int64:
		s = consent.Stored{Entry: j.entry, Index: max(reply, -reply) - 1, Erased: reply < 0}
		if s.Counts = nil; s.Erased {
			s.Secret, s.Receipt = consent.Secret{}, [16]byte{}
		}
		return s, false, nil
	case []any:
		if len(reply) == 2 {
			s, err = decodeHeld(j.entry.Site, j.entry.Record, text(reply[0]), message(reply[1]))
			return s, true, err
		}
	}
	return s, false, errors.New("the append script gave a strange answer")
}

// message reads a stream entry as a script answers with it.
func message(v any) (m redis.XMessage) {
	if pair, ok := v.([]any); ok && len(pair) == 2 {
		if fields, ok := pair[1].([]any); ok && len(fields) == 2 {
			return redis.XMessage{ID: text(pair[0]), Values: map[string]any{text(fields[0]): fields[1]}}
		}
	}
	return m
}

// decodeHeld puts a record together from its bucket and a piece of the log. What another
// has the place of was lost with the log that gave it, and is not there.
func decodeHeld(site string, id consent.ID, held string, piece redis.XMessage) (consent.Stored, error) {
	index, err := heldIndex(held, secretsSize)
	if err != nil {
		return consent.Stored{}, err
	}
	list, err := decodePiece(site, piece)
	if err != nil {
		return consent.Stored{}, err
	}
	for _, e := range list {
		if e.Index == index && e.Kind == "" && e.Record.Record == id {
			addSecrets(&e.Record, held)
			return e.Record, nil
		}
	}
	return consent.Stored{}, fmt.Errorf("%w: the log of %s has no record %s at %d", errElsewhere, site, id, index)
}
