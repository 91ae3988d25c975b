package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// Head implements consent.Store.
func (s *Store) Head(ctx context.Context, site string) (h consent.Head, err error) {
	if err := s.readable(ctx, site); err != nil {
		return h, err
	}
	pieces, err := s.client.XRevRangeN(ctx, logKey(site), "+", "-", 1).Result()
	if err != nil {
		return h, fmt.Errorf("read head: %w", unavailable(err))
	}
	if len(pieces) == 0 {
		return h, nil
	}
	list, err := decodePiece(site, pieces[0])
	if err != nil {
		return h, fmt.Errorf("read head: %w", unavailable(err))
	}
	last := list[len(list)-1]
	h = consent.Head{Size: last.Index + 1, Newest: last.Record.Time}
	if last.Kind != "" {
		head, err := s.client.HGet(ctx, artefactKey(site, last.Digest), "head").Result()
		var a consent.Artefact
		if err == nil {
			err = decodeHead(&a, head)
		}
		if err != nil {
			return h, fmt.Errorf("read head: %w", unavailable(err))
		}
		h.Newest = a.Time
	}
	return h, nil
}

// Leaves implements consent.Store.
func (s *Store) Leaves(ctx context.Context, site string, from int64, n int) (leaves [][32]byte, err error) {
	if err := s.readable(ctx, site); err != nil {
		return nil, err
	}
	for len(leaves) < n {
		list, err := s.logFrom(ctx, site, max(from, 0)+int64(len(leaves)))
		if err != nil {
			return nil, fmt.Errorf("read leaves: %w", unavailable(err))
		}
		if len(list) == 0 {
			break
		}
		for _, e := range list[:min(n-len(leaves), len(list))] {
			leaves = append(leaves, e.Leaf)
		}
	}
	return leaves, nil
}

// Checkpoint implements consent.Store.
func (s *Store) Checkpoint(ctx context.Context, site string) ([]byte, error) {
	if err := s.readable(ctx, site); err != nil {
		return nil, err
	}
	note, err := s.client.Get(ctx, checkpointKey(site)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", unavailable(err))
	}
	return note, nil
}

// SwapCheckpoint implements consent.Store.
func (s *Store) SwapCheckpoint(ctx context.Context, site string, old, next []byte) error {
	if err := s.writable(ctx, site); err != nil {
		return fmt.Errorf("swap checkpoint: %w", err)
	}
	c := &call{keys: []string{factsKey(site), checkpointKey(site)}, args: []any{schema, old, next}}
	s.run(ctx, s.scripts.swap, []*call{c})
	swapped, err := c.cmd.Bool()
	if err != nil {
		return fmt.Errorf("swap checkpoint: %w", unavailable(err))
	}
	if !swapped {
		return fmt.Errorf("swap checkpoint: %w", consent.ErrConflict)
	}
	return nil
}

// PutTile implements consent.Store.
func (s *Store) PutTile(ctx context.Context, site, name string, body []byte) error {
	err := s.readable(ctx, site)
	if err == nil {
		err = unavailable(s.list(ctx, site))
	}
	if err == nil {
		err = unavailable(s.client.Set(ctx, tileKey(site, name), body, 0).Err())
	}
	if err != nil {
		return fmt.Errorf("put tile: %w", err)
	}
	return nil
}

// Tile implements consent.Store.
func (s *Store) Tile(ctx context.Context, site, name string) ([]byte, error) {
	if err := s.readable(ctx, site); err != nil {
		return nil, err
	}
	body, err := s.client.Get(ctx, tileKey(site, name)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("tile %s: %w", name, consent.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("tile %s: %w", name, unavailable(err))
	}
	return body, nil
}
