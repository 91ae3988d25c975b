package sqlitestore

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/consentry/consentry/internal/consent"
)

// writer is the one goroutine that changes the file. All its fields but fault
// belong to that goroutine.
type writer struct {
	path    string
	session *session
	sql     statements
	queue   *queue
	tail    *tail
	sites   map[string]*site
	names   *names
	ids     map[int32]int64 // of names in the file, by number
	tallies map[tallyKey]tally
	awaited map[key]bool  // records that were erased and are not there
	secrets int64         // id of the newest row of secrets
	stale   bool          // the WAL may hold what was erased
	erased  bool          // by the batch at hand
	retries bool          // somebody will ask to empty the WAL again
	gate    *sync.RWMutex // of the Store
	plan    *plan
	merge   merge
	// generation is how many records of the tail are merged together.
	generation int

	fault atomic.Pointer[fault]
}

// fault is why the last commit failed.
type fault struct {
	cause error
	final bool // nobody knows what is on the disk: nothing more is written
}

func (f *fault) error() error {
	if f.final {
		return fmt.Errorf("%w: a write failed and the store is read-only until the server is started again, for nobody knows what reached the disk: %w", consent.ErrUnavailable, f.cause)
	}
	return fmt.Errorf("%w: %w", consent.ErrUnavailable, f.cause)
}

// run commits batch after batch until the queue is closed and empty.
func (w *writer) run() {
	for b := w.queue.take(); b != nil; b = w.queue.take() {
		w.serve(b)
	}
	if w.fault.Load() == nil {
		_ = w.truncate() // what fails here is done by the next opening
	}
}

func (w *writer) serve(b *batch) {
	defer close(b.done)
	if f := w.fault.Load(); f != nil && f.final {
		b.fail(f.error())
		return
	}
	err := w.prepare(b)
	if err == nil && !w.plan.empty() {
		err = w.commit()
	}
	if err != nil {
		b.fail(w.failed(err).error())
		w.queue.giveBack(b.counts)
		return
	}
	if !w.plan.empty() {
		w.fault.Store(nil)
	}
	w.work(b)
}

// fail answers every request that is neither settled nor failed already.
func (b *batch) fail(err error) {
	for _, r := range b.requests {
		if !r.settled && r.err == nil {
			r.err = err
		}
	}
}

func (w *writer) failed(err error) *fault {
	f := &fault{cause: err, final: !passes(err)}
	w.fault.Store(f)
	return f
}

// work does what needs the session outside of the common transaction, and then
// empties the WAL once for all that was erased.
func (w *writer) work(b *batch) {
	for _, r := range b.requests {
		if r.work == nil {
			continue
		}
		if f := w.fault.Load(); f != nil && f.final { // of a work before this one
			r.err = f.error()
		} else if err := r.work(w.session); err != nil {
			r.err = w.failed(err).error()
		} else {
			w.fault.Store(nil)
		}
	}
	if w.fault.Load() == nil && w.erased {
		w.forget(b)
	}
}

// forget leaves no copy of what the batch has erased.
func (w *writer) forget(b *batch) {
	if err := w.truncate(); err != nil {
		b.fail(w.failed(err).error())
		return
	}
	if err := dropOwnBackups(w.path); err != nil {
		b.fail(fmt.Errorf("%w: %w", consent.ErrUnavailable, err))
		return // the next batch tries again
	}
	w.erased = false
}

// commit writes the plan in one transaction and, when that is durable, takes it
// over into memory.
func (w *writer) commit() error {
	var merged merge
	err := w.transact(func() (err error) {
		merged, err = w.write()
		return err
	})
	if err != nil {
		return err
	}
	w.takeOver()
	w.merged(merged)
	return nil
}

// transact makes what write does durable, or undoes it.
func (w *writer) transact(write func() error) error {
	if err := w.sql.begin.exec(); err != nil {
		return err
	}
	err := write()
	if err == nil {
		err = w.sql.commit.exec()
	}
	if err != nil {
		_ = w.sql.rollback.exec() // fails when SQLite has rolled back already
		clear(w.tallies)          // which may be ahead of the file
		clear(w.ids)              // likewise
	}
	return err
}

// write carries the plan out and merges a slice of the tail beside it.
func (w *writer) write() (merged merge, err error) {
	for _, step := range []func() error{w.writeCounts, w.writeSites, w.writeRecords, w.writeArtefacts} {
		if err := step(); err != nil {
			return merged, err
		}
	}
	return w.mergeSlice(len(w.plan.records))
}

func (w *writer) takeOver() {
	for _, s := range w.plan.sites {
		s.next, s.fresh, s.counts, s.cell = s.due, false, s.dueCounts, s.dueCell
	}
	w.secrets += int64(len(w.plan.records))
	for _, p := range w.plan.records {
		if p.erased {
			delete(w.awaited, key{p.site.id, p.entry.Record})
		}
	}
	w.tail.add(func(yield func(tailRow) bool) {
		for _, p := range w.plan.records {
			if !yield(tailRow{site: p.site.id, index: p.index, record: p.entry.Record, subject: p.entry.Subject}) {
				return
			}
		}
	})
}
