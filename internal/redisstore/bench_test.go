package redisstore

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

const clients = 64

// BenchmarkAppend measures durable records a second of 64 clients beside what
// the same Redis can do at best: 64 clients that each need one XADD of 120
// bytes, collected into pipelines in the same way. Both run in turns, so that a
// slow disk slows both; no rewrite of the AOF comes between.
func BenchmarkAppend(b *testing.B) {
	const each = 4096
	server := storetest.StartRedis(b, "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
	s := opened(b, server.URL(), Options{})
	ceiling := newCeiling(s)
	defer ceiling.close()
	var took, best time.Duration
	done := 0
	for b.Loop() {
		list := make(chan consent.Entry, each)
		for n := range each {
			list <- single(done + n)
		}
		took += inParallel(each, func() {
			if _, _, err := s.Append(b.Context(), <-list); err != nil {
				b.Errorf("append: %v", err)
			}
		})
		best += inParallel(each, ceiling.add)
		done += each
	}
	b.ReportMetric(float64(done)/took.Seconds(), "records/s")
	b.ReportMetric(float64(done)/best.Seconds(), "ceiling/s")
	b.ReportMetric(best.Seconds()/took.Seconds(), "ratio")
}

// inParallel calls work from all clients together as often as told.
func inParallel(times int, work func()) time.Duration {
	var wg sync.WaitGroup
	start := time.Now()
	for range clients {
		wg.Go(func() {
			for range times / clients {
				work()
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// ceiling is the same group commit around a bare XADD.
type ceiling struct {
	client redis.UniversalClient
	queue  chan chan error
	wg     sync.WaitGroup
}

func newCeiling(s *Store) *ceiling {
	c := &ceiling{client: s.client, queue: make(chan chan error, clients)}
	for range s.options.Flushers {
		c.wg.Go(func() { c.flush(s.options.Batch) })
	}
	return c
}

func (c *ceiling) close() {
	close(c.queue)
	c.wg.Wait()
}

func (c *ceiling) add() {
	done := make(chan error, 1)
	c.queue <- done
	if err := <-done; err != nil {
		panic(err)
	}
}

func (c *ceiling) flush(most int) {
	payload := storetest.Bytes("payload", 120)
	for first := range c.queue {
		waiting := []chan error{first}
	gather:
		for len(waiting) < most {
			select {
			case next := <-c.queue:
				waiting = append(waiting, next)
			default:
				break gather
			}
		}
		_, err := c.client.Pipelined(context.Background(), func(pipe redis.Pipeliner) error {
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

// BenchmarkCounters reports what 64 clients pay for the counters of their decisions:
// how many entries a second are acknowledged with them and without any, in turns, and
// the time that this process and Redis take of the processor. A turn with counters
// ends when they are in their strings.
func BenchmarkCounters(b *testing.B) {
	const each = 2048
	server := storetest.StartRedis(b, "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
	s := opened(b, server.URL(), Options{})
	done := 0
	round := func(counted bool) func() {
		list := make(chan consent.Entry, each)
		for range each {
			e := single(done)
			e.Counts = nil
			if counted {
				e.Counts = storetest.VisitCounts(done, e.Time)
			}
			list <- e
			done++
		}
		return func() {
			inParallel(each, func() {
				if _, _, err := s.Append(b.Context(), <-list); err != nil {
					b.Errorf("append: %v", err)
				}
			})
			if err := s.foldAll(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	var turns storetest.Turns
	for b.Loop() {
		turns.Pair(each, func() time.Duration { return processorOf(b, s) }, round(true), round(false))
	}
	turns.Report(b)
}

// processorOf is the time of the processor that Redis has taken.
func processorOf(b *testing.B, s *Store) (sum time.Duration) {
	fields, err := s.client.InfoMap(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(fields["CPU"][name], 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(seconds * float64(time.Second))
	}
	return sum
}
