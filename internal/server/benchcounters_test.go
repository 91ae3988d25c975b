package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// BenchmarkDecisionsWithCounters reports what counters cost a decision through HTTP:
// how many of 64 clients are answered with its counters and with none given to the
// store, in turns, and the time that this process and Redis take of the processor. A
// turn with counters ends when they can be read. Only naming them, a few microseconds,
// is in both: BenchmarkDecisionCounts in internal/consent.
func BenchmarkDecisionsWithCounters(b *testing.B) {
	b.Run("embedded", func(b *testing.B) {
		benchCounters(b, func(own consent.Store) consent.Store { return own }, func() time.Duration { return 0 })
	})
	for _, fsync := range []string{"always", "everysec"} {
		b.Run(fsync, func(b *testing.B) {
			server := storetest.StartRedis(b, "--appendonly", "yes", "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0")
			store, err := redisstore.Open(b.Context(), server.URL(), redisstore.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = store.Close() })
			benchCounters(b, func(consent.Store) consent.Store { return store }, func() time.Duration { return processorOf(b, server) })
		})
	}
}

// uncounted leaves out an entry's counters while it is told to.
type uncounted struct {
	consent.Store
	off atomic.Bool
}

func (u *uncounted) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if u.off.Load() {
		e.Counts = nil
	}
	return u.Store.Append(ctx, e)
}

func benchCounters(b *testing.B, choose func(own consent.Store) consent.Store, elsewhere func() time.Duration) {
	const each = benchCalls / 4
	dir := b.TempDir()
	writeSite(b, dir, "shop.yaml", shopYAML)
	var store uncounted
	r := newRigWith(b, dir, func(own consent.Store) consent.Store {
		store.Store = choose(own)
		return &store
	}, slog.LevelWarn, 0, time.Minute)
	visitors := newFleet(b, r.public.Listener.Addr().String())
	rendering := r.site(b, "shop").Rendering
	round := func(counted bool) func() {
		requests := make([][]byte, each)
		for i := range requests {
			requests[i] = decisionRequest(b, rendering)
		}
		return func() {
			store.off.Store(!counted)
			_, err := storetest.RunLoad(benchClients, each, func(i int) error { return visitors.call(requests[i], http.StatusCreated) })
			if err != nil {
				b.Fatal(err)
			}
			if _, err := store.Counts(b.Context(), "shop", r.clock().Add(-time.Hour), r.clock()); err != nil {
				b.Fatal(err)
			}
		}
	}
	round(true)() // whatever comes first is slower
	var turns storetest.Turns
	for b.Loop() {
		turns.Pair(each, elsewhere, round(true), round(false))
	}
	turns.Report(b)
}

// processorOf is the time of the processor that a Redis has taken.
func processorOf(b *testing.B, server *storetest.Redis) (sum time.Duration) {
	for line := range strings.Lines(server.Ask("INFO cpu")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != "used_cpu_user" && name != "used_cpu_sys" {
			continue
		}
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(seconds * float64(time.Second))
	}
	return sum
}
