package redisstore

import (
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A restart is noticed before anything that is done after it returns, and nothing else
// is taken for one: not further connections, and no Sentinel.
func TestARestartIsNoticed(t *testing.T) {
	server := storetest.StartRedis(t, always()...)
	s := opened(t, server.URL(), patient())
	fill(t, s, "shop")
	if n := s.Renewals(); n != 1 {
		t.Errorf("%d servers before a restart, want 1", n)
	}
	server.Kill()
	server.Restart()
	_, _, err := s.Append(t.Context(), storetest.Entry("shop", 2))
	if n := s.Renewals(); n != 2 || err != nil && !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("the first record after a restart got %v, and there were %d servers", err, n)
	}
	recovers(t, s)
	if stored, _, err := s.Append(t.Context(), storetest.Entry("shop", 2)); err != nil || stored.Index != 3 {
		t.Errorf("the record has place %d, want 3: %v", stored.Index, err)
	}
	if n := s.Renewals(); n != 2 {
		t.Errorf("%d servers after a restart, want 2", n)
	}

	watched := storetest.StartWatched(t, always()...)
	s = opened(t, watched.URL(), patient())
	recovers(t, s)
	fill(t, s, "shop")
	if n := s.Renewals(); n != 1 {
		t.Errorf("%d servers behind Sentinels, want 1", n)
	}
}

// Of a cluster every master is known from the start.
func TestTheMastersOfAClusterAreKnown(t *testing.T) {
	servers := storetest.StartCluster(t, always()...)
	s := opened(t, servers.URL(), patient())
	recovers(t, s)
	masters := s.Renewals()
	for _, site := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		fill(t, s, site)
	}
	if n := s.Renewals(); masters == 0 || n != masters {
		t.Errorf("%d masters at first, and then %d", masters, n)
	}
}
