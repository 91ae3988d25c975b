package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// scanChunk is how many keys a server looks at in one round trip.
const scanChunk = 1000

// list makes sure that a site is in the set of all before anything of it is
// written, and that its data are those of before. The set lies elsewhere in a cluster,
// so no script can do it.
func (s *Store) list(ctx context.Context, site string) error {
	connection := s.connections.Load()
	if seen(&s.listed, site, connection) {
		return nil
	}
	// Asked first, for a Redis that takes no writes still answers what it has.
	known, err := s.client.SIsMember(ctx, sitesKey, site).Result()
	if err == nil && !known {
		err = s.client.SAdd(ctx, sitesKey, site).Err()
	}
	if err == nil {
		err = s.recognise(ctx, site)
	}
	if err == nil {
		s.listed.Store(site, connection)
	}
	return err
}

// listSoon is list for those who write for many callers.
func (s *Store) listSoon(site string) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Timeout)
	defer cancel()
	return s.list(ctx, site)
}

// writable is ready for a site that something is written of.
func (s *Store) writable(ctx context.Context, site string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return unavailable(s.list(ctx, site))
}

// Sites implements consent.Store.
func (s *Store) Sites(ctx context.Context) ([]string, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	list, err := s.sites(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", unavailable(err))
	}
	return list, nil
}

func (s *Store) sites(ctx context.Context) ([]string, error) {
	list, err := s.client.SMembers(ctx, sitesKey).Result()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(list, "") {
		if list, err = s.findSites(ctx, list); err != nil {
			return nil, err
		}
	}
	pipe := s.client.Pipeline()
	written := make(map[string]*redis.StringCmd)
	for _, site := range list {
		written[site] = pipe.HGet(ctx, factsKey(site), "schema")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(site string) bool { return site == "" || written[site].Val() == "" })
	slices.Sort(list)
	return list, nil
}

// findSites adds the sites of schema 1, which kept no set, by their keys.
func (s *Store) findSites(ctx context.Context, list []string) ([]string, error) {
	var mu sync.Mutex
	scan := func(ctx context.Context, server redis.Cmdable) error {
		keys := server.Scan(ctx, 0, factsKey("*"), scanChunk).Iterator()
		for keys.Next(ctx) {
			site := strings.TrimSuffix(strings.TrimPrefix(keys.Val(), "m:{"), "}")
			mu.Lock()
			list = append(list, site)
			mu.Unlock()
		}
		return keys.Err()
	}
	var err error
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, server *redis.Client) error { return scan(ctx, server) })
	} else {
		err = scan(ctx, s.client)
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(list)
	list = slices.Compact(append(list, "")) // "" says that they are complete
	members := make([]any, len(list))
	for i, site := range list {
		members[i] = site
	}
	return list, s.client.SAdd(ctx, sitesKey, members...).Err()
}
