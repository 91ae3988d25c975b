package redisstore

import (
	"strconv"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// opened opens a store and closes it when the test ends.
func opened(t testing.TB, url string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// patient is for tests that are not about time, on a busy machine.
func patient() Options { return Options{Timeout: 20 * time.Second, Wait: 40 * time.Second} }

// hasty is for tests that wait until a Redis that is away is given up.
func hasty() Options {
	return Options{Timeout: 500 * time.Millisecond, DialTimeout: 500 * time.Millisecond, Wait: time.Second}
}

// The contract of consent.Store holds on a Redis that keeps all in memory: the
// tests share one server and empty it between them.
func TestStore(t *testing.T) {
	server := storetest.StartRedis(t)
	storetest.Run(t, func(t *testing.T) consent.Store {
		s := opened(t, server.URL(), patient())
		if err := s.client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// What a store has acknowledged outlives Redis itself.
func TestStoreReopened(t *testing.T) {
	storetest.RunReopened(t, func(t *testing.T) (consent.Store, func(*testing.T) consent.Store) {
		server := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
		return opened(t, server.URL(), patient()), func(t *testing.T) consent.Store {
			server.Stop()
			server.Restart()
			return opened(t, server.URL(), patient())
		}
	})
}

// number reads what Redis says in figures.
func number(t testing.TB, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatalf("no number: %v", err)
	}
	return n
}
