package redisstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// silent are the arguments of a Redis whose user "quiet" may not ask who it is.
func silent(more ...string) []string {
	return slices.Concat([]string{"--user", "quiet", "on", ">p"}, strings.Fields(ACL), []string{"-info"}, more)
}

func quietURL(server *storetest.Redis) string { return "redis://quiet:p@" + server.Addr() }

// losesOnce checks that the next record is refused, and taken when it is sent again.
func losesOnce(t *testing.T, s *Store, n int) consent.Stored {
	t.Helper()
	before := s.Renewals()
	if _, _, err := s.Append(t.Context(), storetest.Entry("shop", n)); !errors.Is(err, consent.ErrUnavailable) || !strings.Contains(err.Error(), "lacks what it had") {
		t.Errorf("the first record after a loss got %v", err)
	}
	if got := s.Renewals(); got != before+1 {
		t.Errorf("%d renewals after a loss, want %d", got, before+1)
	}
	stored, _, err := s.Append(t.Context(), storetest.Entry("shop", n)) // it may have been on its way, and be there
	if err != nil {
		t.Errorf("the record sent again: %v", err)
	}
	return stored
}

// losesNothing checks that records are taken without more ado.
func losesNothing(t *testing.T, s *Store, n int) {
	t.Helper()
	before := s.Renewals()
	storetest.MustAppend(t, s, storetest.Entry("shop", n))
	if got := s.Renewals(); got != before {
		t.Errorf("%d renewals although nothing was lost, want %d", got, before)
	}
}

// Whatever is taken from a running Redis, the next record is not added to what is left
// before its caller has heard of it; both of two stores hear of it once.
func TestWhatARunningRedisLosesIsNoticed(t *testing.T) {
	server := storetest.StartRedis(t)
	for name, lose := range map[string][]any{
		"all":           {"FLUSHALL"},
		"a database":    {"FLUSHDB"},
		"the facts":     {"DEL", factsKey("shop")},
		"the log":       {"DEL", logKey("shop")},
		"its last part": {"EVAL", "redis.call('XDEL', KEYS[1], '5-0') return redis.call('XSETID', KEYS[1], '4-0')", 1, logKey("shop")},
	} {
		t.Run(name, func(t *testing.T) {
			server.MustDo("FLUSHALL")
			one, two := opened(t, server.URL(), patient()), opened(t, server.URL(), patient())
			fill(t, one, "shop")
			fill(t, one, "blog")
			losesNothing(t, two, 90)
			losesNothing(t, one, 91)
			if err := two.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", 0)); err != nil {
				t.Fatal(err)
			}
			command(t, one, lose...)
			losesOnce(t, one, 2)
			for n := 3; n < 6; n++ { // until the log is as long as it was
				losesNothing(t, one, n)
			}
			losesOnce(t, two, 6)
			losesNothing(t, one, 7)
			if list, err := one.Sites(t.Context()); err != nil || !slices.Contains(list, "shop") {
				t.Errorf("sites: %q, %v", list, err)
			}
		})
	}
}

// A Redis that comes back without what it wrote last is noticed where it does not say
// that it was restarted, and although another store has made the log as long as it was.
func TestASilentRestartIsNoticedByWhatItLost(t *testing.T) {
	server := storetest.StartRedis(t, silent()...)
	s := opened(t, quietURL(server), patient())
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	server.MustDo("SAVE")
	if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("gate", 0)); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart()
	other := opened(t, quietURL(server), patient())
	for n := 10; n < 15; n++ {
		losesNothing(t, other, n)
	}
	recovers(t, s) // with new connections
	if stored := losesOnce(t, s, 1); stored.Index != 6 {
		t.Errorf("the record has place %d, want 6", stored.Index)
	}
	losesOnce(t, other, 20)
}

// Nothing is taken for a loss that is none: a restart that kept everything, connections
// and scripts that are gone, other stores that write as well, a pruned log, and a site
// that an older program has written.
func TestWhatLosesNothingIsNoLoss(t *testing.T) {
	server := storetest.StartRedis(t, silent(always()...)...)
	s, other := opened(t, quietURL(server), patient()), opened(t, quietURL(server), patient())
	for n := range 10 {
		losesNothing(t, []*Store{s, other}[n%2], n)
	}
	server.Stop()
	server.Restart()
	recovers(t, s)
	admin := opened(t, server.URL(), patient())
	losesNothing(t, s, 10)
	command(t, admin, "SCRIPT", "FLUSH")
	losesNothing(t, s, 11)
	var ids []consent.ID
	for n := range 12 {
		ids = append(ids, storetest.Entry("shop", n).Record)
	}
	if err := s.Prune(t.Context(), "shop", ids); err != nil {
		t.Fatal(err)
	}
	storetest.MustAppend(t, other, storetest.Entry("shop", 12))
	command(t, admin, "CLIENT", "KILL", "USER", "quiet")
	recovers(t, s)
	losesNothing(t, s, 13)

	command(t, admin, "HDEL", factsKey("shop"), "mark")
	losesNothing(t, opened(t, quietURL(server), patient()), 14)
	losesOnce(t, s, 15) // which knew another
}

// A store that nobody writes to notices as well.
func TestAnIdleStoreNoticesALoss(t *testing.T) {
	server := storetest.StartRedis(t)
	s := opened(t, server.URL(), patient())
	fill(t, s, "shop")
	s.watch(t.Context())
	if n := s.Renewals(); n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
	server.MustDo("FLUSHALL")
	s.watch(t.Context())
	s.watch(t.Context())
	if n := s.Renewals(); n != 2 {
		t.Errorf("%d renewals after a loss, want 2", n)
	}
	server.Stop()
	s.watch(t.Context()) // one that does not answer has lost nothing
	if n := s.Renewals(); n != 2 {
		t.Errorf("%d renewals of a Redis that is away, want 2", n)
	}
}

// Of a cluster one node is emptied: the sites on it have lost something, no others.
func TestALossInAClusterIsThatOfItsSites(t *testing.T) {
	servers := storetest.StartCluster(t, always()...)
	s := opened(t, servers.URL(), patient())
	recovers(t, s)
	var sites []string
	for n := range 12 {
		sites = append(sites, fmt.Sprintf("site%d", n))
		fill(t, s, sites[n])
	}
	held := strings.Split(strings.TrimSpace(servers[1].Ask("DBSIZE")), ":")
	servers[1].MustDo("FLUSHALL")
	before, lost := s.Renewals(), 0
	for _, site := range sites {
		if _, _, err := s.Append(t.Context(), storetest.Entry(site, 5)); err != nil {
			lost++
		}
	}
	if lost == 0 || lost == len(sites) || s.Renewals() != before+int64(lost) {
		t.Errorf("%d of %d sites have lost something, and %d renewals are told (the node had %s keys)", lost, len(sites), s.Renewals()-before, held[len(held)-1])
	}
}

// A record whose place in the log was lost and given to another is not taken for that
// one: it would be acknowledged, and nowhere.
func TestARecordIsNotTakenForAnotherAtItsPlace(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	for n := range 3 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	command(t, s, "DEL", logKey("shop"))
	losesOnce(t, s, 10)
	for n := 11; n < 15; n++ {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	lost := storetest.Entry("shop", 1)
	if stored, dup, err := s.Append(t.Context(), lost); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("a record that the log has lost is told to be %s at %d, dup %t", stored.Record, stored.Index, dup)
	}
	if stored, err := s.Record(t.Context(), "shop", lost.Record); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("a record that the log has lost reads as %s at %d", stored.Record, stored.Index)
	}
}
