package redisstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// errKeepsFiles is a Redis that does not let this program rewrite its files.
var errKeepsFiles = fmt.Errorf("%w: this Redis does not let its files be rewritten (BGREWRITEAOF, BGSAVE, INFO): "+
	"what was erased stays in them until it rewrites them by itself", consent.ErrUnavailable)

// scrubs are the rewrites of Redis' files after erasures: one at a time, and for
// all erasures that came while it waited.
type scrubs struct {
	due  chan struct{}
	turn chan struct{} // taken by who rewrites
}

func newScrubs() scrubs {
	return scrubs{due: make(chan struct{}, 1), turn: make(chan struct{}, 1)}
}

func (s *scrubs) wake() {
	select {
	case s.due <- struct{}{}:
	default:
	}
}

// keepClean scrubs after erasures, also after those of another server or of an
// earlier life.
func (s *Store) keepClean() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-s.stop
		cancel()
	}()
	s.scrubs.wake()
	for {
		select {
		case <-s.scrubs.due:
		case <-s.stop:
			return
		}
		did, err := s.scrubInTurn(ctx)
		if err != nil && ctx.Err() == nil {
			s.options.Log.Warn("Redis' files were not rewritten after erasures", "error", err)
			if !errors.Is(err, errKeepsFiles) {
				s.scrubs.wake()
			}
		} else if !did {
			continue
		}
		select {
		case <-time.After(s.options.Scrub):
		case <-s.stop:
			return
		}
	}
}

// Scrub implements consent.Store. It rewrites the append-only file of every
// server, replicas included, and its snapshot where one may exist. The AOF that
// replaces the old one begins with a state after the erasure.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	_, err := s.scrubInTurn(ctx)
	return err
}

func (s *Store) scrubInTurn(ctx context.Context) (did bool, err error) {
	select {
	case s.scrubs.turn <- struct{}{}:
		defer func() { <-s.scrubs.turn }()
	case <-ctx.Done():
		return false, fmt.Errorf("scrub: %w", unavailable(ctx.Err()))
	}
	stale, err := s.stale(ctx)
	if err == nil && len(stale) > 0 {
		did, err = true, s.scrub(ctx, stale)
	}
	if err != nil {
		return did, fmt.Errorf("scrub: %w", unavailable(err))
	}
	return did, nil
}

func (s *Store) scrub(ctx context.Context, stale map[string]traces) error {
	if err := s.rewriteAll(ctx); err != nil {
		if strings.Contains(err.Error(), "NOPERM") || strings.Contains(err.Error(), "unknown command") {
			return fmt.Errorf("%w: %w", errKeepsFiles, err)
		}
		return err
	}
	for _, site := range slices.Sorted(maps.Keys(stale)) {
		c := &call{keys: []string{factsKey(site)}, args: []any{stale[site].erased, stale[site].pruned}}
		if s.run(ctx, s.scripts.scrubbed, []*call{c}); c.cmd.Err() != nil {
			return c.cmd.Err()
		}
	}
	return nil
}

// traces are what a site's facts said before a rewrite.
type traces struct {
	erased int64  // last place of its erasures
	pruned string // how often it was pruned since the last rewrite, '' for never
}

// stale returns the sites of which files may still hold what was erased or
// pruned.
func (s *Store) stale(ctx context.Context) (map[string]traces, error) {
	sites, err := s.sites(ctx)
	if err != nil || len(sites) == 0 {
		return nil, err
	}
	pipe := s.client.Pipeline()
	newest, scrubbed := make(map[string]*redis.XMessageSliceCmd), make(map[string]*redis.SliceCmd)
	for _, site := range sites {
		newest[site] = pipe.XRevRangeN(ctx, erasuresKey(site), "+", "-", 1)
		scrubbed[site] = pipe.HMGet(ctx, factsKey(site), "scrubbed", "pruned")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	stale := make(map[string]traces)
	for _, site := range sites {
		if err := errors.Join(newest[site].Err(), scrubbed[site].Err()); err != nil {
			return nil, err
		}
		now := traces{pruned: text(scrubbed[site].Val()[1])}
		if list := newest[site].Val(); len(list) == 1 {
			now.erased = pieceLast(list[0])
		}
		done, _ := strconv.ParseInt(text(scrubbed[site].Val()[0]), 10, 64) // 0 for none
		if done < now.erased || now.pruned != "" {
			stale[site] = now
		}
	}
	return stale, nil
}
