package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"syscall"

	"github.com/consentry/consentry/internal/consent"
)

const (
	segmentSize = 8 << 20 // after which a new segment begins, a tenth of the limit where that is less
	batchSize   = 1 << 20 // bytes in one write
)

// errFull is an outbox that holds as much as it may.
var errFull = fmt.Errorf("%w: the outbox is full", consent.ErrUnavailable)

// write is one frame on its way to the disk, or work for the writer.
type write struct {
	item *item
	raw  []byte
	work func() error // instead of the rest
	done chan error
}

// writer brings frames to the disk, all that wait in one write and one sync. An
// error of a sync ends it: what the disk then holds nobody knows, and asking
// again would only hide that.
type writer struct {
	dir    string
	disk   disk
	ledger *ledger
	limit  int64
	log    *slog.Logger

	queue  chan *write
	tidy   chan struct{}
	queued atomic.Int64 // bytes in the queue
	broken atomic.Pointer[error]
	ended  chan struct{}

	active *segment // nil until something is written
	next   int64    // number of the next segment
	full   int      // how full the log was told last, in parts of ten
}

func newWriter(dir string, d disk, l *ledger, o Options, next int64) *writer {
	return &writer{
		dir: dir, disk: d, ledger: l, limit: o.Limit, log: o.Log, next: next,
		queue: make(chan *write, o.Queue), tidy: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

// why returns what ended the writer, nil while it works.
func (w *writer) why() error {
	if err := w.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// accepts reports why n more bytes cannot be taken.
func (w *writer) accepts(n int64) error {
	if err := w.why(); err != nil {
		return err
	}
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	if w.ledger.bytes+w.queued.Load()+n > w.limit {
		return errFull
	}
	return nil
}

// filled is how full the outbox is, from 0 to 1.
func (w *writer) filled() float64 {
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	return float64(w.ledger.bytes) / float64(w.limit)
}

// put returns when a frame is on the disk. When ctx ends first the frame may
// still get there, and is left to the drain.
func (w *writer) put(ctx context.Context, i *item, raw []byte) error {
	p := &write{item: i, raw: raw, done: make(chan error, 1)}
	err := w.accepts(int64(len(raw)))
	if err == nil {
		w.queued.Add(int64(len(raw)))
		select {
		case w.queue <- p:
		default:
			w.queued.Add(-int64(len(raw)))
			err = fmt.Errorf("%w: %d writes wait for the outbox", consent.ErrBusy, cap(w.queue))
		}
	}
	if err != nil {
		w.ledger.abandon([]*item{i}, err)
		close(i.ready)
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		go func() {
			if <-p.done == nil {
				w.ledger.wait(i)
			}
		}()
		return ctx.Err()
	}
}

// nudge lets it delete what is not needed any more, soon.
func (w *writer) nudge() {
	select {
	case w.tidy <- struct{}{}:
	default:
	}
}

// do runs work between two writes.
func (w *writer) do(work func() error) error {
	p := &write{work: work, done: make(chan error, 1)}
	select {
	case w.queue <- p:
		return <-p.done
	case <-w.ended:
		return consent.ErrUnavailable
	}
}

// run writes until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case first, open := <-w.queue:
			if !open {
				return
			}
			w.commit(w.gather(first))
		case <-w.tidy:
			w.clean()
		}
	}
}

// gather adds what is waiting already, and lets writers run that the last commit
// has just woken: a fuller batch saves a sync.
func (w *writer) gather(first *write) []*write {
	batch, size, quiet := []*write{first}, len(first.raw), 0
	for size < batchSize && quiet < 2 {
		select {
		case next, open := <-w.queue:
			if !open {
				return batch
			}
			batch, size, quiet = append(batch, next), size+len(next.raw), 0
		default:
			quiet++
			runtime.Gosched()
		}
	}
	return batch
}

func (w *writer) commit(batch []*write) {
	var raw []byte
	var items []*item
	for _, p := range batch {
		if p.work == nil {
			raw, items = append(raw, p.raw...), append(items, p.item)
		}
	}
	err := w.why()
	if err == nil && len(items) > 0 {
		err = w.append(raw, items)
	}
	w.queued.Add(-int64(len(raw)))
	if err != nil {
		w.ledger.abandon(items, err)
	}
	for _, p := range batch {
		if p.work != nil {
			p.done <- p.work()
			continue
		}
		close(p.item.ready)
		p.done <- err
	}
	w.warn()
}

// append writes frames and syncs them.
func (w *writer) append(raw []byte, items []*item) error {
	if w.active == nil || w.active.size > min(segmentSize, w.limit/10) {
		s, err := createSegment(w.dir, w.next, w.disk)
		if noSpace(err) {
			return fmt.Errorf("%w: write outbox: %w", consent.ErrUnavailable, err)
		} else if err != nil {
			return w.fail("make a file of the outbox", err)
		}
		w.active = s
		w.next++
		w.ledger.add(s)
	}
	s := w.active
	if err := w.disk.write(s.file, raw, s.size); err != nil {
		// A full disk: nothing was synced, and all of it can be taken back.
		if back := s.file.Truncate(s.size); back != nil {
			return w.fail("take back a write of the outbox", errors.Join(err, back))
		}
		return fmt.Errorf("%w: write outbox: %w", consent.ErrUnavailable, err)
	}
	if err := w.disk.sync(s.file); err != nil {
		_ = s.file.Truncate(s.size) // so that what nobody was told does not come back, if that still works
		return w.fail("sync the outbox", err)
	}
	at := s.size
	for _, i := range items {
		i.at, i.size = at, headSize+int(frameBody(raw[at-s.size:]))
		at += int64(i.size)
	}
	s.size = at
	w.ledger.written(s, items, int64(len(raw)))
	return nil
}

func noSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// fail ends writing for good.
func (w *writer) fail(what string, err error) error {
	err = fmt.Errorf("%w: %s: %w; nothing more is written to it before a restart", consent.ErrUnavailable, what, err)
	w.broken.Store(&err)
	w.log.Error("the outbox has failed", "error", err)
	return err
}

// clean deletes the segments that hold nothing that is needed.
func (w *writer) clean() {
	for _, s := range w.ledger.empty(w.active) {
		if s == w.active {
			w.active = nil
		}
		if err := s.remove(); err != nil {
			w.log.Error("a file of the outbox cannot be deleted", "error", err)
		}
	}
	w.warn()
}

// warn logs when the outbox fills, at half and at every tenth from there.
func (w *writer) warn() {
	w.ledger.mu.Lock()
	bytes := w.ledger.bytes
	w.ledger.mu.Unlock()
	full := int(bytes * 10 / w.limit)
	if full > w.full && full >= 5 {
		w.log.Warn("the outbox fills", "percent", full*10, "bytes", bytes, "limit", w.limit)
	}
	w.full = full
}
