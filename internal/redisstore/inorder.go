package redisstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// AppendInOrder appends entries in their order, as many in one step as a script
// call takes; between sites there is no order. When it fails some may have been
// appended, and may be sent again like any entry. It does not use the queue of
// Append.
func (s *Store) AppendInOrder(ctx context.Context, entries []consent.Entry) (stored []consent.Stored, dup []bool, err error) {
	if err := s.ready(ctx); err != nil {
		return nil, nil, err
	}
	jobs := make([]*job, len(entries))
	for i := range entries {
		if jobs[i], err = newJob(ctx, &entries[i]); err != nil {
			return nil, nil, err
		}
	}
	for part := range slices.Chunk(jobs, maxBatch) {
		s.flush(batches(part))
		for _, j := range part {
			out := s.found(ctx, j, <-j.done)
			if out.err != nil {
				return nil, nil, fmt.Errorf("append in order: %w", out.err)
			}
			stored, dup = append(stored, out.stored), append(dup, out.dup)
		}
	}
	return stored, dup, nil
}
