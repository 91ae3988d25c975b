package sqlitestore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"
)

// scrubAgain is how long to wait before the next attempt to empty the WAL when
// somebody reads an old state of the file, such as a backup.
const scrubAgain = time.Second

// Scrub waits until the WAL is empty: the file itself has no old copies.
func (s *Store) Scrub(ctx context.Context) error {
	for {
		stale := false
		err := s.queue.put(ctx, &request{work: func(*session) (err error) {
			if s.writer.stale {
				err = s.writer.truncate()
			}
			stale = s.writer.stale
			return err
		}})
		if err != nil {
			return fmt.Errorf("scrub: %w", err)
		}
		if !stale {
			return nil
		}
		select {
		case <-time.After(scrubAgain / 10):
		case <-ctx.Done():
			return fmt.Errorf("scrub: %w", ctx.Err())
		}
	}
}

// truncate moves everything from the WAL into the file and empties the WAL, in
// which old states of pages outlive what was erased. It waits for this process's
// reads, and no more than a moment for those of others; a later attempt follows
// by itself when they keep the WAL.
func (w *writer) truncate() error {
	w.gate.Lock()
	defer w.gate.Unlock()
	busy := false
	err := w.session.exec("PRAGMA busy_timeout = 50")
	if err == nil {
		err = w.session.query("PRAGMA wal_checkpoint(TRUNCATE)", func(v []driver.Value) { busy = v[0].(int64) != 0 })
	}
	if err == nil {
		err = w.session.exec(fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout.Milliseconds()))
	}
	if err != nil {
		return fmt.Errorf("empty the WAL: %w", err)
	}
	if busy && w.stale {
		time.AfterFunc(scrubAgain, w.truncateLater)
	}
	w.stale = w.stale && busy
	return nil
}

// truncateLater runs beside the writer and asks it to try again.
func (w *writer) truncateLater() {
	_ = w.queue.put(context.Background(), &request{work: func(*session) error {
		if w.stale {
			return w.truncate()
		}
		return nil
	}}) // a closed queue has a writer that truncates at its end
}
