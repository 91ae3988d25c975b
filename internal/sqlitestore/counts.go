package sqlitestore

import (
	"bytes"
	"cmp"
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
		err = s.queue.holdBack(s.names.additions(site, counts))
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
	list, err := s.rows(ctx, site, daySpan, from, to)
	if err != nil || len(list) == 0 {
		return sheet, err
	}
	var places []int32 // by a key's id: its place in Keys, or -1
	sheet.Keys, places, err = s.counterKeys(ctx, names)
	for _, r := range list {
		if err == nil {
			sheet.Cells, err = appendCells(sheet.Cells, consent.Date(r.at), r.counts, places)
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

// tallyRow is an hour's or a day's tally, as its bytes.
type tallyRow struct {
	at     int64
	counts []byte
}

// rows reads the rows of a span in order, with what is not folded into them yet. One
// statement sees both as the same commit left them.
func (s *Store) rows(ctx context.Context, site string, span, from, to int64) (list []tallyRow, err error) {
	const query = `SELECT t.at, t.counts FROM tallies t JOIN sites s ON s.id = t.site
			WHERE s.name = ?1 AND t.span = ?2 AND t.at >= ?3 AND t.at < ?4
		UNION ALL SELECT NULL, unfolded FROM sites WHERE name = ?1 AND unfolded IS NOT NULL ORDER BY 1`
	var rest unfolded
	err = s.read(ctx, query, func(found *sql.Rows) (err error) {
		var at sql.NullInt64
		var b sql.RawBytes
		if err := found.Scan(&at, &b); err != nil {
			return err
		}
		if !at.Valid {
			rest, err = decodeUnfolded(site, b)
			return err
		}
		list = append(list, tallyRow{at.Int64, bytes.Clone(b)})
		return nil
	}, site, span, from, to)
	for _, row := range rest.rows() {
		if err == nil && row.span == span && row.at >= from && row.at < to {
			list, err = addRow(list, row.at, rest.row(span, row.at))
		}
	}
	return list, err
}

// addRow adds a tally to one of the rows, which are in order.
func addRow(list []tallyRow, at int64, more tally) ([]tallyRow, error) {
	i, found := slices.BinarySearchFunc(list, at, func(r tallyRow, at int64) int { return cmp.Compare(r.at, at) })
	if !found {
		return slices.Insert(list, i, tallyRow{at, more.encode()}), nil
	}
	t, err := decodeTally(list[i].counts)
	list[i].counts = t.plus(more).encode()
	return list, err
}

// tallies reads the rows of a span and spreads them out.
func (s *Store) tallies(ctx context.Context, site string, span, from, to int64, begin func(at int64) consent.Count) ([]consent.Count, error) {
	rows, err := s.rows(ctx, site, span, from, to)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	names, err := s.counterNames(ctx)
	if err != nil {
		return nil, err
	}
	var list []consent.Count
	for _, r := range rows {
		t, err := decodeTally(r.counts)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(t, func(a, b tallied) int { return names[a.key].rank - names[b.key].rank })
		for _, c := range t {
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
