package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Append is durable when it returns. The entry's bytes must not change before
// the writer is done with them, which may be after an ended context.
func (s *Store) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	e.Time = consent.At(e.Time).Time
	r := &request{entry: e, counts: s.names.additions(e.Site, e.Counts)}
	if err := s.queue.put(ctx, r); err != nil {
		return consent.Stored{}, false, fmt.Errorf("append record: %w", err)
	}
	if !r.dup {
		e.Counts, e.Secret, e.Receipt = nil, r.entry.Secret, r.entry.Receipt
		return consent.Stored{Entry: e, Index: r.index, Erased: r.erased}, false, nil
	}
	stored, err := s.at(ctx, e.Site, r.index)
	if err != nil {
		return consent.Stored{}, false, fmt.Errorf("read the record that is kept already: %w", err)
	}
	return stored, true, nil
}

// Record finds an entry by its id.
func (s *Store) Record(ctx context.Context, site string, id consent.ID) (consent.Stored, error) {
	index, err := s.find(ctx, site, id)
	if err != nil {
		return consent.Stored{}, fmt.Errorf("find record: %w", err)
	}
	return s.at(ctx, site, index)
}

// History lists a subject's entries, oldest first.
func (s *Store) History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error) {
	indexes, err := s.indexes(ctx, site, subject)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	list := make([]consent.Stored, 0, len(indexes))
	for _, index := range indexes {
		stored, err := s.at(ctx, site, index)
		if err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		list = append(list, stored)
	}
	return list, nil
}

// unmerged narrows records to those of a site that by_record and by_subject may
// lack. Only a process without the tail has to look through them.
const unmerged = `SELECT r.id FROM records r, sites s WHERE s.id = ?1
	AND r.id >= (s.id << 40 | s.indexed) AND r.id < (s.id << 40 | s.next)`

// find returns a record's index, asking the tail first (see tail).
func (s *Store) find(ctx context.Context, site string, id consent.ID) (int64, error) {
	siteID, err := s.siteID(ctx, site)
	if err != nil {
		return 0, err
	}
	query := "SELECT idx FROM by_record WHERE site = ?1 AND record = ?2"
	if s.tail == nil {
		query += " UNION ALL SELECT id & 0xffffffffff FROM (" + unmerged + " AND r.record = ?2) LIMIT 1"
	} else if index, ok := s.tail.find(key{siteID, id}); ok {
		return index, nil
	}
	var index int64
	return index, s.row(ctx, query, []any{&index}, siteID, id[:])
}

// indexes returns those of a subject's entries, ascending.
func (s *Store) indexes(ctx context.Context, site string, subject consent.ID) ([]int64, error) {
	if subject == nobody {
		return nil, ctx.Err()
	}
	siteID, err := s.siteID(ctx, site)
	if errors.Is(err, consent.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []int64
	query := "SELECT idx FROM by_subject WHERE site = ?1 AND subject = ?2"
	if s.tail == nil {
		query += " UNION ALL SELECT id & 0xffffffffff FROM (" + unmerged + " AND r.subject = ?2)"
	} else {
		list = s.tail.history(key{siteID, subject})
	}
	err = s.read(ctx, query, func(rows *sql.Rows) error {
		var index int64
		err := rows.Scan(&index)
		list = append(list, index)
		return err
	}, siteID, subject[:])
	slices.Sort(list)
	return slices.Compact(list), err // a row may be in the tail and the table
}

const (
	storedColumns = "r.id, r.record, r.subject, r.time, r.leaf, r.sealed, s.secret, s.receipt, coalesce(s.erased <> 0, 1)"
	storedTables  = "records r LEFT JOIN secrets s ON s.id = coalesce(r.secret, r.id)"
)

// at returns the entry with a known index.
func (s *Store) at(ctx context.Context, site string, index int64) (consent.Stored, error) {
	siteID, err := s.siteID(ctx, site)
	if err != nil {
		return consent.Stored{}, err
	}
	var row storedRow
	err = s.row(ctx, "SELECT "+storedColumns+" FROM "+storedTables+" WHERE r.id = ?", row.into(), rowID(siteID, index))
	if err != nil {
		return consent.Stored{}, err
	}
	return row.stored(site), nil
}

// storedRow is a record as the tables have it.
type storedRow struct {
	id, millis                                     int64
	record, subject, leaf, sealed, secret, receipt []byte
	erased                                         bool
}

func (r *storedRow) into() []any {
	return []any{&r.id, &r.record, &r.subject, &r.millis, &r.leaf, &r.sealed, &r.secret, &r.receipt, &r.erased}
}

func (r *storedRow) stored(site string) consent.Stored {
	s := consent.Stored{Index: indexOf(r.id), Erased: r.erased}
	s.Site, s.Sealed, s.Time = site, r.sealed, millisTime(r.millis)
	copy(s.Record[:], r.record)
	copy(s.Subject[:], r.subject)
	copy(s.Leaf[:], r.leaf)
	copy(s.Secret[:], r.secret)
	copy(s.Receipt[:], r.receipt)
	return s
}

func millisTime(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// siteID returns the number of a site. Errors: ErrNotFound for one that has no
// entry yet.
func (s *Store) siteID(ctx context.Context, site string) (int64, error) {
	if id, ok := s.siteIDs.Load(site); ok {
		return id.(int64), ctx.Err()
	}
	var id int64
	if err := s.row(ctx, "SELECT id FROM sites WHERE name = ?", []any{&id}, site); err != nil {
		return 0, err
	}
	s.siteIDs.Store(site, id)
	return id, nil
}

// row reads one row. Errors: ErrNotFound.
func (s *Store) row(ctx context.Context, query string, into []any, values ...any) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return readError(ctx, s.readers.QueryRowContext(ctx, query, values...).Scan(into...))
}

// read calls row for every row of a result. It must not take long: it keeps the
// WAL from being emptied.
func (s *Store) read(ctx context.Context, query string, row func(*sql.Rows) error, values ...any) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	rows, err := s.readers.QueryContext(ctx, query, values...)
	if err != nil {
		return readError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return readError(ctx, err)
		}
	}
	return readError(ctx, rows.Err())
}

func readError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, sql.ErrNoRows):
		return consent.ErrNotFound
	}
	return fmt.Errorf("%w: %w", consent.ErrUnavailable, err)
}
