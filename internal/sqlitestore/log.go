package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// logPage is how many entries Log reads at once. Between two pages it holds
// nothing of the file, so that a slow reader does not keep the WAL from
// shrinking.
const logPage = 500

// One statement sees one state of the file: neither table can be ahead.
const logQuery = `
SELECT ` + storedColumns + `, '', '' FROM ` + storedTables + ` WHERE r.id >= ?1 AND r.id < ?2
UNION ALL
SELECT id, NULL, NULL, time, leaf, NULL, NULL, NULL, 0, kind, digest FROM artefacts WHERE id >= ?1 AND id < ?2
ORDER BY 1`

// Log reads the site's log page by page.
func (s *Store) Log(ctx context.Context, site string, from int64, yield func(consent.LogEntry) bool) error {
	siteID, err := s.siteID(ctx, site)
	if errors.Is(err, consent.ErrNotFound) {
		return nil
	}
	for err == nil {
		var page []consent.LogEntry
		if page, err = s.logPage(ctx, site, siteID, from); len(page) == 0 {
			break
		}
		for _, e := range page {
			if !yield(e) {
				return nil
			}
		}
		from += int64(len(page))
	}
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	return nil
}

func (s *Store) logPage(ctx context.Context, site string, siteID, from int64) ([]consent.LogEntry, error) {
	var page []consent.LogEntry
	err := s.read(ctx, logQuery, func(rows *sql.Rows) error {
		var row storedRow
		var e consent.LogEntry
		if err := rows.Scan(append(row.into(), &e.Kind, &e.Digest)...); err != nil {
			return err
		}
		e.Index = indexOf(row.id)
		copy(e.Leaf[:], row.leaf)
		if e.Kind == "" {
			e.Record = row.stored(site)
		}
		page = append(page, e)
		return nil
	}, rowID(siteID, from), rowID(siteID, from+logPage))
	return page, err
}

// PutArtefact is durable when it returns.
func (s *Store) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	a.Time = consent.At(a.Time).Time
	r := &request{artefact: &a}
	r.entry.Site = site
	if err := s.queue.put(ctx, r); err != nil {
		return fmt.Errorf("put artefact: %w", err)
	}
	return nil
}

// Artefact finds an artefact by its digest.
func (s *Store) Artefact(ctx context.Context, site, digest string) (consent.Artefact, error) {
	list, err := s.artefacts(ctx, site, "body", "digest = ?2", digest)
	if err == nil && len(list) == 0 {
		err = consent.ErrNotFound
	}
	if err != nil {
		return consent.Artefact{}, fmt.Errorf("read artefact: %w", err) // a digest may be what somebody has asked for
	}
	return list[0], nil
}

// Artefacts lists a kind without bodies.
func (s *Store) Artefacts(ctx context.Context, site, kind string) ([]consent.Artefact, error) {
	list, err := s.artefacts(ctx, site, "NULL", "kind = ?2", kind)
	if err != nil {
		return nil, fmt.Errorf("artefacts of kind %s: %w", kind, err)
	}
	return list, nil
}

func (s *Store) artefacts(ctx context.Context, site, body, where, value string) ([]consent.Artefact, error) {
	var list []consent.Artefact
	query := "SELECT id, kind, digest, time, leaf, " + body + " FROM artefacts" +
		" WHERE site = (SELECT id FROM sites WHERE name = ?1) AND " + where + " ORDER BY id"
	err := s.read(ctx, query, func(rows *sql.Rows) error {
		var a consent.Artefact
		var id, millis int64
		var leaf []byte
		if err := rows.Scan(&id, &a.Kind, &a.Digest, &millis, &leaf, &a.Body); err != nil {
			return err
		}
		a.Index, a.Time = indexOf(id), millisTime(millis)
		copy(a.Leaf[:], leaf)
		list = append(list, a)
		return nil
	}, site, value)
	return list, err
}
