package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// bucketsChunk is how many buckets are read in one round trip.
const bucketsChunk = 512

// Filed reads the buckets of records, the places in the log that lead from a subject's
// entry to the one before it, and the buckets of subjects, which lead to the newest.
// It keeps some 40 bytes for each entry that is pruned or nobody's.
func (s *Store) Filed(ctx context.Context, site string, yield func(consent.Filing) bool) error {
	if err := s.readable(ctx, site); err != nil {
		return err
	}
	goes := true
	told := func(f consent.Filing) { goes = goes && yield(f) }
	err := s.eachHeld(ctx, site, recordBucket, func(id consent.ID, held string) bool {
		if held != awaited {
			told(consent.Filing{ID: id, Index: heldOr(held, -1)})
		}
		return goes
	})
	c := chains{}
	if err == nil && goes {
		err = s.eachLink(ctx, site, func(e consent.LogEntry, previous int64) bool { c.link(e, previous, told); return goes })
	}
	if err == nil && goes {
		err = s.eachHeld(ctx, site, subjectBucket, func(id consent.ID, held string) bool {
			if place := c.follow(heldOr(held, -1) + 1); place > 0 {
				told(consent.Filing{ID: id, Subject: true, Index: place - 1})
			}
			return goes
		})
	}
	if err != nil {
		return fmt.Errorf("read indexes: %w", unavailable(err))
	}
	return nil
}

func heldOr(held string, foreign int64) int64 {
	if index, err := heldIndex(held, secretsSize); err == nil {
		return index
	}
	return foreign
}

// chains are the ways through entries that say no more whose they were: from the place
// of one to the first place before it that does, or 0.
type chains map[int64]int64

func (c chains) follow(place int64) int64 {
	if to, ok := c[place]; ok {
		return to
	}
	return place
}

// link takes in the next entry of the log, and tells where its subject's history goes on.
// With each place of a subject told once, and none from an earlier one, its history is whole.
func (c chains) link(e consent.LogEntry, previous int64, told func(consent.Filing)) {
	before := c.follow(previous)
	switch subject := e.Record.Subject; {
	case e.Kind != "":
	case subject == consent.ID{}:
		c[e.Index+1] = before
	case previous > e.Index:
		told(consent.Filing{ID: subject, Subject: true, Index: -1})
	case before > 0:
		told(consent.Filing{ID: subject, Subject: true, Index: before - 1})
	}
}

// eachHeld reads all buckets of records or of subjects.
func (s *Store) eachHeld(ctx context.Context, site string, key func(string, consent.ID) string, do func(id consent.ID, held string) bool) error {
	for from := 0; from < 1<<(8*bucketSize); from += bucketsChunk {
		pipe := s.client.Pipeline()
		var buckets [bucketsChunk]*redis.MapStringStringCmd
		for n := range buckets {
			buckets[n] = pipe.HGetAll(ctx, key(site, bucketID(from+n)))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		for n, bucket := range buckets {
			for field, held := range bucket.Val() {
				id := bucketID(from + n)
				if copy(id[bucketSize:], field); !do(id, held) {
					return nil
				}
			}
		}
	}
	return nil
}

// bucketID is the first id of a bucket.
func bucketID(n int) (id consent.ID) {
	id[0], id[1] = byte(n>>8), byte(n)
	return id
}

// eachLink reads the log with the places that lead to the entries before, until do
// returns false.
func (s *Store) eachLink(ctx context.Context, site string, do func(e consent.LogEntry, previous int64) bool) error {
	for from := int64(0); ; {
		pieces, err := s.piecesFrom(ctx, site, from)
		if err != nil || len(pieces) == 0 {
			return err
		}
		begun := from
		for _, piece := range pieces {
			list, err := decodePiece(site, piece)
			if err != nil {
				return err
			}
			links := linksOf(piece)
			for i, e := range list {
				if e.Index != from { // of a piece that began earlier, or after some that were moved
					continue
				}
				if !do(e, links[i]) {
					return nil
				}
				from++
			}
		}
		if from == begun {
			return fmt.Errorf("the log of %s lacks entry %d", site, from)
		}
	}
}

// linksOf reads the place of its subject's entry before it from each entry of a piece
// that decodePiece takes; -1 is none at all.
func linksOf(piece redis.XMessage) (list []int64) {
	for rest := text(piece.Values["e"]); rest != ""; {
		previous, after, _ := strings.Cut(rest, " ")
		place, err := strconv.ParseInt(previous, 10, 64)
		if err != nil {
			place = -1
		}
		list, rest = append(list, place), after[lengthSize+int(after[0])<<8+int(after[1]):]
	}
	return list
}
