package redisstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// erasuresChunk is how many erasures are read in one round trip.
const erasuresChunk = 500

// Erase implements consent.Store. Ids that were listed before an error stay so.
func (s *Store) Erase(ctx context.Context, site string, ids []consent.ID, at time.Time) error {
	if err := s.writable(ctx, site); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	listed := int64(0)
	for chunk := range slices.Chunk(ids, maxBatch) {
		c := &call{
			keys: []string{factsKey(site), erasuresKey(site)},
			args: []any{schema, appendTime(nil, at)},
		}
		for _, id := range chunk {
			c.keys = append(c.keys, recordBucket(site, id))
			c.args = append(c.args, id[:])
		}
		s.run(ctx, s.scripts.erase, []*call{c})
		n, err := c.cmd.Int64()
		if err != nil {
			return fmt.Errorf("erase: %w", unavailable(err))
		}
		listed += n
	}
	if listed > 0 {
		s.scrubs.wake()
	}
	return nil
}

// Erasures implements consent.Store.
func (s *Store) Erasures(ctx context.Context, site string, from int64, yield func(int64, consent.ID, time.Time) bool) error {
	if err := s.readable(ctx, site); err != nil {
		return err
	}
	for from = max(from, 0); ; {
		list, err := s.client.XRangeN(ctx, erasuresKey(site), streamID(from), "+", erasuresChunk).Result()
		if err != nil {
			return fmt.Errorf("read erasures: %w", unavailable(err))
		}
		for _, message := range list {
			id, at, ok := decodeErasure(text(message.Values["e"]))
			if !ok || message.ID != streamID(from) {
				return fmt.Errorf("read erasures: %w", unavailable(fmt.Errorf("%w at place %s", errForeign, message.ID)))
			}
			if !yield(from, id, at) {
				return nil
			}
			from++
		}
		if len(list) == 0 {
			return nil
		}
	}
}

func decodeErasure(b string) (id consent.ID, at time.Time, ok bool) {
	if len(b) != len(id)+timeSize {
		return id, at, false
	}
	copy(id[:], b)
	return id, readTime(b[len(id):]), true
}
