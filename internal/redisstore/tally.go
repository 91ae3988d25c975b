package redisstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// cellSize is how many bytes a counter takes of its hour's or day's string.
const cellSize = 4

// span is how hours or days are read.
type span struct {
	first, last string // of the facts
	key         func(site string, at int64) string
}

// Counts implements consent.Store. It asks for the hours that may have counters
// by name, and never searches the key space.
func (s *Store) Counts(ctx context.Context, site string, from, to time.Time) (list []consent.Count, err error) {
	hours := span{first: "hour0", last: "hour1", key: hourKey}
	begin, rows, names, err := s.tallies(ctx, site, hours, hourFrom(from), hourFrom(to))
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	slices.SortFunc(names, func(a, b counterName) int { return strings.Compare(a.key, b.key) })
	for i, b := range rows {
		at := time.Unix((begin+int64(i))*3600, 0).UTC()
		for _, name := range names {
			if n := cell(b, name.id); n != 0 {
				list = append(list, consent.Count{Hour: at, Key: name.key, N: n})
			}
		}
	}
	return list, nil
}

// Days implements consent.Store likewise.
func (s *Store) Days(ctx context.Context, site string, from, to consent.Date, only ...string) (sheet consent.Sheet, err error) {
	days := span{first: "day0", last: "day1", key: dayKey}
	begin, rows, names, err := s.tallies(ctx, site, days, int64(from), int64(to))
	if err != nil {
		return sheet, fmt.Errorf("read daily counts: %w", err)
	}
	names = slices.DeleteFunc(names, func(name counterName) bool { return !consent.Names(name.key, only) })
	slices.SortFunc(names, func(a, b counterName) int { return a.id - b.id }) // as they lie in a string
	for _, name := range names {
		sheet.Keys = append(sheet.Keys, name.key)
	}
	most := 0
	for _, b := range rows {
		most += min(len(b)/cellSize, len(names))
	}
	sheet.Cells = make([]consent.Cell, 0, most) // growing to it would copy years several times
	for i, b := range rows {
		for place, name := range names {
			if n := cell(b, name.id); n != 0 {
				sheet.Cells = append(sheet.Cells, consent.Cell{Day: consent.Date(begin) + consent.Date(i), Key: int32(place), N: n})
			}
		}
	}
	return sheet, nil
}

// cell is what a counter came to in the string of an hour or a day.
func cell(b []byte, id int) int64 {
	if at := cellSize * id; at+cellSize <= len(b) {
		return int64(binary.BigEndian.Uint32(b[at:]))
	}
	return 0
}

// hourFrom numbers the first hour that does not start before t.
func hourFrom(t time.Time) int64 {
	hour := hourOf(t)
	if t.After(time.Unix(hour*3600, 0)) {
		hour++
	}
	return hour
}

// tallies reads the strings of the hours or days from begin on, and the names of
// their counters.
func (s *Store) tallies(ctx context.Context, site string, sp span, from, to int64) (begin int64, rows [][]byte, names []counterName, err error) {
	if err := s.readable(ctx, site); err != nil {
		return 0, nil, nil, err
	}
	_ = s.fold(ctx, site) // a Redis that takes no writes still shows what was folded
	first, last, err := s.bounds(ctx, site, sp)
	if err != nil || first > last {
		return 0, nil, nil, err
	}
	from, to = max(from, first), min(to, last+1)
	for at := from; at < to; at += spanChunk {
		pipe := s.client.Pipeline()
		for n := at; n < min(at+spanChunk, to); n++ {
			pipe.Get(ctx, sp.key(site, n))
		}
		answers, err := pipe.Exec(ctx)
		if err != nil && !errors.Is(err, redis.Nil) {
			return 0, nil, nil, unavailable(err)
		}
		for _, a := range answers {
			b, err := a.(*redis.StringCmd).Bytes()
			if err != nil && !errors.Is(err, redis.Nil) {
				return 0, nil, nil, unavailable(err)
			}
			rows = append(rows, b)
		}
	}
	names, err = s.counterNames(ctx, site) // after the rows: it has the names of all
	return from, rows, names, err
}

// bounds are the first and last hour or day that may have counters; the first is
// after the last when there are none.
func (s *Store) bounds(ctx context.Context, site string, sp span) (first, last int64, err error) {
	facts, err := s.client.HMGet(ctx, factsKey(site), sp.first, sp.last).Result()
	if err != nil {
		return 0, 0, unavailable(err)
	}
	from, ok := facts[0].(string)
	to, _ := facts[1].(string)
	if !ok {
		return math.MaxInt64, 0, nil
	}
	first, err = strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	if err := errors.Join(err, err2); err != nil {
		return 0, 0, unavailable(fmt.Errorf("%w: %w", errForeign, err))
	}
	return first, last, nil
}

// counterName is a counter's key and its number in the site's strings.
type counterName struct {
	key string
	id  int
}

// counterNames lists the site's counters.
func (s *Store) counterNames(ctx context.Context, site string) ([]counterName, error) {
	all, err := s.client.HGetAll(ctx, namesKey(site)).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	list := make([]counterName, 0, len(all))
	for key, id := range all {
		n, err := strconv.Atoi(id)
		if err != nil || n < 0 {
			return nil, unavailable(fmt.Errorf("%w: counter %s", errForeign, key))
		}
		list = append(list, counterName{key, n})
	}
	return list, nil
}
