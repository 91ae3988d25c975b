package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// BenchmarkDecisionsOnRedis reports durable decisions a second through HTTP by 64
// clients on Redis: the store alone, with the outbox beside it as it stands in
// front of one server, and with the outbox written first as under Sentinel and
// Cluster. Beside each in the same run: the same Redis taking one bare XADD of 120
// bytes a client, collected into pipelines in the same way, without HTTP and behind
// a handler that reads a POST; and such a handler without any store, which is what the
// clients, sharing the cores, can ask for at most.
func BenchmarkDecisionsOnRedis(b *testing.B) {
	for _, fsync := range []string{"always", "everysec"} {
		for _, front := range []string{"alone", "beside", "first"} {
			b.Run(fsync+"/"+front, func(b *testing.B) { benchRedis(b, fsync, front) })
		}
	}
}

func benchRedis(b *testing.B, fsync, front string) {
	redisServer := storetest.StartRedis(b, "--appendonly", "yes", "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0")
	inner, err := redisstore.Open(b.Context(), redisServer.URL(), redisstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	store := consent.Store(inner)
	if front != "alone" {
		if store, err = outbox.Open(b.TempDir(), inner, outbox.Options{First: front == "first", Now: time.Now}); err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(func() { _ = store.Close() })
	dir := b.TempDir()
	writeSite(b, dir, "shop.yaml", shopYAML)
	r := newRigWith(b, dir, func(consent.Store) consent.Store { return store }, slog.LevelWarn, 0, time.Minute)
	visitors := newFleet(b, r.public.Listener.Addr().String())
	bare := newXadds(b, redisServer.Addr())
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		bare.add()
		w.WriteHeader(http.StatusCreated)
	}))
	b.Cleanup(handler.Close)
	posters := newFleet(b, handler.Listener.Addr().String())
	idle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	}))
	b.Cleanup(idle.Close)
	askers := newFleet(b, idle.Listener.Addr().String())
	rendering := r.site(b, "shop").Rendering
	var recorded, added, answered, asked storetest.Load
	var whole cost
	var inRedis time.Duration
	for b.Loop() {
		requests := make([][]byte, benchCalls)
		for i := range requests {
			requests[i] = decisionRequest(b, rendering)
		}
		inRedis -= processorOf(b, redisServer)
		recorded = recorded.Add(whole.of(func() storetest.Load {
			return rounds(b, func(i int) error { return visitors.call(requests[i], http.StatusCreated) })
		}))
		inRedis += processorOf(b, redisServer)
		added = added.Add(rounds(b, func(int) error { bare.add(); return nil }))
		answered = answered.Add(rounds(b, func(i int) error { return posters.call(requests[i], http.StatusCreated) }))
		asked = asked.Add(rounds(b, func(i int) error { return askers.call(requests[i], http.StatusCreated) }))
	}
	whole.report(b)
	b.ReportMetric(float64(inRedis.Nanoseconds())/1000/float64(whole.calls), "redis-cpu-µs")
	b.ReportMetric(recorded.PerSecond(), "decisions/s")
	b.ReportMetric(float64(recorded.Percentile(99).Microseconds()), "p99-µs")
	b.ReportMetric(added.PerSecond(), "store-ceiling/s")
	b.ReportMetric(answered.PerSecond(), "http-ceiling/s")
	b.ReportMetric(asked.PerSecond(), "no-store/s")
	b.ReportMetric(recorded.PerSecond()/added.PerSecond(), "of-store-ceiling")
	b.ReportMetric(recorded.PerSecond()/answered.PerSecond(), "of-http-ceiling")
	b.ReportMetric(0, "ns/op")
}

// xadds is group commit around a bare XADD.
type xadds struct{ queue chan chan error }

func newXadds(b *testing.B, address string) *xadds {
	client := redis.NewClient(&redis.Options{Addr: address})
	x := &xadds{queue: make(chan chan error, benchClients)}
	for range 2 {
		go x.flush(client)
	}
	b.Cleanup(func() {
		close(x.queue)
		_ = client.Close()
	})
	return x
}

func (x *xadds) add() {
	done := make(chan error, 1)
	x.queue <- done
	if err := <-done; err != nil {
		panic(err)
	}
}

func (x *xadds) flush(client *redis.Client) {
	payload := storetest.Bytes("payload", 120)
	for first := range x.queue {
		waiting := []chan error{first}
	gather:
		for len(waiting) < benchClients {
			select {
			case next := <-x.queue:
				waiting = append(waiting, next)
			default:
				break gather
			}
		}
		_, err := client.Pipelined(context.Background(), func(pipe redis.Pipeliner) error {
			for range waiting {
				pipe.XAdd(context.Background(), &redis.XAddArgs{Stream: "ceiling", Values: []any{"e", payload}})
			}
			return nil
		})
		for _, done := range waiting {
			done <- err
		}
	}
}
