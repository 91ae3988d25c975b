package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// filedPage is how many rows of an index are read at once, see logPage.
const filedPage = 5000

// Filed reads by_record and by_subject, and from sites.indexed on, where they may lack
// rows, the records, which are looked through there.
func (s *Store) Filed(ctx context.Context, site string, yield func(consent.Filing) bool) error {
	siteID, err := s.siteID(ctx, site)
	if errors.Is(err, consent.ErrNotFound) {
		return nil
	}
	var indexed int64
	if err == nil {
		err = s.row(ctx, "SELECT indexed FROM sites WHERE id = ?", []any{&indexed}, siteID)
	}
	goes := true
	within := func(f consent.Filing) bool {
		goes = goes && (f.Index >= indexed || yield(f))
		return goes
	}
	if err == nil {
		err = s.filedIn(ctx, "by_record", "record", siteID, within)
	}
	if err == nil && goes {
		err = s.filedIn(ctx, "by_subject", "subject", siteID, within)
	}
	if err == nil && goes {
		err = s.filedAfter(ctx, site, siteID, indexed, yield)
	}
	if err != nil {
		return fmt.Errorf("read indexes: %w", err)
	}
	return nil
}

// filedIn reads one index page by page.
func (s *Store) filedIn(ctx context.Context, table, column string, siteID int64, yield func(consent.Filing) bool) error {
	query := fmt.Sprintf("SELECT %[2]s, idx FROM %[1]s WHERE site = ?1 AND (%[2]s, idx) > (?2, ?3) ORDER BY %[2]s, idx LIMIT %[3]d", table, column, filedPage)
	for last := (consent.Filing{Index: -1}); ; {
		page := make([]consent.Filing, 0, filedPage)
		err := s.read(ctx, query, func(rows *sql.Rows) error {
			one := consent.Filing{Subject: table == "by_subject"}
			var id sql.RawBytes
			err := rows.Scan(&id, &one.Index)
			copy(one.ID[:], id)
			page = append(page, one)
			return err
		}, siteID, last.ID[:], last.Index)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, one := range page {
			if !yield(one) {
				return nil
			}
		}
		last = page[len(page)-1]
	}
}

// filedAfter reads the records that the indexes may lack.
func (s *Store) filedAfter(ctx context.Context, site string, siteID, from int64, yield func(consent.Filing) bool) error {
	for {
		page, err := s.logPage(ctx, site, siteID, from)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			if e.Kind != "" {
				continue
			}
			if !yield(consent.Filing{ID: e.Record.Record, Index: e.Index}) ||
				e.Record.Subject != (consent.ID{}) && !yield(consent.Filing{ID: e.Record.Subject, Subject: true, Index: e.Index}) {
				return nil
			}
		}
		from += int64(len(page))
	}
}
