package redisstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// erasuresChunk is how many erasures are read in one round trip.
const erasuresChunk = 500

// Erase implements consent.Store. What was listed before an error stays so.
func (s *Store) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	if err := s.writable(ctx, site); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	listed := int64(0)
	for chunk := range slices.Chunk(list, maxBatch) {
		c := &call{
			keys: []string{factsKey(site), erasuresKey(site)},
			args: []any{schema},
		}
		for _, e := range chunk {
			c.keys = append(c.keys, recordBucket(site, e.Record))
			c.args = append(c.args, appendTime(e.Record[:], e.Time))
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
func (s *Store) Erasures(ctx context.Context, site string, from int64, yield func(int64, consent.Erasure) bool) error {
	if err := s.readable(ctx, site); err != nil {
		return err
	}
	for from = max(from, 0); ; {
		list, err := s.client.XRangeN(ctx, erasuresKey(site), streamID(from), "+", erasuresChunk).Result()
		if err != nil {
			return fmt.Errorf("read erasures: %w", unavailable(err))
		}
		for _, message := range list {
			e, ok := decodeErasure(text(message.Values["e"]))
			if !ok || message.ID != streamID(from) {
				return fmt.Errorf("read erasures: %w", unavailable(fmt.Errorf("%w at place %s", errForeign, message.ID)))
			}
			if !yield(from, e) {
				return nil
			}
			from++
		}
		if len(list) == 0 {
			return nil
		}
	}
}

func decodeErasure(b string) (e consent.Erasure, ok bool) {
	if len(b) != len(e.Record)+timeSize {
		return e, false
	}
	copy(e.Record[:], b)
	e.Time = readTime(b[len(e.Record):])
	return e, true
}
