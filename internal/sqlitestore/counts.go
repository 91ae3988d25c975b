package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// AddCounts adds counters with the next commit, or within holdBack.
func (s *Store) AddCounts(ctx context.Context, site string, counts []consent.Count) error {
	err := ctx.Err()
	if err == nil {
		err = s.queue.holdBack(site, counts)
	}
	if err != nil {
		return fmt.Errorf("add counts: %w", err)
	}
	return nil
}

// Counts reads counters; a key's order is that of its bytes.
func (s *Store) Counts(ctx context.Context, site string, from, to time.Time) ([]consent.Count, error) {
	var list []consent.Count
	const query = `SELECT c.hour, k.key, c.n FROM counters c JOIN counter_keys k ON k.id = c.key
		WHERE c.site = (SELECT id FROM sites WHERE name = ?) AND c.hour >= ? AND c.hour < ? ORDER BY c.hour, k.key`
	err := s.read(ctx, query, func(rows *sql.Rows) error {
		var c consent.Count
		var hour int64
		if err := rows.Scan(&hour, &c.Key, &c.N); err != nil {
			return err
		}
		c.Hour = time.Unix(hour, 0).UTC()
		list = append(list, c)
		return nil
	}, site, ceilSecond(from), ceilSecond(to))
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	return list, nil
}

// ceilSecond turns a bound into whole seconds that the same hours are within.
func ceilSecond(t time.Time) int64 { return t.Add(time.Second - 1).Unix() }
