package sqlitestore

import (
	"bytes"
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
func (s *Store) Days(ctx context.Context, site string, from, to consent.Date, names ...string) (consent.Sheet, error) {
	sheet, err := s.sheet(ctx, site, int64(from), int64(to), names)
	if err != nil {
		return consent.Sheet{}, fmt.Errorf("read daily counts: %w", err)
	}
	return sheet, nil
}

func (s *Store) sheet(ctx context.Context, site string, from, to int64, names []string) (sheet consent.Sheet, err error) {
	type row struct {
		day    consent.Date
		counts []byte
	}
	var list []row
	err = s.rows(ctx, site, daySpan, from, to, func(at int64, b []byte) error {
		list = append(list, row{consent.Date(at), bytes.Clone(b)})
		return nil
	})
	if err != nil || len(list) == 0 {
		return sheet, err
	}
	var places []int32 // by a key's id: its place in Keys, or -1
	sheet.Keys, places, err = s.counterKeys(ctx, names)
	for _, r := range list {
		if err == nil {
			sheet.Cells, err = appendCells(sheet.Cells, r.day, r.counts, places)
		}
	}
	return sheet, err
}

// counterKeys reads the keys of counters with one of the names, all without any,
// and where they stand by their ids, -1 for others. It is asked after the rows, so
// that it knows every key of theirs.
func (s *Store) counterKeys(ctx context.Context, names []string) (keys []string, places []int32, err error) {
	all, err := s.counterNames(ctx)
	for id, name := range all {
		for int64(len(places)) <= id {
			places = append(places, -1)
		}
		if consent.Names(name.key, names) {
			places[id] = int32(len(keys))
			keys = append(keys, name.key)
		}
	}
	return keys, places, err
}

// rows calls row for each row of a span.
func (s *Store) rows(ctx context.Context, site string, span, from, to int64, row func(at int64, counts []byte) error) error {
	const query = `SELECT at, counts FROM tallies
		WHERE site = (SELECT id FROM sites WHERE name = ?) AND span = ? AND at >= ? AND at < ? ORDER BY at`
	return s.read(ctx, query, func(found *sql.Rows) error {
		var at int64
		var b sql.RawBytes
		if err := found.Scan(&at, &b); err != nil {
			return err
		}
		return row(at, b)
	}, site, span, from, to)
}

// tallies reads the rows of a span and spreads them out.
func (s *Store) tallies(ctx context.Context, site string, span, from, to int64, begin func(at int64) consent.Count) ([]consent.Count, error) {
	type row struct {
		at int64
		t  tally
	}
	var rows []row
	size := 0
	err := s.rows(ctx, site, span, from, to, func(at int64, b []byte) error {
		t, err := decodeTally(b)
		rows, size = append(rows, row{at, t}), size+len(t)
		return err
	})
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
