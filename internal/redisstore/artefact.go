package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// PutArtefact implements consent.Store. A kind has 1 to 255 bytes,
// a digest up to 255.
func (s *Store) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	if a.Kind == "" || len(a.Kind) > 255 || len(a.Digest) > 255 {
		return errors.New("put artefact: a kind has 1 to 255 bytes, a digest up to 255")
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.list(ctx, site); err != nil {
		return fmt.Errorf("put artefact: %w", unavailable(err))
	}
	c := &call{
		keys: []string{factsKey(site), logKey(site), artefactKey(site, a.Digest), kindKey(site, a.Kind)},
		args: []any{schema, a.Digest, encodeHead(&a), a.Kind, a.Body, encodeArtefact(&a)},
	}
	mark := s.marks.of(site).mark
	s.run(ctx, s.scripts.artefact, []*call{c})
	head, err := c.cmd.Text()
	var there consent.Artefact
	if err == nil {
		err = decodeHead(&there, head)
	}
	if err != nil {
		return fmt.Errorf("put artefact: %w", unavailable(err))
	}
	s.marks.reach(site, mark, there.Index, there.Leaf)
	s.marks.note(site, a.Digest, a.Kind)
	return nil
}

// Artefact implements consent.Store.
func (s *Store) Artefact(ctx context.Context, site, digest string) (consent.Artefact, error) {
	if err := s.readable(ctx, site); err != nil {
		return consent.Artefact{}, err
	}
	values, err := s.client.HMGet(ctx, artefactKey(site, digest), "kind", "head", "body").Result()
	if err != nil {
		return consent.Artefact{}, fmt.Errorf("read artefact: %w", unavailable(err))
	}
	if values[1] == nil {
		return consent.Artefact{}, consent.ErrNotFound
	}
	a := consent.Artefact{Kind: text(values[0]), Digest: digest, Body: []byte(text(values[2]))}
	if err := decodeHead(&a, text(values[1])); err != nil {
		return consent.Artefact{}, fmt.Errorf("read artefact %s: %w", digest, unavailable(err))
	}
	s.marks.note(site, digest, a.Kind)
	return a, nil
}

// Artefacts implements consent.Store.
func (s *Store) Artefacts(ctx context.Context, site, kind string) ([]consent.Artefact, error) {
	if err := s.readable(ctx, site); err != nil {
		return nil, err
	}
	heads, err := s.client.HGetAll(ctx, kindKey(site, kind)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("list artefacts: %w", unavailable(err))
	}
	list := make([]consent.Artefact, 0, len(heads))
	for digest, head := range heads {
		a := consent.Artefact{Kind: kind, Digest: digest}
		if err := decodeHead(&a, head); err != nil {
			return nil, fmt.Errorf("list artefacts: %s: %w", digest, unavailable(err))
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b consent.Artefact) int { return cmp.Compare(a.Index, b.Index) })
	return list, nil
}
