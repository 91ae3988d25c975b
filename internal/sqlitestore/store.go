// Package sqlitestore keeps records, artefacts and counters in one SQLite file.
// It is the only door to SQLite. One goroutine of one process writes, and
// commits all waiting writes in one transaction with one fsync. It never
// interprets a sealed record, and never acknowledges what is not on the disk.
package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/consentry/consentry/internal/consent"
)

// Options tune a store. The zero value is right for most.
type Options struct {
	// Queue is how many writes may wait for the next commit; beyond it they are
	// refused with consent.ErrBusy. Default 4096.
	Queue int
	// ReadOnly opens the store beside the process that may be writing to it. Its
	// writes fail with consent.ErrUnavailable. It never migrates: a file of
	// another schema version is refused.
	ReadOnly bool
	// Still, with ReadOnly, is for a file that nobody changes, such as a backup:
	// nothing is left beside it.
	Still bool
	// Readers is how many connections read beside the writer. Default 4.
	Readers int
}

// holdBack is how long counters of no record wait for a commit to ride on. The
// contract allows a second.
const holdBack = 500 * time.Millisecond

// Store is a consent.Store in a file.
type Store struct {
	path     string
	queue    *queue
	writer   *writer // nil when read-only
	tail     *tail   // nil when read-only
	names    *names  // of counters that are to be added to
	readers  *sql.DB
	gate     *sync.RWMutex // held for reading by every read, and whole to empty the WAL
	siteIDs  sync.Map      // name to id, of sites in the file
	finished chan struct{} // closed when the writer has ended
	close    func() error
}

var _ consent.Store = (*Store)(nil)

var (
	errClosed   = fmt.Errorf("%w: it is closed", consent.ErrUnavailable)
	errReadOnly = fmt.Errorf("%w: it was opened for reading only", consent.ErrUnavailable)
)

// Open opens the store at path for this process alone, and creates it, readable
// by its owner only, when there is none. Errors: ErrLocked, ErrNewer.
func Open(path string, opts Options) (*Store, error) {
	opened := openReadOnly
	if !opts.ReadOnly {
		opened = func(path string, opts Options) (*Store, error) { return open(path, opts, generationSize) }
	}
	s, err := opened(path, opts)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return s, nil
}

func open(path string, opts Options, generation int) (_ *Store, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var parts closers
	defer func() {
		if err != nil {
			err = errors.Join(err, parts.Close())
		}
	}()
	held, err := takeLock(path)
	if err != nil {
		return nil, err
	}
	parts = append(parts, held)
	// Whoever prepares a restore has the lock, or has this store open in this process.
	if err := removeIfThere((&Draft{path}).partial()); err != nil {
		return nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	gate := new(sync.RWMutex)
	w, err := newWriter(path, newQueue(orDefault(opts.Queue, 4096), holdBack), gate, generation)
	if err != nil {
		return nil, err
	}
	parts = append(parts, w.session)
	readers, err := openReaders(path, dsn(path, true), orDefault(opts.Readers, 4))
	if err != nil {
		return nil, err
	}
	parts = append(parts, readers)
	s := &Store{path: path, queue: w.queue, writer: w, tail: w.tail, names: w.names, readers: readers, gate: gate, finished: make(chan struct{})}
	s.close = sync.OnceValue(func() error {
		s.queue.close(errClosed)
		<-s.finished
		return parts.Close()
	})
	go func() {
		defer close(s.finished)
		w.run()
	}()
	return s, nil
}

func openReadOnly(path string, opts Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	name := dsn(path, true)
	if opts.Still {
		name = dsnImmutable(path)
	}
	readers, err := openReaders(path, name, orDefault(opts.Readers, 4))
	if err != nil {
		return nil, err
	}
	q := newQueue(0, holdBack)
	q.close(errReadOnly)
	return &Store{path: path, queue: q, names: newNames(), readers: readers, gate: new(sync.RWMutex), close: sync.OnceValue(readers.Close)}, nil
}

// openReaders opens a pool by a name of the file and checks the schema version
// through it.
func openReaders(path, name string, n int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if known := len(migrations()); version != known {
		return nil, errors.Join(checkVersion(path, version, known), errOlder(path, version, known), db.Close())
	}
	return db, nil
}

func errOlder(path string, version, known int) error {
	if version > known {
		return nil
	}
	return fmt.Errorf("%s has schema version %d, this program reads %d; start the server once to migrate it", path, version, known)
}

// Close finishes accepted writes, counters held back included.
func (s *Store) Close() error {
	if err := s.close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Health reports Durable, or why nothing can be promised. After a failure that
// may pass, such as a full disk, it tries a small write of its own.
func (s *Store) Health(ctx context.Context) (consent.Durability, error) {
	s.queue.mu.Lock()
	closed := s.queue.closed
	s.queue.mu.Unlock()
	if closed != nil {
		return "", closed
	}
	f := s.writer.fault.Load()
	switch {
	case f == nil:
		return consent.Durable, nil
	case f.final:
		return "", f.error()
	}
	if err := s.queue.put(ctx, &request{work: probe}); err != nil {
		return "", err
	}
	return consent.Durable, nil
}

// probe writes a page and waits for the disk, and changes nothing.
func probe(s *session) error {
	return s.exec(fmt.Sprintf("PRAGMA user_version = %d", len(migrations())))
}

// closers are closed in reverse.
type closers []io.Closer

func (c closers) Close() (err error) {
	for i := len(c) - 1; i >= 0; i-- {
		err = errors.Join(err, c[i].Close())
	}
	return err
}

func orDefault(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}
