package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

const (
	holdBack  = time.Second / 2 // how long counters of no record stay in memory
	perCall   = 1000            // counters in one call of counts.lua
	remember  = 3600            // seconds that Redis knows the token of a call
	mayTry    = 3600            // times, holdBack apart, so well within remember
	hourChunk = 256             // hours read in one pipeline
)

// heldCounts are counters that wait to be written.
type heldCounts struct {
	mu      sync.Mutex
	sums    map[string]map[slot]int64 // by site
	size    int                       // slots in sums and in unsent calls
	most    int
	sending sync.Mutex // one flush at a time
	unsent  []*addition
}

// addition is a call of counts.lua that may be sent again: its token keeps it
// from counting twice.
type addition struct {
	call
	size, tries int
}

func newHeldCounts(most int) heldCounts {
	return heldCounts{sums: make(map[string]map[slot]int64), most: most}
}

// AddCounts implements consent.Store.
func (s *Store) AddCounts(ctx context.Context, site string, counts []consent.Count) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	h := &s.counts
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.size+len(counts) > h.most {
		return consent.ErrBusy
	}
	sums := h.sums[site]
	if sums == nil {
		sums = make(map[slot]int64)
		h.sums[site] = sums
	}
	before := len(sums)
	for _, c := range counts {
		sums[slot{hourOf(c.Hour), c.Key}] += c.N
	}
	h.size += len(sums) - before
	return nil
}

// flushCounts writes what is held. What fails is kept, with its token, until it
// has been tried too often to be still recognised.
func (s *Store) flushCounts(ctx context.Context) error {
	h := &s.counts
	h.sending.Lock()
	defer h.sending.Unlock()
	h.unsent = append(h.unsent, h.take()...)
	if len(h.unsent) == 0 {
		return nil
	}
	calls := make([]*call, len(h.unsent))
	for i, a := range h.unsent {
		calls[i] = &a.call
	}
	s.run(ctx, s.scripts.counts, calls)
	return s.settle()
}

// settle forgets the calls that were made or hopeless.
func (s *Store) settle() (failed error) {
	h := &s.counts
	done := 0
	h.unsent = slices.DeleteFunc(h.unsent, func(a *addition) bool {
		err := a.cmd.Err()
		if a.tries++; err != nil && a.tries < mayTry {
			failed = fmt.Errorf("add counts: %w", unavailable(err))
			return false
		}
		if err != nil {
			s.options.Log.Warn("counters were lost", "counters", a.size, "error", err)
		}
		done += a.size
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size -= done
	return failed
}

// take empties the sums into calls.
func (h *heldCounts) take() (list []*addition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for site, sums := range h.sums {
		slots := make([]slot, 0, len(sums))
		for at := range sums {
			slots = append(slots, at)
		}
		for chunk := range slices.Chunk(slots, perCall) {
			list = append(list, newAddition(site, chunk, sums))
		}
	}
	clear(h.sums)
	return list
}

func newAddition(site string, slots []slot, sums map[slot]int64) *addition {
	counts := newCounters()
	for _, at := range slots {
		counts.add(at, sums[at])
	}
	a := &addition{size: len(slots)}
	a.keys, a.args = counts.write(site, []string{factsKey(site), tokenKey(site, rand.Text())}, []any{schema, remember})
	return a
}

// Counts implements consent.Store. It asks for the hours that may have counters
// by name, and never searches the key space.
func (s *Store) Counts(ctx context.Context, site string, from, to time.Time) ([]consent.Count, error) {
	if err := s.readable(ctx, site); err != nil {
		return nil, err
	}
	facts, err := s.client.HMGet(ctx, factsKey(site), "first", "last").Result()
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", unavailable(err))
	}
	first, ok := facts[0].(string)
	last, _ := facts[1].(string)
	if !ok {
		return nil, nil
	}
	begin, err := strconv.ParseInt(first, 10, 64)
	end, err2 := strconv.ParseInt(last, 10, 64)
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("read counts: %w: %w", errForeign, err)
	}
	begin, end = max(begin, hourFrom(from)), min(end+1, hourFrom(to))
	var list []consent.Count
	for ; begin < end; begin += hourChunk {
		if list, err = s.countsOf(ctx, list, site, begin, min(begin+hourChunk, end)); err != nil {
			return nil, fmt.Errorf("read counts: %w", unavailable(err))
		}
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

// countsOf reads the hours from begin to before end.
func (s *Store) countsOf(ctx context.Context, list []consent.Count, site string, begin, end int64) ([]consent.Count, error) {
	pipe := s.client.Pipeline()
	hours := make([]*redis.MapStringStringCmd, 0, end-begin)
	for hour := begin; hour < end; hour++ {
		hours = append(hours, pipe.HGetAll(ctx, countsKey(site, hour)))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	for i, cmd := range hours {
		start := len(list)
		at := time.Unix((begin+int64(i))*3600, 0).UTC()
		for name, text := range cmd.Val() {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%w: counter %s", errForeign, name)
			}
			list = append(list, consent.Count{Hour: at, Key: name, N: n})
		}
		slices.SortFunc(list[start:], func(a, b consent.Count) int { return cmp.Compare(a.Key, b.Key) })
	}
	return list, nil
}
