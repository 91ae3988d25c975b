package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

const (
	logChunk     = 64  // pieces of the log read in one round trip
	secretsChunk = 512 // secrets read in one round trip
	historyChunk = 128 // entries followed in one script call
)

// Record implements consent.Store.
func (s *Store) Record(ctx context.Context, site string, id consent.ID) (consent.Stored, error) {
	if err := s.readable(ctx, site); err != nil {
		return consent.Stored{}, err
	}
	held, err := s.client.HGet(ctx, recordBucket(site, id), string(id[bucketSize:])).Result()
	if errors.Is(err, redis.Nil) || held == awaited {
		return consent.Stored{}, consent.ErrNotFound
	}
	if err != nil {
		return consent.Stored{}, fmt.Errorf("read record: %w", unavailable(err))
	}
	stored, err := s.record(ctx, site, id, held)
	if err != nil {
		return consent.Stored{}, fmt.Errorf("read record: %w", unavailable(err))
	}
	return stored, nil
}

func (s *Store) record(ctx context.Context, site string, id consent.ID, held string) (consent.Stored, error) {
	index, err := heldIndex(held, secretsSize)
	if err != nil {
		return consent.Stored{}, err
	}
	piece, _, err := s.piece(ctx, site, index)
	if err != nil {
		return consent.Stored{}, err
	}
	return decodeHeld(site, id, held, piece)
}

// History implements consent.Store.
func (s *Store) History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error) {
	if err := s.readable(ctx, site); err != nil {
		return nil, err
	}
	var list []consent.LogEntry
	if subject == (consent.ID{}) {
		return nil, nil
	}
	for from := ""; from != "0"; {
		reply, err := s.scripts.history.Run(ctx, s.client, []string{logKey(site), subjectBucket(site, subject), movedKey(site)},
			string(subject[bucketSize:]), from, historyChunk).Slice()
		if err != nil {
			return nil, fmt.Errorf("read history: %w", unavailable(err))
		}
		var part []consent.LogEntry
		if part, from, err = readHistory(site, reply); err != nil {
			return nil, fmt.Errorf("read history: %w", unavailable(err))
		}
		list = append(list, part...)
	}
	slices.Reverse(list)
	if _, err := s.fillSecrets(ctx, site, list); err != nil {
		return nil, fmt.Errorf("read history: %w", unavailable(err))
	}
	stored := make([]consent.Stored, 0, len(list))
	for _, e := range list {
		if e.Record.Subject == subject { // a pruned one is nobody's
			stored = append(stored, e.Record)
		}
	}
	return stored, nil
}

// readHistory takes history.lua's answer.
func readHistory(site string, reply []any) (list []consent.LogEntry, from string, err error) {
	if len(reply) != 2 {
		return nil, "", errForeign
	}
	from = text(reply[0])
	flat, ok := reply[1].([]any)
	if !ok || from == "" || len(flat)%2 == 1 || (len(flat) == 0 && from != "0") {
		return nil, "", errForeign
	}
	for pair := range slices.Chunk(flat, 2) {
		e, err := decodeEntry(site, text(pair[1]))
		place, err2 := strconv.ParseInt(text(pair[0]), 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, "", err
		}
		setIndex(&e, place-1)
		list = append(list, e)
	}
	return list, from, nil
}

// Log implements consent.Store.
func (s *Store) Log(ctx context.Context, site string, from int64, yield func(consent.LogEntry) bool) error {
	if err := s.readable(ctx, site); err != nil {
		return err
	}
	for from = max(from, 0); ; {
		list, err := s.logFrom(ctx, site, from)
		if err == nil {
			_, err = s.fillSecrets(ctx, site, list)
		}
		if err != nil {
			return fmt.Errorf("read log: %w", unavailable(err))
		}
		for _, e := range list {
			if !yield(e) {
				return nil
			}
		}
		if len(list) == 0 {
			return nil
		}
		from += int64(len(list))
	}
}

// logFrom reads the next entries without their secrets, none at the end, and
// makes sure that none is missing between them.
func (s *Store) logFrom(ctx context.Context, site string, from int64) ([]consent.LogEntry, error) {
	pieces, err := s.piecesFrom(ctx, site, from)
	if err != nil || len(pieces) == 0 {
		return nil, err
	}
	list, err := decodePieces(site, pieces)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 && list[0].Index < from { // the piece began earlier
		list = list[min(from-list[0].Index, int64(len(list))):]
	}
	if len(list) == 0 || list[0].Index != from {
		return nil, fmt.Errorf("the log of %s lacks entry %d", site, from)
	}
	for i, e := range list {
		if e.Index != from+int64(i) {
			return list[:i], nil // what comes next has been moved, or the next call finds it missing
		}
	}
	return list, nil
}

// piecesFrom reads the next pieces of the log, those that were moved among them; none
// at the end.
func (s *Store) piecesFrom(ctx context.Context, site string, from int64) ([]redis.XMessage, error) {
	pieces, err := s.client.XRangeN(ctx, logKey(site), streamID(from), "+", logChunk).Result()
	if err != nil || len(pieces) == 0 {
		return nil, err
	}
	list, err := decodePiece(site, pieces[0])
	if err != nil {
		return nil, fmt.Errorf("log of %s at place %s: %w", site, pieces[0].ID, err)
	}
	if list[0].Index > from { // what comes before has been moved
		pieces, err = s.moved(ctx, site, from, strconv.FormatInt(list[0].Index, 10), logChunk)
		if err == nil && len(pieces) == 0 {
			err = fmt.Errorf("the log of %s lacks entry %d", site, from)
		}
	}
	return pieces, err
}

func decodePieces(site string, pieces []redis.XMessage) (list []consent.LogEntry, err error) {
	for _, piece := range pieces {
		part, err := decodePiece(site, piece)
		if err != nil {
			return nil, fmt.Errorf("log of %s at place %s: %w", site, piece.ID, err)
		}
		list = append(list, part...)
	}
	return list, nil
}

// fillSecrets adds what the records' buckets hold, in one pipeline for every
// secretsChunk entries, and reports which were pruned.
func (s *Store) fillSecrets(ctx context.Context, site string, list []consent.LogEntry) (pruned []bool, err error) {
	pruned = make([]bool, 0, len(list))
	for part := range slices.Chunk(list, secretsChunk) {
		pipe := s.client.Pipeline()
		held := make([]*redis.StringCmd, len(part))
		for i, e := range part {
			if e.Kind == "" {
				held[i] = pipe.HGet(ctx, recordBucket(site, e.Record.Record), string(e.Record.Record[bucketSize:]))
			}
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		for i := range part {
			if part[i].Kind != "" {
				pruned = append(pruned, false)
				continue
			}
			if err := held[i].Err(); err != nil && !errors.Is(err, redis.Nil) {
				return nil, err
			}
			pruned = append(pruned, addSecrets(&part[i].Record, held[i].Val()))
		}
	}
	return pruned, nil
}

// text reads a string of an answer; anything else is empty, which no decoder
// takes.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}
