package outbox

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// outage is how long each fault lasts. A longer one is asked for by
// CONSENTRY_OUTAGE=60s.
func outage(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("CONSENTRY_OUTAGE")
	if text == "" {
		return 500 * time.Millisecond
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("CONSENTRY_OUTAGE: %v", err)
	}
	return d
}

// hasty gives up soon.
func hasty(first bool) Options {
	now := clock{}
	return Options{Now: now.now, Patience: 300 * time.Millisecond, Probe: 20 * time.Millisecond, First: first, Settle: time.Second}
}

// load appends from 16 goroutines until it is ended, without an error.
type load struct {
	t     *testing.T
	store consent.Store
	next  atomic.Int64
	stop  atomic.Bool
	wg    sync.WaitGroup
}

func underLoad(t *testing.T, s consent.Store) *load {
	l := &load{t: t, store: s}
	for range 16 {
		l.wg.Go(func() {
			for !l.stop.Load() {
				n := int(l.next.Add(1)) - 1
				begun := time.Now()
				if _, dup, err := s.Append(t.Context(), storetest.Entry("shop", n)); err != nil || dup {
					t.Errorf("append %d: dup %t, %v", n, dup, err)
				}
				if took := time.Since(begun); took > 10*time.Second {
					t.Errorf("append %d took %v", n, took)
				}
				if n%8 == 0 { // a browser that has not heard the answer
					if _, _, err := s.Append(t.Context(), storetest.Entry("shop", n)); err != nil {
						t.Errorf("append %d again: %v", n, err)
					}
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	return l
}

// end stops the load, and wants every entry in the store once.
func (l *load) end(s *Store, store consent.Store) {
	l.t.Helper()
	l.stop.Store(true)
	l.wg.Wait()
	emptied(l.t, s)
	n := int(l.next.Load())
	seen := make(map[consent.ID]int)
	for _, e := range storetest.ReadLog(l.t, store, "shop", 0) {
		seen[e.Record.Record]++
	}
	for i := range n {
		if times := seen[storetest.Entry("shop", i).Record]; times != 1 {
			l.t.Errorf("record %d is in the log %d times", i, times)
		}
	}
	counted := int64(0)
	list, err := store.Counts(l.t.Context(), "shop", storetest.Epoch().AddDate(-1, 0, 0), storetest.Epoch().AddDate(1, 0, 0))
	if err != nil {
		l.t.Fatal(err)
	}
	for _, c := range list {
		counted += c.N
	}
	if len(seen) != n || counted != int64(3*n) {
		l.t.Errorf("the log has %d records and %d counts, want %d and %d", len(seen), counted, n, 3*n)
	}
	l.t.Logf("%d records", n)
}

// Whatever the network does to a Redis under load, no caller notices, nothing is
// lost and nothing is there twice.
func TestFaultsOfTheNetwork(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{false, true} {
		for _, fault := range storetest.Faults() {
			t.Run(fmt.Sprintf("first=%t/%s", first, fault), func(t *testing.T) {
				server := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
				proxy := storetest.StartProxy(t, server.Addr())
				inner, err := redisstore.Open(t.Context(), "redis://"+proxy.Addr(), redisstore.Options{Timeout: 500 * time.Millisecond, Wait: time.Second})
				if err != nil {
					t.Fatal(err)
				}
				s := opened(t, t.TempDir(), inner, hasty(first))
				l := underLoad(t, s)
				time.Sleep(200 * time.Millisecond)
				proxy.Set(fault)
				time.Sleep(outage(t))
				proxy.Set(storetest.NoFault)
				time.Sleep(200 * time.Millisecond)
				l.end(s, s)
			})
		}
	}
}

// What Redis itself can refuse, and how it comes to its senses.
func TestRefusalsOfRedis(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuse   func(t *testing.T, r *storetest.Redis)
		takeBack func(t *testing.T, r *storetest.Redis)
	}{
		"stopped and started again": {
			refuse:   func(_ *testing.T, r *storetest.Redis) { r.Stop() },
			takeBack: func(_ *testing.T, r *storetest.Redis) { r.Restart() },
		},
		"killed and started again": {
			refuse:   func(_ *testing.T, r *storetest.Redis) { r.Kill() },
			takeBack: func(_ *testing.T, r *storetest.Redis) { r.Restart() },
		},
		"hung": {
			refuse:   func(t *testing.T, r *storetest.Redis) { signal(t, r, syscall.SIGSTOP) },
			takeBack: func(t *testing.T, r *storetest.Redis) { signal(t, r, syscall.SIGCONT) },
		},
		"out of memory": {
			refuse:   func(_ *testing.T, r *storetest.Redis) { r.MustDo("CONFIG SET maxmemory 1mb") },
			takeBack: func(_ *testing.T, r *storetest.Redis) { r.MustDo("CONFIG SET maxmemory 0") },
		},
		"a read-only replica": {
			refuse:   func(_ *testing.T, r *storetest.Redis) { r.MustDo("REPLICAOF 127.0.0.1 1") },
			takeBack: func(_ *testing.T, r *storetest.Redis) { r.MustDo("REPLICAOF NO ONE") },
		},
		"a password that is not ours": {
			refuse: func(_ *testing.T, r *storetest.Redis) {
				r.MustDo("CONFIG SET requirepass other")
				r.AskAs("other", "CLIENT KILL TYPE normal SKIPME yes")
			},
			takeBack: func(t *testing.T, r *storetest.Redis) {
				if got := r.AskAs("other", "CONFIG SET requirepass \"\""); got != "+OK" {
					t.Fatal(got)
				}
			},
		},
		"loading": {
			refuse: func(_ *testing.T, r *storetest.Redis) {
				r.Kill()
				r.StartLoading("--key-load-delay", "300", "--loading-process-events-interval-bytes", "1024", "--aof-use-rdb-preamble", "no")
			},
		},
		"without its scripts": {
			refuse: func(_ *testing.T, r *storetest.Redis) { r.MustDo("SCRIPT FLUSH") },
		},
		"promises less, and is not asked to": {
			refuse: func(_ *testing.T, r *storetest.Redis) { r.MustDo("CONFIG SET appendfsync everysec") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
			inner, err := redisstore.Open(t.Context(), server.URL(), redisstore.Options{Timeout: 500 * time.Millisecond, Wait: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			s := opened(t, t.TempDir(), inner, hasty(false))
			l := underLoad(t, s)
			time.Sleep(200 * time.Millisecond)
			c.refuse(t, server)
			time.Sleep(outage(t))
			if c.takeBack != nil {
				c.takeBack(t, server)
			}
			time.Sleep(200 * time.Millisecond)
			l.end(s, s)
		})
	}
}

// The master dies under load: nothing that was acknowledged is lost, although the
// replica had not got all of it.
func TestFailoverUnderLoad(t *testing.T) {
	t.Parallel()
	servers := storetest.StartWatched(t, "--appendonly", "yes", "--appendfsync", "always")
	inner, err := redisstore.Open(t.Context(), servers.URL(), redisstore.Options{Timeout: 500 * time.Millisecond, Wait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	o := hasty(true)
	o.Settle = 5 * time.Second
	s := opened(t, t.TempDir(), inner, o)
	healthy(t, inner)
	l := underLoad(t, s)
	time.Sleep(300 * time.Millisecond)
	servers.Servers[1].MustDo("REPLICAOF 127.0.0.1 1") // the replica is left behind
	time.Sleep(400 * time.Millisecond)
	servers.Servers[0].Kill()
	until(t, "the replica takes over", func() bool { return servers.Master() == servers.Servers[1] })
	time.Sleep(500 * time.Millisecond)
	l.end(s, s)
	again := s.Status().Again
	if t.Logf("%d records were lost and appended again", again); again == 0 {
		t.Error("the failover lost nothing, so that nothing was tested")
	}
}

func signal(t *testing.T, r *storetest.Redis, which syscall.Signal) {
	t.Helper()
	if err := r.Process().Signal(which); err != nil {
		t.Fatal(err)
	}
}
