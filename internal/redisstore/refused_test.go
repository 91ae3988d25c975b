package redisstore

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// refusesWrites checks that an append fails as unavailable and says why, and
// that Health says so too.
func refusesWrites(t *testing.T, s *Store, why string) {
	t.Helper()
	_, _, err := s.Append(t.Context(), storetest.Entry("refused", 1))
	if !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), why) {
		t.Errorf("append: %v, want ErrUnavailable with %s", err, why)
	}
	_, err = s.Health(t.Context())
	if !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), why) {
		t.Errorf("health: %v, want ErrUnavailable with %s", err, why)
	}
	if err := s.PutArtefact(t.Context(), "refused", storetest.Artefact("gate", 1)); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("put artefact: %v, want ErrUnavailable", err)
	}
}

func command(t *testing.T, s *Store, words ...any) {
	t.Helper()
	if err := s.client.Do(t.Context(), words...).Err(); err != nil {
		t.Fatalf("%v: %v", words, err)
	}
}

func TestWrongPasswordIsRefusedAtOpen(t *testing.T) {
	server := storetest.StartRedis(t, "--requirepass", "right")
	for _, user := range []string{"", ":wrong@", "nobody:right@"} {
		_, err := Open(t.Context(), "redis://"+user+server.Addr(), patient())
		if !errors.Is(err, consent.ErrUnavailable) {
			t.Errorf("open as %q: %v, want ErrUnavailable", user, err)
		}
	}
	s := opened(t, "redis://:right@"+server.Addr(), patient())
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	command(t, s, "CONFIG", "SET", "requirepass", "changed")
	command(t, s, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
	_, _, err := s.Append(t.Context(), storetest.Entry("shop", 1))
	if !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("append under a changed password: %v, want ErrUnavailable", err)
	}
}

func TestReadOnlyReplicaIsUnavailable(t *testing.T) {
	server := storetest.StartRedis(t)
	s := opened(t, server.URL(), patient())
	first := storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	command(t, s, "REPLICAOF", "127.0.0.1", "1") // nobody is there; what it has is still served
	s.health.expire()
	refusesWrites(t, s, "READONLY")
	again, dup, err := s.Append(t.Context(), storetest.Entry("shop", 0))
	if err != nil || !dup || again.Index != first.Index {
		t.Errorf("a record that is there: dup %t, %v; want its answer", dup, err)
	}
	command(t, s, "REPLICAOF", "NO", "ONE")
	storetest.MustAppend(t, s, storetest.Entry("shop", 1))
}

func TestFullMemoryIsUnavailable(t *testing.T) {
	server := storetest.StartRedis(t, "--maxmemory-policy", "noeviction")
	s := opened(t, server.URL(), patient())
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	command(t, s, "CONFIG", "SET", "maxmemory", "1mb")
	s.health.expire()
	refusesWrites(t, s, "OOM")
	command(t, s, "CONFIG", "SET", "maxmemory", "0")
	if stored := storetest.MustAppend(t, s, storetest.Entry("shop", 1)); stored.Index != 1 {
		t.Errorf("the next entry has index %d, want 1: a refused one left something", stored.Index)
	}
	if log := storetest.ReadLog(t, s, "refused", 0); len(log) != 0 {
		t.Errorf("the refused site has %d entries", len(log))
	}
}

// A Redis that cannot write its snapshots refuses writes with MISCONF.
func TestFailedSnapshotIsUnavailable(t *testing.T) {
	server := storetest.StartRedis(t, "--save", "3600 1")
	s := opened(t, server.URL(), patient())
	dir, err := s.client.ConfigGet(t.Context(), "dir").Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir["dir"]); err != nil {
		t.Fatal(err)
	}
	command(t, s, "BGSAVE")
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		info, err := s.client.InfoMap(t.Context(), "persistence").Result()
		if err != nil || time.Now().After(end) {
			t.Fatalf("the snapshot does not fail: %v", err)
		}
		if info["Persistence"]["rdb_last_bgsave_status"] == "err" {
			break
		}
	}
	s.health.expire()
	refusesWrites(t, s, "MISCONF")
}

// A Redis that is still reading its data is no reason not to start; the store
// works as soon as it is done.
func TestLoadingRedisIsUnavailableUntilItHasLoaded(t *testing.T) {
	server := storetest.StartRedis(t, "--save", "3600 1", "--loading-process-events-interval-bytes", "1024")
	s := opened(t, server.URL(), patient())
	list := make([]consent.Entry, 1000)
	for n := range list {
		list[n] = single(n)
	}
	storetest.AppendAll(t, s, 16, list)
	server.Stop()
	server.StartLoading("--key-load-delay", "1500") // microseconds for each of some 2000 keys
	late := opened(t, server.URL(), patient())
	refusesWrites(t, late, "LOADING")
	recovers(t, late)
	recovers(t, s)
	if stored := storetest.MustAppend(t, late, single(len(list))); stored.Index != int64(len(list)) {
		t.Errorf("the next entry has index %d, want %d", stored.Index, len(list))
	}
}

// Opening while Redis is away succeeds, so that a server can serve what needs no
// store.
func TestOpenWithoutRedisRecoversLater(t *testing.T) {
	server := storetest.StartRedis(t)
	server.Stop()
	s := opened(t, server.URL(), hasty())
	unavailableWithin(t, 2*time.Second, func() error { _, err := s.Health(t.Context()); return err })
	server.Restart()
	recovers(t, s)
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
}
