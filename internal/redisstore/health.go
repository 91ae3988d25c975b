package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// errTooOld is a Redis whose scripts and streams cannot do what is needed.
var errTooOld = errors.New("version 6.2 or newer is needed")

// settings are what a promise depends on.
var settings = [...]string{"appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy"}

// probed is the newest answer of Redis about itself. It holds until the next
// second, a new connection or a failed write.
type probed struct {
	asking  chan struct{} // taken by who asks Redis
	mu      sync.Mutex
	fresh   bool
	promise consent.Durability
}

func newProbed() probed { return probed{asking: make(chan struct{}, 1)} }

func (p *probed) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fresh = false
}

func (p *probed) last() (consent.Durability, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.promise, p.fresh
}

func (p *probed) keep(d consent.Durability) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.promise, p.fresh = d, true
}

// Health implements consent.Store. It writes a key of its own, because only a
// write shows that writes are taken: a replica, a full memory and a failed disk
// all answer to reads.
func (s *Store) Health(ctx context.Context) (consent.Durability, error) {
	if err := s.ready(ctx); err != nil {
		return "", err
	}
	if promise, fresh := s.health.last(); fresh {
		return promise, nil
	}
	select {
	case s.health.asking <- struct{}{}:
		defer func() { <-s.health.asking }()
	case <-ctx.Done():
		return "", unavailable(ctx.Err())
	}
	if promise, fresh := s.health.last(); fresh {
		return promise, nil
	}
	promise, err := s.ask(ctx)
	if err != nil {
		return "", fmt.Errorf("probe: %w", unavailable(err))
	}
	s.health.keep(promise)
	return promise, nil
}

// ask probes Redis; of a cluster every master, whose weakest promise counts.
func (s *Store) ask(ctx context.Context) (consent.Durability, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if err := s.client.Set(ctx, probeKey, "", 0).Err(); err != nil {
		return "", err
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return promiseOf(ctx, s.client)
	}
	var mu sync.Mutex
	weakest := consent.Durable
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		promise, err := promiseOf(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		weakest = weaker(weakest, promise)
		return err
	})
	return weakest, err
}

// promiseOf asks one server for its version and settings. A server that keeps
// its settings to itself is believed nothing.
func promiseOf(ctx context.Context, server redis.Cmdable) (consent.Durability, error) {
	pipe := server.Pipeline()
	info := pipe.Info(ctx, "server")
	var asked [len(settings)]*redis.MapStringStringCmd
	for i, name := range settings {
		asked[i] = pipe.ConfigGet(ctx, name)
	}
	_, err := pipe.Exec(ctx)
	var refused redis.Error
	if err != nil && !errors.As(err, &refused) {
		return "", err
	}
	if tooOld(info.Val()) {
		return "", errTooOld
	}
	values := make(map[string]string, len(settings))
	for i, name := range settings {
		if err := asked[i].Err(); err != nil && !redis.HasErrorPrefix(err, "NOPERM") && !redis.HasErrorPrefix(err, "unknown command") {
			return "", err
		}
		values[name] = asked[i].Val()[name]
	}
	return promised(values), nil
}

// promised derives what an acknowledged record is worth. Records have no expiry,
// so only the allkeys policies evict them. With no-appendfsync-on-rewrite Redis
// stops syncing for as long as a rewrite takes, even under appendfsync always.
func promised(values map[string]string) consent.Durability {
	for _, value := range values {
		if value == "" {
			return consent.Unstated
		}
	}
	switch {
	case values["appendonly"] != "yes", strings.HasPrefix(values["maxmemory-policy"], "allkeys"),
		values["no-appendfsync-on-rewrite"] != "no":
		return consent.Volatile
	case values["appendfsync"] == "always":
		return consent.Durable
	case values["appendfsync"] == "everysec":
		return consent.EverySec
	}
	return consent.Volatile
}

// weaker returns the smaller promise; one that is not stated is the smallest.
func weaker(a, b consent.Durability) consent.Durability {
	for _, d := range []consent.Durability{consent.Unstated, consent.Volatile, consent.EverySec} {
		if a == d || b == d {
			return d
		}
	}
	return consent.Durable
}

// tooOld reads the version out of INFO; one that is not told passes.
func tooOld(info string) bool {
	_, rest, ok := strings.Cut(info, "redis_version:")
	var major, minor int
	if n, _ := fmt.Sscanf(rest, "%d.%d", &major, &minor); !ok || n != 2 {
		return false
	}
	return major < 6 || (major == 6 && minor < 2)
}
