// Package outbox is a consent.Store in front of another one that may be slow or
// away: what that one cannot take now is kept in local files, synced before it is
// acknowledged, and handed over in order, each record once, when the store is
// back, after a restart or a crash too. It never keeps what the store has and
// cannot lose, never holds more than its limit, and answers consent.ErrUnavailable
// when neither the store nor the disk takes a record.
//
// A record that waits has no place in the log yet: its Index is -1. A retry of a
// decision that the store has and the outbox does not is taken anew while the
// store is away, and found to be a duplicate when it is handed over.
//
// What was handed over to a store that does not promise to have it on its disk stays
// for a while, and leaves after the store was asked for it again; what it has lost
// is appended once more. Before a store that was away, or was restarted, gets anything
// else, it gets the notices and other artefacts again that it has lost and records
// refer to. Where replicas may take over (Options.First) every entry is
// written to the outbox before it goes to the store, and stays like that.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Options bound the outbox. Now is needed; other zero values mean the defaults.
type Options struct {
	// First writes every entry here before it goes to the store.
	First bool
	// Settle is how long an entry stays in the outbox after the store had it, where
	// the store can still lose it. Longer than a store that syncs every second may be
	// late, and than its servers take to agree on another master. Default 60 s.
	Settle time.Duration
	// Checkpoints says that Settled is called: under First an entry then stays
	// until a checkpoint covers it as well, see Store.Settled.
	Checkpoints bool
	// Limit is how many bytes the files may take. Default 256 MB, some 700 000
	// decisions.
	Limit int64
	// Patience is how long the store may take for a write while it is not known
	// to be away. Default 1 s.
	Patience time.Duration
	// Probe is how often a store that is away is tried again. Default 250 ms.
	Probe time.Duration
	// Queue is how many writes may wait for the disk; more are refused with
	// consent.ErrBusy. Default 4096.
	Queue int
	// Now tells the age of what waits.
	Now func() time.Time
	// Log is told when the store goes and comes, when the outbox fills or fails
	// and what was found when it was opened. Default: nothing is logged.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Settle = cmp.Or(o.Settle, time.Minute)
	o.Limit = cmp.Or(o.Limit, 256<<20)
	o.Patience = cmp.Or(o.Patience, time.Second)
	o.Probe = cmp.Or(o.Probe, 250*time.Millisecond)
	o.Queue = cmp.Or(o.Queue, 4096)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// errClosed is an outbox after Close.
var errClosed = fmt.Errorf("%w: it was closed", consent.ErrUnavailable)

// Store is the outbox and the store behind it. Methods that are not its own are
// the store's.
type Store struct {
	consent.Store
	options Options
	disk    disk
	lock    *os.File
	ledger  *ledger
	writer  *writer
	copies  *copies

	closing sync.RWMutex // held for reading by every write
	closed  bool

	// path is held for reading by who writes beside the store, and as a whole by
	// the drain while it finds out that nothing waits any more.
	path    sync.RWMutex
	handing chan struct{} // taken by who hands items over, or erases some

	mu      sync.Mutex
	away    bool
	why     error
	since   time.Time
	settled map[string]int64 // by site, size of the log under a checkpoint; nil: not known
	complaints

	damaged  int64        // bytes that could not be read, as Open found
	again    atomic.Int64 // records that the store had lost
	differed atomic.Int64 // records that the store had with other content
	unsigned atomic.Int64 // records that left without a checkpoint
	met      atomic.Int64 // renewals of the store at which all was there that records refer to

	wake chan struct{}
	stop context.CancelFunc
	done chan struct{}
}

// Open opens the outbox in dir, which is made when it is missing, in front of
// inner. What it finds there is handed over before anything else. Close closes
// both. Errors: ErrLocked, ErrDamaged.
func Open(dir string, inner consent.Store, o Options) (*Store, error) {
	return open(dir, inner, o, realDisk())
}

func open(dir string, inner consent.Store, o Options, d disk) (_ *Store, err error) {
	o = o.withDefaults()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make outbox: %w", err)
	}
	held, err := lock(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{
		Store: inner, options: o, disk: d, lock: held, ledger: newLedger(),
		handing: make(chan struct{}, 1), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	s.met.Store(s.renewals())
	s.ready(s.met.Load())
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	next, err := s.load(dir)
	if err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	if s.copies, err = openCopies(dir, o.Log); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	s.copies.recollect(s.ledger.sites())
	s.writer = newWriter(dir, d, s.ledger, o, next)
	go s.writer.run()
	s.writer.nudge()
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.nudge()
	go s.drain(ctx)
	return s, nil
}

// load reads what an earlier process has left, all of it to be handed over.
func (s *Store) load(dir string) (next int64, err error) {
	numbers, err := segments(dir)
	if err != nil {
		return 0, err
	}
	l := &loader{ledger: s.ledger}
	for n, number := range numbers {
		seg, cut, err := openSegment(dir, number, s.disk, l.item)
		if err != nil {
			return 0, err
		}
		if cut > 0 && n == len(numbers)-1 {
			s.options.Log.Warn("the end of the outbox is no whole write and is cut off: most likely a crash interrupted it, and nobody was told that it is kept",
				"file", seg.file.Name(), "bytes", cut)
		} else if cut > 0 {
			l.damage(seg, damage{seg.size, cut})
		}
		for _, h := range seg.holes {
			l.damage(seg, h)
		}
		s.ledger.add(seg)
		next = number + 1
	}
	if err := l.finish(s.disk); err != nil {
		return 0, err
	}
	s.report(l.damaged)
	if n := len(s.ledger.waiting); n > 0 {
		s.away, s.since, s.why = true, s.options.Now(), errors.New("what an earlier run has left is being handed over")
		s.options.Log.Info("the outbox holds what an earlier run has left", "waiting", n)
	}
	return next, nil
}

// report tells the log what could not be read.
func (s *Store) report(list []lost) {
	for _, d := range list {
		s.damaged += d.size
		s.options.Log.Error("a file of the outbox is damaged: what stood there is lost, and decisions in it had been acknowledged if they were synced; all else is kept",
			"file", d.file, "byte", d.at, "bytes", d.size)
	}
}

// Holds reports whether the outbox in dir holds anything, without opening it.
func Holds(dir string) bool {
	numbers, err := segments(dir)
	return err == nil && len(numbers) > 0
}

// release closes the files.
func (s *Store) release() {
	for _, seg := range s.ledger.segments {
		_ = seg.file.Close()
	}
	_ = syscall.Flock(int(s.lock.Fd()), syscall.LOCK_UN) // a child that is just starting may hold the file for a moment longer
	_ = s.lock.Close()
}

// Close finishes accepted writes and closes the store. What waits stays in the
// files for the next Open.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	s.closing.Unlock()
	s.stop()
	<-s.done
	close(s.writer.queue)
	<-s.writer.ended
	err := s.Store.Close()
	s.release()
	return err
}

// enter begins a write; leave has to follow unless it fails.
func (s *Store) enter(ctx context.Context) error {
	s.closing.RLock()
	err := ctx.Err()
	if s.closed {
		err = errClosed
	}
	if err != nil {
		s.closing.RUnlock()
	}
	return err
}

func (s *Store) leave() { s.closing.RUnlock() }

// isAway reports whether writes go beside the store.
func (s *Store) isAway() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

// trip notes that the store is away, when err says so, and reports it. An error
// that only says that the caller has left does not count.
func (s *Store) trip(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || !(errors.Is(err, consent.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)) {
		return false
	}
	s.mu.Lock()
	first := !s.away
	if s.why = err; first {
		s.away, s.since = true, s.options.Now()
	}
	s.mu.Unlock()
	if first {
		s.options.Log.Warn("the store is slow or away; decisions wait in the outbox", "error", err)
		s.nudge()
	}
	return true
}

// nudge lets the drain look at once.
func (s *Store) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
