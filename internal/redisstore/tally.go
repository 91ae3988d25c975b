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
	begin       func(at int64) consent.Count
}

// Counts implements consent.Store. It asks for the hours that may have counters
// by name, and never searches the key space.
func (s *Store) Counts(ctx context.Context, site string, from, to time.Time) ([]consent.Count, error) {
	hours := span{first: "hour0", last: "hour1", key: hourKey, begin: func(at int64) consent.Count {
		return consent.Count{Hour: time.Unix(at*3600, 0).UTC()}
	}}
	list, err := s.tallies(ctx, site, hours, hourFrom(from), hourFrom(to))
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	return list, nil
}

// Days implements consent.Store likewise.
func (s *Store) Days(ctx context.Context, site string, from, to consent.Date) ([]consent.Count, error) {
	days := span{first: "day0", last: "day1", key: dayKey, begin: func(at int64) consent.Count {
		return consent.Count{Day: consent.Date(at)}
	}}
	list, err := s.tallies(ctx, site, days, int64(from), int64(to))
	if err != nil {
		return nil, fmt.Errorf("read daily counts: %w", err)
	}
	return list, nil
}

// hourFrom numbers the first hour that does not start before t.
func hourFrom(t time.Time) int64 {
	hour := hourOf(t)
	if t.After(time.Unix(hour*3600, 0)) {
		hour++
	}
	return hour
}

func (s *Store) tallies(ctx context.Context, site string, sp span, from, to int64) (list []consent.Count, err error) {
	if err := s.readable(ctx, site); err != nil {
		return nil, err
	}
	first, last, err := s.bounds(ctx, site, sp)
	if err != nil || first > last {
		return nil, err
	}
	var cells [][]byte
	from, to = max(from, first), min(to, last+1)
	for at := from; at < to; at += spanChunk {
		pipe := s.client.Pipeline()
		for n := at; n < min(at+spanChunk, to); n++ {
			pipe.Get(ctx, sp.key(site, n))
		}
		answers, err := pipe.Exec(ctx)
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, unavailable(err)
		}
		for _, a := range answers {
			b, err := a.(*redis.StringCmd).Bytes()
			if err != nil && !errors.Is(err, redis.Nil) {
				return nil, unavailable(err)
			}
			cells = append(cells, b)
		}
	}
	names, err := s.counterNames(ctx, site) // after the cells: it has the names of all
	if err != nil {
		return nil, err
	}
	for i, b := range cells {
		count := sp.begin(from + int64(i))
		for _, name := range names {
			if at := cellSize * name.id; at+cellSize <= len(b) {
				if count.N = int64(binary.BigEndian.Uint32(b[at:])); count.N != 0 {
					count.Key = name.key
					list = append(list, count)
				}
			}
		}
	}
	return list, nil
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

// counterNames lists the site's counters in the order of their keys.
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
	slices.SortFunc(list, func(a, b counterName) int { return strings.Compare(a.key, b.key) })
	return list, nil
}
