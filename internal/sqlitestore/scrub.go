package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/consentry/consentry/internal/consent"
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
	busy, err := w.checkpoint()
	if err != nil {
		return fmt.Errorf("empty the WAL: %w", err)
	}
	w.stale = w.stale && busy
	if w.stale && !w.retries {
		w.retries = true
		time.AfterFunc(scrubAgain, w.askAgain)
	}
	return nil
}

func (w *writer) checkpoint() (busy bool, err error) {
	w.gate.Lock()
	defer w.gate.Unlock()
	if err := w.session.exec("PRAGMA busy_timeout = 50"); err != nil {
		return false, err
	}
	err = w.session.query("PRAGMA wal_checkpoint(TRUNCATE)", func(v []driver.Value) { busy = v[0].(int64) != 0 })
	if err != nil {
		return false, err
	}
	return busy, w.session.exec(fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout.Milliseconds()))
}

// askAgain runs beside the writer. A full queue is asked again later.
func (w *writer) askAgain() {
	err := w.queue.put(context.Background(), &request{work: func(*session) error {
		w.retries = false
		if w.stale {
			return w.truncate()
		}
		return nil
	}})
	if errors.Is(err, consent.ErrBusy) {
		time.AfterFunc(scrubAgain, w.askAgain)
	} // a closed queue has a writer that does it at its end
}
