package redisstore

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// Health promises what a real Redis is configured to keep.
func TestHealthPromisesWhatRedisKeeps(t *testing.T) {
	for _, c := range []struct {
		want consent.Durability
		args []string
	}{
		{consent.Durable, []string{"--appendonly", "yes", "--appendfsync", "always"}},
		{consent.Durable, []string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "volatile-lru"}},
		{consent.EverySec, []string{"--appendonly", "yes", "--appendfsync", "everysec"}},
		{consent.Volatile, []string{"--appendonly", "yes", "--appendfsync", "no"}},
		{consent.Volatile, []string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "allkeys-lru"}},
		{consent.Volatile, []string{"--appendonly", "yes", "--appendfsync", "always", "--no-appendfsync-on-rewrite", "yes"}},
		{consent.Volatile, []string{"--save", "60 1"}},
		{consent.Unstated, []string{"--appendonly", "yes", "--appendfsync", "always", "--rename-command", "CONFIG", ""}},
		{consent.Unstated, []string{"--user", "default", "on", "nopass", "~*", "&*", "+@all", "-config"}},
	} {
		s := opened(t, storetest.StartRedis(t, c.args...).URL(), patient())
		if got, err := s.Health(t.Context()); err != nil || got != c.want {
			t.Errorf("%v: %q, %v; want %q", c.args, got, err, c.want)
		}
	}
}

// A promise is looked at again after a while and after a new connection.
func TestHealthFollowsRedis(t *testing.T) {
	server := storetest.StartRedis(t, always()...)
	s := opened(t, server.URL(), patient())
	command(t, s, "CONFIG", "SET", "appendfsync", "everysec")
	becomes(t, s, consent.EverySec)
	server.Stop()
	server.Restart("--appendonly", "no")
	becomes(t, s, consent.Volatile)
}

func becomes(t *testing.T, s *Store, want consent.Durability) {
	t.Helper()
	var got consent.Durability
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got, _ = s.Health(t.Context()); got == want {
			return
		}
	}
	t.Errorf("health says %q in the end, want %q", got, want)
}

// Only versions that are told and older are refused.
func TestOldRedisIsTooOld(t *testing.T) {
	for info, want := range map[string]bool{
		"# Server\r\nredis_version:7.0.15\r\n": false, "redis_version:6.2.0\r\n": false, "redis_version:10.0.1\r\n": false,
		"redis_version:6.0.16\r\n": true, "redis_version:5.0.14\r\n": true, "": false, "redis_version:x\r\n": false,
	} {
		if tooOld(info) != want {
			t.Errorf("%q: too old %t, want %t", info, !want, want)
		}
	}
}

// Of several servers the weakest promise counts.
func TestWeakestPromiseCounts(t *testing.T) {
	order := []consent.Durability{consent.Unstated, consent.Volatile, consent.EverySec, consent.Durable}
	for i, a := range order {
		for j, b := range order {
			if got := weaker(a, b); got != order[min(i, j)] {
				t.Errorf("weaker of %s and %s is %s", a, b, got)
			}
		}
	}
}
