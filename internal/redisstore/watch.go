package redisstore

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

const (
	watchChunk = 500 // artefacts that one pipeline looks for: Redis does nothing else meanwhile
	watchLost  = 3   // how often one may be lost until nobody looks for it any more
)

// note keeps in mind that an artefact is there that records may refer to.
func (m *marks) note(site, digest, kind string) {
	if !consent.Referred(kind) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.artefacts[site] == nil {
		m.artefacts[site] = make(map[string]int)
	}
	m.artefacts[site][digest] += 0
}

// noted lists a site's artefacts that are in mind.
func (m *marks) noted(site string) (digests []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for digest, lost := range m.artefacts[site] {
		if lost < watchLost {
			digests = append(digests, digest)
		}
	}
	return digests
}

// watch looks whether the data of sites that nobody writes to at the moment are still
// there, and whether the artefacts are that this store has put or read: an append needs
// none of their keys, of which an evicting Redis may drop one and leave all else.
func (s *Store) watch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	for _, site := range s.marks.names() {
		known := s.marks.of(site)
		if known.mark == "" {
			continue
		}
		mark, err := s.client.HGet(ctx, factsKey(site), "mark").Result()
		if errors.Is(err, redis.Nil) || err == nil && mark != known.mark {
			_ = s.lose(site, known.mark)
			continue
		}
		if gone := s.lacks(ctx, site); len(gone) > 0 {
			_ = s.lose(site, known.mark, gone...)
		}
	}
}

// lacks lists those of a site's artefacts in mind of which a key is gone, as far as Redis
// answers.
func (s *Store) lacks(ctx context.Context, site string) (gone []string) {
	for part := range slices.Chunk(s.marks.noted(site), watchChunk) {
		pipe := s.client.Pipeline()
		kept := make([]*redis.SliceCmd, len(part))
		for i, digest := range part {
			kept[i] = pipe.HMGet(ctx, artefactKey(site, digest), "kind", "head")
		}
		_, _ = pipe.Exec(ctx) // each has its own outcome
		listed := make([]*redis.StringCmd, len(part))
		for i, digest := range part {
			if fields, err := kept[i].Result(); err == nil && fields[1] != nil {
				listed[i] = pipe.HGet(ctx, kindKey(site, text(fields[0])), digest)
			} else if err == nil {
				gone = append(gone, digest)
			}
		}
		_, _ = pipe.Exec(ctx)
		for i, digest := range part {
			if listed[i] != nil && errors.Is(listed[i].Err(), redis.Nil) {
				gone = append(gone, digest)
			}
		}
	}
	return gone
}
