package redisstore

import (
	"context"
	"crypto/sha1" // names bytes for a comparison in a script, which has nothing else
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// Prune implements consent.Store. The log's pieces, up to the last one that
// holds a pruned entry, are taken out of the stream, whose bytes cannot change, and
// written anew without the sealed bytes and subjects of what was pruned. What
// cannot be written yet, the newest piece, and what a crash has left, is noted in
// Redis; the next call does it, without ids as well.
func (s *Store) Prune(ctx context.Context, site string, ids []consent.ID) error {
	if err := s.readable(ctx, site); err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	if err := s.prune(ctx, site, ids); err != nil {
		return fmt.Errorf("prune: %w", unavailable(err))
	}
	s.scrubs.wake()
	return nil
}

func (s *Store) prune(ctx context.Context, site string, ids []consent.ID) error {
	if err := s.finishPrunes(ctx, site); err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, maxBatch) {
		c := &call{keys: []string{factsKey(site), unmovedKey(site)}, args: []any{schema}}
		for _, id := range chunk {
			c.keys = append(c.keys, recordBucket(site, id))
			c.args = append(c.args, id[bucketSize:])
		}
		s.run(ctx, s.scripts.prune, []*call{c})
		places, err := c.cmd.Int64Slice()
		if err != nil {
			return err
		}
		if _, err := s.movePlaces(ctx, site, places); err != nil {
			return err
		}
	}
	return nil
}

// finishPrunes does what earlier calls have left.
func (s *Store) finishPrunes(ctx context.Context, site string) error {
	waiting, err := s.client.HGet(ctx, factsKey(site), "waiting").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	if waiting > 0 { // of a program that noted nothing else
		stays, err := s.movePlaces(ctx, site, []int64{waiting})
		if err == nil && stays == 0 {
			err = s.client.HDel(ctx, factsKey(site), "waiting").Err()
		}
		if err != nil {
			return err
		}
	}
	for {
		list, err := s.client.ZRangeByScore(ctx, unmovedKey(site), &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: maxBatch}).Result()
		if err != nil || len(list) == 0 {
			return err
		}
		places := make([]int64, len(list))
		for i, place := range list {
			if places[i], err = strconv.ParseInt(place, 10, 64); err != nil {
				return fmt.Errorf("%w: %w", errForeign, err)
			}
		}
		if stays, err := s.movePlaces(ctx, site, places); err != nil || stays > 0 {
			return err
		}
	}
}

// movePlaces writes anew the pieces that hold these places and notes that it is
// done, but for those from stays on, in the newest piece; stays is 0 without any.
func (s *Store) movePlaces(ctx context.Context, site string, places []int64) (stays int64, err error) {
	if stays, err = s.movePieces(ctx, site, places); err != nil {
		return 0, err
	}
	pipe := s.client.Pipeline()
	for _, place := range places {
		if stays == 0 || place < stays {
			at := strconv.FormatInt(place, 10)
			pipe.ZRemRangeByScore(ctx, unmovedKey(site), at, at)
		}
	}
	_, err = pipe.Exec(ctx)
	return stays, err
}

// movePieces takes what was pruned out of the pieces that hold these places. In
// the stream that means all pieces up to the last of them: a node of the stream
// keeps its bytes until everything in it is gone. stays is the first place of the
// newest piece when that has to wait.
func (s *Store) movePieces(ctx context.Context, site string, places []int64) (stays int64, err error) {
	slices.Sort(places)
	var done, target int64
	for _, place := range places {
		if place <= done {
			continue
		}
		piece, streamed, err := s.piece(ctx, site, place-1)
		if err != nil {
			return 0, err
		}
		if done = pieceLast(piece); streamed {
			target = done
			continue
		}
		if err := s.stripMoved(ctx, site, place); err != nil {
			return 0, err
		}
	}
	return s.moveUpTo(ctx, site, target)
}

// stripMoved writes a piece anew that is in the stream no more.
func (s *Store) stripMoved(ctx context.Context, site string, place int64) error {
	for {
		piece, _, err := s.piece(ctx, site, place-1)
		if err != nil {
			return err
		}
		c, err := s.moving(ctx, site, piece)
		if err != nil {
			return err
		}
		s.run(ctx, s.scripts.move, []*call{c})
		if answer, err := c.cmd.Int(); err != nil || answer == 1 {
			return err
		} // somebody else has written it since
	}
}

// moveUpTo empties the stream up to a place, but for its newest piece, whose first
// place it returns when it was to go as well.
func (s *Store) moveUpTo(ctx context.Context, site string, target int64) (stays int64, err error) {
	for target > 0 {
		pieces, err := s.client.XRangeN(ctx, logKey(site), "-", streamID(target-1), logChunk).Result()
		if err != nil || len(pieces) == 0 {
			return 0, err
		}
		calls := make([]*call, len(pieces))
		for i, piece := range pieces {
			if calls[i], err = s.moving(ctx, site, piece); err != nil {
				return 0, err
			}
		}
		s.run(ctx, s.scripts.move, calls)
		for i, c := range calls {
			answer, err := c.cmd.Int()
			if err != nil {
				return 0, err
			}
			if answer == 0 {
				list, err := decodePiece(site, pieces[i])
				if err != nil {
					return 0, err
				}
				return list[0].Index + 1, nil
			}
		}
	}
	return 0, nil
}

// moving is the call that moves a piece as it should be now. The subjects that it
// names are forgotten first, since nobody knows them afterwards.
func (s *Store) moving(ctx context.Context, site string, piece redis.XMessage) (*call, error) {
	stripped, gone, err := s.strip(ctx, site, piece)
	if err != nil {
		return nil, err
	}
	for _, subject := range gone {
		if err := s.forgetSubject(ctx, site, subject); err != nil {
			return nil, err
		}
	}
	digest := sha1.Sum([]byte(text(piece.Values["e"])))
	return &call{
		keys: []string{logKey(site), movedKey(site), factsKey(site)},
		args: []any{pieceLast(piece), hex.EncodeToString(digest[:]), stripped},
	}, nil
}

// strip returns a piece's bytes without what was pruned of them.
func (s *Store) strip(ctx context.Context, site string, piece redis.XMessage) (stripped string, gone []consent.ID, err error) {
	list, err := decodePiece(site, piece)
	if err != nil {
		return "", nil, err
	}
	subjects := make([]consent.ID, len(list))
	for i, e := range list {
		subjects[i] = e.Record.Subject
	}
	pruned, err := s.fillSecrets(ctx, site, list)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	rest := text(piece.Values["e"])
	for i := range list {
		previous, after, _ := strings.Cut(rest, " ")
		end := lengthSize + int(after[0])<<8 + int(after[1]) // decodePiece has checked it
		entry := after[:end]
		if pruned[i] {
			logged, _ := encodeRecord(&list[i].Record.Entry)
			entry = string(logged)
			if subjects[i] != (consent.ID{}) {
				gone = append(gone, subjects[i])
			}
		}
		b.WriteString(previous + " " + entry)
		rest = after[end:]
	}
	return b.String(), gone, nil
}

// forgetSubject takes a subject that has no entry left out of its bucket.
func (s *Store) forgetSubject(ctx context.Context, site string, subject consent.ID) error {
	bucket, field := subjectBucket(site, subject), string(subject[bucketSize:])
	newest, err := s.client.HGet(ctx, bucket, field).Result()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return err
	}
	if list, err := s.History(ctx, site, subject); err != nil || len(list) > 0 {
		return err
	}
	c := &call{keys: []string{bucket}, args: []any{field, newest}}
	s.run(ctx, s.scripts.orphan, []*call{c})
	return c.cmd.Err()
}

// piece returns the piece of the log that has an index, and whether it is in the
// stream.
func (s *Store) piece(ctx context.Context, site string, index int64) (piece redis.XMessage, streamed bool, err error) {
	pieces, err := s.client.XRangeN(ctx, logKey(site), streamID(index), "+", 1).Result()
	if err != nil {
		return piece, false, err
	}
	if len(pieces) == 1 {
		list, err := decodePiece(site, pieces[0])
		if err != nil || list[0].Index <= index {
			return pieces[0], true, err
		}
	}
	moved, err := s.moved(ctx, site, index, "+inf", 1)
	if err == nil && len(moved) == 0 {
		err = fmt.Errorf("%w: the log of %s, %d", errLacks, site, index)
	}
	if err != nil {
		return piece, false, err
	}
	return moved[0], false, nil
}

// moved returns pieces that were taken out of the stream, in the stream's form:
// those whose last place is an index' or later, and no later than most.
func (s *Store) moved(ctx context.Context, site string, index int64, most string, count int64) ([]redis.XMessage, error) {
	list, err := s.client.ZRangeByScoreWithScores(ctx, movedKey(site), &redis.ZRangeBy{
		Min: strconv.FormatInt(index+1, 10), Max: most, Count: count,
	}).Result()
	if err != nil {
		return nil, err
	}
	pieces := make([]redis.XMessage, len(list))
	for i, z := range list {
		pieces[i] = redis.XMessage{ID: streamID(int64(z.Score) - 1), Values: map[string]any{"e": z.Member}}
	}
	return pieces, nil
}
