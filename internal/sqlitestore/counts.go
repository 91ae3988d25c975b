package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
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

// Counts reads hourly counters; a key's order is that of its bytes.
func (s *Store) Counts(ctx context.Context, site string, from, to time.Time) ([]consent.Count, error) {
	list, err := s.tallies(ctx, site, hourSpan, ceilHour(from), ceilHour(to), func(at int64) consent.Count {
		return consent.Count{Hour: time.Unix(at*secondsAnHour, 0).UTC()}
	})
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	return list, nil
}

// Days reads daily counters.
func (s *Store) Days(ctx context.Context, site string, from, to consent.Date) ([]consent.Count, error) {
	list, err := s.tallies(ctx, site, daySpan, int64(from), int64(to), func(at int64) consent.Count {
		return consent.Count{Day: consent.Date(at)}
	})
	if err != nil {
		return nil, fmt.Errorf("read daily counts: %w", err)
	}
	return list, nil
}

// tallies reads the rows of a span and spreads them out.
func (s *Store) tallies(ctx context.Context, site string, span, from, to int64, begin func(at int64) consent.Count) ([]consent.Count, error) {
	type row struct {
		at int64
		t  tally
	}
	var rows []row
	size := 0
	const query = `SELECT at, counts FROM tallies
		WHERE site = (SELECT id FROM sites WHERE name = ?) AND span = ? AND at >= ? AND at < ? ORDER BY at`
	err := s.read(ctx, query, func(found *sql.Rows) error {
		var r row
		var b sql.RawBytes
		if err := found.Scan(&r.at, &b); err != nil {
			return err
		}
		t, err := decodeTally(b)
		r.t = t
		rows, size = append(rows, r), size+len(t)
		return err
	}, site, span, from, to)
	if err != nil || size == 0 {
		return nil, err
	}
	names, err := s.counterNames(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]consent.Count, 0, size)
	for _, r := range rows {
		slices.SortFunc(r.t, func(a, b tallied) int { return names[a.key].rank - names[b.key].rank })
		for _, c := range r.t {
			count := begin(r.at)
			count.Key, count.N = names[c.key].key, c.n
			list = append(list, count)
		}
	}
	return list, nil
}

// counterName is a counter's key and its place among all keys.
type counterName struct {
	key  string
	rank int
}

// counterNames reads all keys, by their ids. It is asked after the rows, so that
// it has every key of theirs.
func (s *Store) counterNames(ctx context.Context) (map[int64]counterName, error) {
	names := make(map[int64]counterName)
	err := s.read(ctx, "SELECT id, key FROM counter_keys ORDER BY key", func(found *sql.Rows) error {
		var id int64
		name := counterName{rank: len(names)}
		if err := found.Scan(&id, &name.key); err != nil {
			return err
		}
		names[id] = name
		return nil
	})
	return names, err
}

// ceilHour numbers the first hour that does not begin before t.
func ceilHour(t time.Time) int64 {
	hour := t.Truncate(time.Hour)
	if hour.Before(t) {
		hour = hour.Add(time.Hour)
	}
	return hour.Unix() / secondsAnHour
}
