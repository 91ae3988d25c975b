package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
)

// Ceiling is bare SQLite under group commit, to measure a store against on the
// same disk in the same run: one table, one row of 200 bytes for each write,
// WAL with synchronous=FULL, and one goroutine that commits all waiting rows in
// one transaction. It has no index beside, no secrets and no counters.
//
// The program must have registered a driver named "sqlite", as whoever imports
// the SQLite store has.
type Ceiling struct {
	db    *sql.DB
	conn  *sql.Conn
	keyed bool

	mu      sync.Mutex
	waiting int
	done    chan struct{}
	closed  bool
	wake    chan struct{}
	ended   chan error
}

// OpenCeiling makes a database in dir, which has to be empty. Keyed rows are
// found by a random id of 16 bytes, as in any store that has to notice a record
// sent twice; others are only appended, which is the most that SQLite can do.
func OpenCeiling(dir string, keyed bool) (*Ceiling, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "ceiling.db")+
		"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		return nil, fmt.Errorf("open ceiling: %w", err)
	}
	schema := "CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"
	if keyed {
		schema = "CREATE TABLE bare (id BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID"
	}
	conn, err := db.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), schema)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open ceiling: %w", err), db.Close())
	}
	c := &Ceiling{db: db, conn: conn, keyed: keyed, done: make(chan struct{}), wake: make(chan struct{}, 1), ended: make(chan error, 1)}
	go func() { c.ended <- c.insertRows() }()
	return c, nil
}

// Write returns when a row is on the disk, or the writer has failed.
func (c *Ceiling) Write() {
	c.mu.Lock()
	c.waiting++
	done := c.done
	if c.waiting == 1 {
		c.nudge()
	}
	c.mu.Unlock()
	<-done
}

// Close ends the writer and returns its error.
func (c *Ceiling) Close() error {
	c.mu.Lock()
	c.closed = true
	c.nudge()
	c.mu.Unlock()
	return errors.Join(<-c.ended, c.conn.Close(), c.db.Close())
}

func (c *Ceiling) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run commits batch after batch by commit.
func (c *Ceiling) run(commit func(rows int) error) error {
	for {
		c.gather()
		c.mu.Lock()
		rows, done, closed := c.waiting, c.done, c.closed
		if rows > 0 {
			c.waiting, c.done = 0, make(chan struct{})
		}
		c.mu.Unlock()
		switch {
		case rows > 0:
			err := commit(rows)
			close(done)
			if err != nil {
				return err
			}
		case closed:
			return nil
		default:
			<-c.wake
		}
	}
}

func (c *Ceiling) gather() {
	for before := 0; ; {
		c.mu.Lock()
		n := c.waiting
		c.mu.Unlock()
		if n == before {
			return
		}
		before = n
		runtime.Gosched()
	}
}

func (c *Ceiling) insertRows() error {
	ctx := context.Background()
	insert, err := c.conn.PrepareContext(ctx, "INSERT INTO bare VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	body := Bytes("ceiling", 200)
	return c.run(func(rows int) error {
		tx, err := c.conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		inTx := tx.Stmt(insert)
		for range rows {
			if _, err := inTx.Exec(c.key(), body); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		return tx.Commit()
	})
}

// key is the next row's: 16 random bytes, or nil for SQLite to count.
func (c *Ceiling) key() any {
	if !c.keyed {
		return nil
	}
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	return key
}
