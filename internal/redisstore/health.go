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
	asking chan struct{} // taken by who asks Redis
	mu     sync.Mutex
	fresh  bool
	answer
}

// answer is what Redis promises, and whether every write is to be confirmed.
type answer struct {
	promise consent.Durability
	confirm bool
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

func (p *probed) keep(a answer) (was consent.Durability) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was = p.promise
	p.answer, p.fresh = a, true
	return was
}

func (p *probed) confirms() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.confirm
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
	a, err := s.ask(ctx)
	if err != nil {
		return "", fmt.Errorf("probe: %w", unavailable(err))
	}
	if was := s.health.keep(a); was != "" && was != a.promise {
		s.options.Log.Warn("redis promises something else now", "was", string(was), "now", string(a.promise))
	}
	return a.promise, nil
}

// ask probes Redis; of a cluster every master, whose weakest promise counts.
func (s *Store) ask(ctx context.Context) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if err := s.client.Set(ctx, probeKey, "", 0).Err(); err != nil {
		return answer{}, err
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return s.promiseOf(ctx, s.client)
	}
	var mu sync.Mutex
	all := answer{promise: consent.Durable, confirm: true}
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		one, err := s.promiseOf(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		all.promise, all.confirm = weaker(all.promise, one.promise), all.confirm && one.confirm
		return err
	})
	return all, err
}

// promiseOf asks one server for its version and settings, and whether it can
// confirm writes. A server that keeps its settings to itself is believed what was
// declared of it.
func (s *Store) promiseOf(ctx context.Context, server redis.Cmdable) (answer, error) {
	pipe := server.Pipeline()
	info := pipe.Info(ctx, "server")
	wait := pipe.Do(ctx, "WAITAOF", 1, 0, 1) // nothing was written: answered at once, refused without AOF
	var asked [len(settings)]*redis.MapStringStringCmd
	for i, name := range settings {
		asked[i] = pipe.ConfigGet(ctx, name)
	}
	_, err := pipe.Exec(ctx)
	var refused redis.Error
	if err != nil && !errors.As(err, &refused) {
		return answer{}, err
	}
	if tooOld(info.Val()) {
		return answer{}, errTooOld
	}
	values := make(map[string]string, len(settings))
	for i, name := range settings {
		if err := asked[i].Err(); err != nil && !redis.HasErrorPrefix(err, "NOPERM") && !redis.HasErrorPrefix(err, "unknown command") {
			return answer{}, err
		}
		values[name] = asked[i].Val()[name]
	}
	return s.conclude(promised(values), wait.Err() == nil), nil
}

// conclude says what an acknowledged record is worth, and what has to be done for
// it to be.
func (s *Store) conclude(promise consent.Durability, syncs bool) answer {
	if promise == consent.Unstated && s.options.Declared != "" {
		promise = s.options.Declared
	}
	if promise == consent.EverySec && syncs && s.options.Sync {
		s.widen()
		promise = consent.Durable
	}
	return answer{promise: promise, confirm: syncs && promise == consent.Durable}
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
