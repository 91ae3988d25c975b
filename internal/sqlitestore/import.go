package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// importPage is how many entries are imported in one transaction, and leavesPage
// how many leaves are read at once.
const (
	importPage = 1000
	leavesPage = 4096
)

// Import is durable when it returns; what came before an error stays.
func (s *Store) Import(ctx context.Context, site string, entries []consent.Stored) error {
	for page := range slices.Chunk(entries, importPage) {
		if err := s.change(ctx, func(w *writer) error { return w.importPage(site, page) }); err != nil {
			return fmt.Errorf("import: %w", err)
		}
	}
	return nil
}

func (w *writer) importPage(name string, entries []consent.Stored) error {
	requests := make([]*request, len(entries))
	for i, e := range entries {
		r := &request{entry: e.Entry}
		r.entry.Site, r.entry.Time, r.entry.Counts = name, consent.At(e.Time).Time, nil
		if e.Erased {
			r.erase()
		}
		requests[i] = r
	}
	w.plan.reset()
	if err := w.findKnown(requests); err != nil {
		return err
	}
	for i, r := range requests {
		if r.settled {
			return fmt.Errorf("%w: record %s is there already", consent.ErrConflict, r.entry.Record)
		}
		if w.placeRecord(r); r.dup || r.index != entries[i].Index {
			return fmt.Errorf("%w: the log of %s goes on at %d, not at %d", consent.ErrConflict, name, r.index, entries[i].Index)
		}
	}
	return w.commit()
}

// Leaves reads in pages, to keep the WAL for short times only.
func (s *Store) Leaves(ctx context.Context, site string, from int64, n int) (list [][32]byte, err error) {
	siteID, err := s.siteID(ctx, site)
	if errors.Is(err, consent.ErrNotFound) {
		return nil, nil
	}
	for err == nil && len(list) < n {
		before, at := len(list), from+int64(len(list))
		err = s.read(ctx, `SELECT id, leaf FROM records WHERE id >= ?1 AND id < ?2
			UNION ALL SELECT id, leaf FROM artefacts WHERE id >= ?1 AND id < ?2 ORDER BY 1`, func(rows *sql.Rows) error {
			var id int64
			var leaf sql.RawBytes
			if err := rows.Scan(&id, &leaf); err != nil {
				return err
			}
			if due := from + int64(len(list)); indexOf(id) != due {
				return fmt.Errorf("the log of %s lacks entry %d", site, due)
			}
			list = append(list, [32]byte(leaf))
			return nil
		}, rowID(siteID, at), rowID(siteID, at+int64(min(n-len(list), leavesPage))))
		if len(list) == before {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read leaves: %w", err)
	}
	return list, nil
}
