package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// Import implements consent.Store. What came before an error stays.
func (s *Store) Import(ctx context.Context, site string, entries []consent.Stored) error {
	err := s.writable(ctx, site)
	if err == nil {
		err = s.follows(ctx, site, entries)
	}
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	for chunk := range slices.Chunk(entries, s.options.Batch) {
		jobs := make([]*job, len(chunk))
		for i, e := range chunk {
			jobs[i] = importJob(ctx, site, e)
		}
		s.flush(batches(jobs))
		for i, j := range jobs {
			out := <-j.done
			if out.err == nil && (out.dup || out.stored.Index != chunk[i].Index) {
				out.err = fmt.Errorf("%w: somebody else writes to %s", consent.ErrConflict, site)
			}
			if out.err != nil {
				return fmt.Errorf("import: %w", out.err)
			}
		}
	}
	return nil
}

func importJob(ctx context.Context, site string, e consent.Stored) *job {
	j := &job{ctx: ctx, entry: e.Entry, done: make(chan outcome, 1)}
	j.entry.Site, j.entry.Time, j.entry.Counts = site, consent.At(e.Time).Time, nil
	j.logged, j.secret = encodeRecord(&j.entry)
	if e.Erased {
		j.secret = []byte{}
	}
	return j
}

// follows makes sure that the entries are new and go on where the log ends.
func (s *Store) follows(ctx context.Context, site string, entries []consent.Stored) error {
	head, err := s.Head(ctx, site)
	if err != nil {
		return err
	}
	seen := make(map[consent.ID]bool, len(entries))
	pipe := s.client.Pipeline()
	held := make([]*redis.StringCmd, len(entries))
	for i, e := range entries {
		if due := head.Size + int64(i); e.Index != due || seen[e.Record] {
			return fmt.Errorf("%w: the log of %s goes on at %d, not at %d, and with a new record", consent.ErrConflict, site, due, e.Index)
		}
		seen[e.Record] = true
		held[i] = pipe.HGet(ctx, recordBucket(site, e.Record), string(e.Record[bucketSize:]))
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return unavailable(err)
	}
	for i, cmd := range held {
		if got := cmd.Val(); got != "" && got != awaited {
			return fmt.Errorf("%w: record %s is there already", consent.ErrConflict, entries[i].Record)
		}
	}
	return nil
}
