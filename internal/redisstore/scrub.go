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

// keepClean scrubs after erasures, and looks again and again: others erase as well,
// and a replica that was away during a rewrite still has in its files what was
// erased.
func (s *Store) keepClean() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-s.stop
		cancel()
	}()
	s.scrubs.wake()
	tick := time.NewTicker(s.options.Scrub)
	defer tick.Stop()
	for {
		select {
		case <-s.scrubs.due:
		case <-tick.C:
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
// replaces the old one begins with a state after the erasure. A replica that is away
// is no part of the store meanwhile: its files are rewritten within Options.Scrub
// of its return.
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
	sites, err := s.traces(ctx)
	if err == nil && len(sites) > 0 {
		did, err = s.scrub(ctx, sites)
	}
	if err != nil {
		return did, fmt.Errorf("scrub: %w", unavailable(err))
	}
	return did, nil
}

// scrub rewrites the files of all servers when a site has news, and else of those
// that have not been seen since the last time.
func (s *Store) scrub(ctx context.Context, sites map[string]traces) (did bool, err error) {
	clean := cleanServers(sites)
	seen, err := s.rewriteAll(ctx, clean)
	if err != nil {
		if strings.Contains(err.Error(), "NOPERM") || strings.Contains(err.Error(), "unknown command") {
			return false, fmt.Errorf("%w: %w", errKeepsFiles, err)
		}
		return false, err
	}
	if !slices.ContainsFunc(seen, func(id string) bool { return !clean[id] }) {
		return false, nil
	}
	for _, site := range slices.Sorted(maps.Keys(sites)) {
		c := &call{keys: []string{factsKey(site)}, args: []any{sites[site].erased, sites[site].pruned, strings.Join(seen, " ")}}
		if s.run(ctx, s.scripts.scrubbed, []*call{c}); c.cmd.Err() != nil {
			return true, c.cmd.Err()
		}
	}
	return true, nil
}

// cleanServers returns the run ids of the servers whose files hold nothing of what
// any site has erased or pruned.
func cleanServers(sites map[string]traces) map[string]bool {
	times := make(map[string]int)
	for _, t := range sites {
		for id := range strings.FieldsSeq(t.clean) {
			times[id]++
		}
	}
	clean := make(map[string]bool)
	for id, n := range times {
		clean[id] = n == len(sites)
	}
	return clean
}

// traces are what a site's facts said before a rewrite, for a site of which anything
// was ever erased or pruned.
type traces struct {
	erased int64  // last place of its erasures
	pruned string // how often it was pruned since the last rewrite, '' for never
	clean  string // run ids of the servers that were rewritten since the newest of both
}

// traces returns the sites of which files may hold, or may have held, what was
// erased or pruned.
func (s *Store) traces(ctx context.Context) (map[string]traces, error) {
	sites, err := s.sites(ctx)
	if err != nil || len(sites) == 0 {
		return nil, err
	}
	pipe := s.client.Pipeline()
	newest, scrubbed := make(map[string]*redis.XMessageSliceCmd), make(map[string]*redis.SliceCmd)
	for _, site := range sites {
		newest[site] = pipe.XRevRangeN(ctx, erasuresKey(site), "+", "-", 1)
		scrubbed[site] = pipe.HMGet(ctx, factsKey(site), "scrubbed", "pruned", "clean")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	found := make(map[string]traces)
	for _, site := range sites {
		if err := errors.Join(newest[site].Err(), scrubbed[site].Err()); err != nil {
			return nil, err
		}
		facts := scrubbed[site].Val()
		now := traces{pruned: text(facts[1]), clean: text(facts[2])}
		if list := newest[site].Val(); len(list) == 1 {
			now.erased = pieceLast(list[0])
		}
		done, _ := strconv.ParseInt(text(facts[0]), 10, 64) // 0 for none
		if done < now.erased || now.pruned != "" {
			now.clean = ""
		} else if now.clean == "" && done == 0 {
			continue // nothing was ever taken from it
		}
		found[site] = now
	}
	return found, nil
}
