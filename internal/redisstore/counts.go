package redisstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const (
	holdBack  = time.Second / 2 // how long counters of no record stay in memory
	perCall   = 1000            // counters in one call of counts.lua
	remember  = 3600            // seconds that Redis knows the token of a call
	mayTry    = 3600            // times, holdBack apart, so well within remember
	spanChunk = 512             // hours or days read in one pipeline
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
		sums[slotOf(c)] += c.N
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
	counts := counters{}
	for _, at := range slots {
		counts.add(at, sums[at])
	}
	a := &addition{size: len(slots)}
	a.keys, a.args = counts.write(site, []string{factsKey(site), tokenKey(site, rand.Text())}, []any{schema, remember, len(counts.list)})
	return a
}
