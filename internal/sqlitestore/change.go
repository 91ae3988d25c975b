package sqlitestore

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// change runs f on the writer's goroutine between two commits. What f refuses
// with ErrConflict is no fault of the file's.
func (s *Store) change(ctx context.Context, f func(*writer) error) error {
	var refused error
	err := s.queue.put(ctx, &request{work: func(*session) error {
		err := f(s.writer)
		if errors.Is(err, consent.ErrConflict) {
			refused, err = err, nil
		}
		return err
	}})
	if err != nil {
		return err
	}
	return refused
}

// Head reads where the log ends and when it got there.
func (s *Store) Head(ctx context.Context, site string) (h consent.Head, err error) {
	var millis sql.NullInt64
	err = s.row(ctx, `SELECT s.next, coalesce(r.time, a.time) FROM sites s
		LEFT JOIN records r ON r.id = (s.id << 40 | s.next - 1)
		LEFT JOIN artefacts a ON a.id = (s.id << 40 | s.next - 1)
		WHERE s.name = ?`, []any{&h.Size, &millis}, site)
	if errors.Is(err, consent.ErrNotFound) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("read head: %w", err)
	}
	if millis.Valid {
		h.Newest = millisTime(millis.Int64)
	}
	return h, nil
}

// Sites lists them by name.
func (s *Store) Sites(ctx context.Context) (list []string, err error) {
	err = s.read(ctx, "SELECT name FROM sites ORDER BY name", func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		list = append(list, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return list, nil
}

// Checkpoint reads the site's newest.
func (s *Store) Checkpoint(ctx context.Context, site string) (note []byte, err error) {
	err = s.row(ctx, "SELECT c.note FROM checkpoints c JOIN sites s ON s.id = c.site WHERE s.name = ?", []any{&note}, site)
	if errors.Is(err, consent.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	return note, nil
}

// SwapCheckpoint is durable when it returns.
func (s *Store) SwapCheckpoint(ctx context.Context, site string, old, next []byte) error {
	err := s.change(ctx, func(w *writer) error { return w.swap(site, old, next) })
	if err != nil {
		return fmt.Errorf("swap checkpoint: %w", err)
	}
	return nil
}

func (w *writer) swap(name string, old, next []byte) error {
	s := w.site(name)
	var now []byte
	err := w.session.query("SELECT note FROM checkpoints WHERE site = ?", func(v []driver.Value) {
		now = bytes.Clone(v[0].([]byte))
	}, s.id)
	switch {
	case err != nil:
		return err
	case bytes.Equal(now, next):
		return nil
	case !bytes.Equal(now, old):
		return consent.ErrConflict
	}
	return w.put(s, "INSERT OR REPLACE INTO checkpoints (site, note) VALUES (?, ?)", s.id, next)
}

// put writes one row of a site, and the site when it is new.
func (w *writer) put(s *site, query string, values ...any) error {
	err := w.transact(func() error {
		if err := w.writeSite(s, s.next, s.cell); err != nil {
			return err
		}
		return w.session.exec(query, values...)
	})
	if err == nil {
		s.fresh = false
	}
	return err
}

// PutTile is durable when it returns.
func (s *Store) PutTile(ctx context.Context, site, name string, body []byte) error {
	body = bytes.Clone(body) // the caller may leave before the writer is done
	err := s.change(ctx, func(w *writer) error {
		at := w.site(site)
		return w.put(at, "INSERT OR REPLACE INTO tiles (site, name, body) VALUES (?, ?, ?)", at.id, name, body)
	})
	if err != nil {
		return fmt.Errorf("put tile: %w", err)
	}
	return nil
}

// Tile finds a tile by its name.
func (s *Store) Tile(ctx context.Context, site, name string) (body []byte, err error) {
	err = s.row(ctx, "SELECT t.body FROM tiles t JOIN sites s ON s.id = t.site WHERE s.name = ? AND t.name = ?", []any{&body}, site, name)
	if err != nil {
		return nil, fmt.Errorf("tile %s: %w", name, err)
	}
	return body, nil
}
