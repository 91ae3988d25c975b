package sqlitestore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// Erase is durable when it returns, and has emptied the WAL unless somebody was
// reading for long.
func (s *Store) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	err := s.change(ctx, func(w *writer) error { return w.erase(site, list) })
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	return nil
}

// erase zeroes the secrets of a site's records and lists them. What is listed
// already costs no write.
func (w *writer) erase(name string, list []consent.Erasure) error {
	s := w.site(name)
	due, err := w.unlisted(s, list)
	if err != nil || len(due) == 0 {
		return err
	}
	w.stale, w.erased = true, true
	var absent []key
	err = w.transact(func() error {
		if err := w.writeSite(s, s.next, s.cell); err != nil {
			return err
		}
		for i, e := range due {
			found, err := w.eraseOne(s, e.Record)
			if err == nil {
				err = w.sql.addErasure.exec(s.id, s.erased+int64(i), e.Record[:], e.Time.UnixMilli())
			}
			if err != nil {
				return err
			}
			if !found {
				absent = append(absent, key{s.id, e.Record})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.fresh = false
	s.erased += int64(len(due))
	for _, k := range absent {
		w.awaited[k] = true
	}
	return nil
}

// unlisted returns those that are not erased yet, each once.
func (w *writer) unlisted(s *site, list []consent.Erasure) (due []consent.Erasure, err error) {
	seen := make(map[consent.ID]bool, len(list))
	for _, e := range list {
		listed := false
		err := w.sql.hasErasure.query(func([]driver.Value) { listed = true }, s.id, e.Record[:])
		if err != nil {
			return nil, err
		}
		if !listed && !seen[e.Record] {
			due = append(due, e)
		}
		seen[e.Record] = true
	}
	return due, nil
}

func (w *writer) eraseOne(s *site, id consent.ID) (found bool, err error) {
	index, found, err := w.indexOf(s, id)
	if err != nil || !found {
		return false, err
	}
	return true, w.sql.eraseSecret.exec(rowID(s.id, index))
}

// indexOf finds a durable record, wherever it is indexed.
func (w *writer) indexOf(s *site, id consent.ID) (index int64, found bool, err error) {
	if index, found = w.tail.find(key{s.id, id}); found {
		return index, true, nil
	}
	err = w.sql.findRecord.query(func(v []driver.Value) { index, found = v[0].(int64), true }, s.id, id[:])
	return index, found, err
}

// Erasures reads page by page, as Log does.
func (s *Store) Erasures(ctx context.Context, site string, from int64, yield func(int64, consent.Erasure) bool) error {
	siteID, err := s.siteID(ctx, site)
	if errors.Is(err, consent.ErrNotFound) {
		return nil
	}
	type erasure struct {
		pos, millis int64
		id          []byte
	}
	for err == nil {
		var page []erasure
		err = s.read(ctx, "SELECT pos, record, time FROM erasures WHERE site = ? AND pos >= ? ORDER BY pos LIMIT ?", func(rows *sql.Rows) error {
			var e erasure
			err := rows.Scan(&e.pos, &e.id, &e.millis)
			page = append(page, e)
			return err
		}, siteID, from, logPage)
		if err != nil || len(page) == 0 {
			break
		}
		for _, e := range page {
			if !yield(e.pos, consent.Erasure{Record: consent.ID(e.id), Time: millisTime(e.millis)}) {
				return nil
			}
		}
		from = page[len(page)-1].pos + 1
	}
	if err != nil {
		return fmt.Errorf("read erasures: %w", err)
	}
	return nil
}
