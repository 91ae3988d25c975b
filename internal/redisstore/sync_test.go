package redisstore

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

func syncing() Options {
	o := patient()
	o.Sync = true
	return o
}

// The contract holds on a server that confirms what is on its disk, one that
// syncs every second included; every write asks for it.
func TestStoreWithConfirmation(t *testing.T) {
	for name, fsync := range map[string]string{"always": "always", "everysec": "everysec"} {
		server := storetest.StartValkey(t, "--appendonly", "yes", "--appendfsync", fsync)
		s := opened(t, server.URL(), syncing())
		if promise, err := s.Health(t.Context()); err != nil || promise != consent.Durable {
			t.Fatalf("%s: health says %q, %v", name, promise, err)
		}
		before := confirmations(t, s)
		storetest.AppendAll(t, s, 64, entriesOf("shop", 500))
		if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", 1)); err != nil {
			t.Fatal(err)
		}
		if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 501 {
			t.Errorf("%s: log has %d entries, want 501", name, len(log))
		}
		if asked := confirmations(t, s) - before; asked < 2 {
			t.Errorf("%s: WAITAOF was called %d times", name, asked)
		}
	}
	server := storetest.StartValkey(t, always()...)
	server.MustDo("ACL SETUSER consentry on >p " + ACL + " +waitaof")
	storetest.Run(t, func(t *testing.T) consent.Store {
		server.MustDo("FLUSHALL")
		return opened(t, "redis://consentry:p@"+server.Addr(), syncing())
	})
}

// What Redis has taken and does not bring to its disk is not acknowledged, be it
// new or sent again; once it is there, it is the same entry.
func TestUnconfirmedWriteIsUnavailable(t *testing.T) {
	server := storetest.StartValkey(t, "--appendonly", "yes", "--appendfsync", "everysec")
	o := syncing()
	o.Timeout = 2 * time.Second
	s := opened(t, server.URL(), o)
	if _, err := s.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.MustDo("CONFIG SET appendfsync no")
	s.health.keep(answer{promise: consent.Durable, confirm: true}) // as it was when it was asked last
	for range 2 {
		if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 0)); !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "does not confirm") {
			t.Errorf("append: %v, want ErrUnavailable for want of a confirmation", err)
		}
		s.health.keep(answer{promise: consent.Durable, confirm: true})
	}
	server.MustDo("CONFIG SET appendonly no")
	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", 0)); !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "appendonly is disabled") {
		t.Errorf("append without AOF: %v", err)
	}
	server.MustDo("CONFIG SET appendfsync always")
	server.MustDo("CONFIG SET appendonly yes")
	becomes(t, s, consent.Durable)
	if stored := persist(t, s, storetest.Entry("shop", 0)); stored.Index != 0 {
		t.Errorf("index %d, want 0", stored.Index)
	}
}

// A Redis without WAITAOF, or a user who may not call it, promises what its
// configuration says.
func TestWithoutConfirmation(t *testing.T) {
	everysec := []string{"--appendonly", "yes", "--appendfsync", "everysec"}
	old := opened(t, storetest.StartRedis(t, everysec...).URL(), syncing())
	server := storetest.StartValkey(t, everysec...)
	server.MustDo("ACL SETUSER consentry on >p " + ACL)
	forbidden := opened(t, "redis://consentry:p@"+server.Addr(), syncing())
	for name, s := range map[string]*Store{"Redis 7.0": old, "a user without the right": forbidden, "not asked for": opened(t, server.URL(), patient())} {
		if promise, err := s.Health(t.Context()); err != nil || promise != consent.EverySec {
			t.Errorf("%s: health says %q, %v", name, promise, err)
		}
		storetest.MustAppend(t, s, storetest.Entry("shop", len(name)))
	}
}

// Writes on a cluster that confirms are confirmed by the node that took them.
func TestClusterConfirms(t *testing.T) {
	servers := storetest.StartValkeyCluster(t, always()...)
	s := opened(t, servers.URL(), syncing())
	if promise, err := s.Health(t.Context()); err != nil || promise != consent.Durable {
		t.Fatalf("health says %q, %v", promise, err)
	}
	for n := range 20 {
		fill(t, s, "shop"+string(rune('a'+n)))
	}
	for i, node := range servers {
		if !strings.Contains(node.Ask("INFO commandstats"), "cmdstat_waitaof:calls=") {
			t.Errorf("node %d was never asked to confirm", i)
		}
	}
}

// Counts of WAITAOF are compared, not its having answered.
func TestCountsAreCompared(t *testing.T) {
	for _, c := range []struct {
		counts []any
		err    error
		want   bool
	}{
		{[]any{int64(1), int64(0)}, nil, true}, {[]any{int64(1), int64(2)}, nil, true},
		{[]any{int64(0), int64(2)}, nil, false}, {[]any{int64(0), int64(0)}, nil, false},
		{[]any{int64(1)}, nil, false}, {nil, errors.New("broken"), false},
	} {
		cmd := redis.NewCmd(t.Context())
		cmd.SetVal(c.counts)
		cmd.SetErr(c.err)
		if err := synced(cmd); (err == nil) != c.want {
			t.Errorf("%v, %v: %v", c.counts, c.err, err)
		}
	}
}

// A promise that is not told is what was declared, and only then.
func TestDeclaredPromise(t *testing.T) {
	server := storetest.StartRedis(t, append(always(), "--rename-command", "CONFIG", "")...)
	open := storetest.StartRedis(t)
	for _, c := range []struct {
		url            string
		declared, want consent.Durability
	}{
		{server.URL(), "", consent.Unstated}, {server.URL(), consent.Durable, consent.Durable},
		{server.URL(), consent.EverySec, consent.EverySec}, {open.URL(), consent.Durable, consent.Volatile},
	} {
		o := patient()
		o.Declared = c.declared
		if promise, err := opened(t, c.url, o).Health(t.Context()); err != nil || promise != c.want {
			t.Errorf("declared %q: %q, %v; want %q", c.declared, promise, err, c.want)
		}
	}
}

func confirmations(t *testing.T, s *Store) int64 {
	t.Helper()
	stats, err := s.client.InfoMap(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	calls, _, _ := strings.Cut(strings.TrimPrefix(stats["Commandstats"]["cmdstat_waitaof"], "calls="), ",")
	return number(t, calls)
}

func entriesOf(site string, n int) []consent.Entry {
	list := make([]consent.Entry, n)
	for i := range list {
		list[i] = storetest.Entry(site, i)
	}
	return list
}
