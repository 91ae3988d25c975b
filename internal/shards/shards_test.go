package shards_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/shards"
	"github.com/consentry/consentry/internal/storetest"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func patient() redisstore.Options {
	return redisstore.Options{Timeout: 20 * time.Second, Wait: 40 * time.Second}
}

func openCluster(t *testing.T, servers storetest.Cluster) *redisstore.Store {
	t.Helper()
	inner, err := redisstore.Open(t.Context(), servers.URL(), patient())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	return inner
}

// slots tells on which of a cluster's nodes the logs of a site are.
func slots(t *testing.T, servers storetest.Cluster, logs []string) (nodes []int, all []string) {
	t.Helper()
	for _, log := range logs {
		all = append(all, servers[0].Ask("CLUSTER KEYSLOT l:{"+log+"}"))
		for n, node := range servers {
			if node.Ask("EXISTS l:{"+log+"}") == ":1" {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes, all
}

// The contract of a store holds for sites of three logs on a cluster of three, whose
// scripts may touch only keys that lie together.
func TestSitesOfThreeLogsOnACluster(t *testing.T) {
	servers := storetest.StartCluster(t)
	storetest.RunSpread(t, 3, func(t *testing.T) storetest.Spread {
		servers.FlushAll()
		return shards.New(openCluster(t, servers), time.Now)
	})
	t.Run("what a site has lies in all of its logs, each on a slot of its own", func(t *testing.T) {
		servers.FlushAll()
		inner := openCluster(t, servers)
		s := shards.New(inner, time.Now)
		mustGrow(t, s, 3)
		if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("frame", 1)); err != nil {
			t.Fatal(err)
		}
		storetest.AppendAll(t, s, 16, entries(0, 300))
		logs, err := shards.Names(t.Context(), inner, "shop")
		if err != nil || !slices.Equal(logs, []string{"shop", "shop~1", "shop~2"}) {
			t.Fatalf("logs: %q, %v", logs, err)
		}
		nodes, on := slots(t, servers, logs)
		if on[0] == on[1] || on[1] == on[2] || on[0] == on[2] || len(nodes) != 3 {
			t.Errorf("the logs are on the slots %q of the nodes %d", on, nodes)
		}
		total := 0
		for _, log := range logs {
			records := 0
			for _, e := range storetest.ReadLog(t, inner, log, 0) {
				if e.Kind == "" {
					records++
				}
			}
			if records < 60 {
				t.Errorf("%s has %d of 300 records", log, records)
			}
			if _, err := inner.Artefact(t.Context(), log, storetest.Artefact("frame", 1).Digest); err != nil {
				t.Errorf("the frame is not in %s: %v", log, err)
			}
			total += records
		}
		if total != 300 {
			t.Errorf("the logs have %d records, want 300", total)
		}
	})
	t.Run("a site grows, and what is sent again is there once", func(t *testing.T) {
		servers.FlushAll()
		growing(t, openCluster(t, servers))
	})
}

func mustGrow(t *testing.T, s *shards.Store, n int) {
	t.Helper()
	if err := s.Grow(t.Context(), "shop", n); err != nil {
		t.Fatal(err)
	}
}

func entries(from, to int) (list []consent.Entry) {
	for n := from; n < to; n++ {
		list = append(list, storetest.Entry("shop", n))
	}
	return list
}

// growing takes a site from one log to three and to five, at two servers of which
// one has to notice it by itself, and sends everything again at every stage.
func growing(t *testing.T, inner consent.Store) {
	at := &clock{storetest.Epoch()}
	one, other := shards.New(inner, at.now), shards.New(inner, at.now)
	frame := storetest.Artefact("frame", 1)
	if err := one.PutArtefact(t.Context(), "shop", frame); err != nil {
		t.Fatal(err)
	}
	fresh, sent := 0, 0
	send := func(s *shards.Store, upTo int) {
		t.Helper()
		for n, e := range entries(0, upTo) {
			_, dup, err := s.Append(t.Context(), e)
			if err != nil || dup != (n < sent) {
				t.Fatalf("append of %d, after %d: dup %t, %v", n, sent, dup, err)
			}
			if !dup {
				fresh++
			}
		}
		sent = max(sent, upTo)
	}
	send(one, 60)
	for stage, logs := range []int{3, 5} {
		if err := one.Grow(t.Context(), "shop", logs); err != nil {
			t.Fatal(err)
		}
		upTo := 60 + 60*stage
		for range 4 { // announced, half way, in force at one second past, an hour later
			for _, s := range []*shards.Store{one, other} {
				upTo += 5
				send(s, upTo)
			}
			at.at = at.at.Add(time.Minute + 500*time.Millisecond)
		}
		at.at = at.at.Add(time.Hour)
	}
	if err := one.Grow(t.Context(), "shop", 3); !errors.Is(err, shards.ErrFewer) {
		t.Errorf("a site of 5 logs is to have 3: %v", err)
	}
	wantOnce(t, inner, sent, fresh)
	for _, s := range []*shards.Store{one, other, shards.New(inner, at.now)} {
		for n, e := range entries(0, sent) {
			stored, err := s.Record(t.Context(), "shop", e.Record)
			if err != nil || stored.Leaf != e.Leaf || stored.Site != "shop" {
				t.Fatalf("record %d: %s, %v", n, stored.Site, err)
			}
		}
	}
	erasedEverywhere(t, inner, one)
	for n := range 5 {
		if _, err := inner.Artefact(t.Context(), consent.LogName("shop", n), frame.Digest); err != nil {
			t.Errorf("log %d lacks the frame that records refer to: %v", n, err)
		}
	}
}

// wantOnce wants every record in one of the logs, and counted once.
func wantOnce(t *testing.T, inner consent.Store, sent, fresh int) {
	t.Helper()
	logs, err := shards.Names(t.Context(), inner, "shop")
	if err != nil || len(logs) != 5 {
		t.Fatalf("logs: %q, %v", logs, err)
	}
	seen := make(map[consent.ID]int)
	for _, log := range logs {
		for _, e := range storetest.ReadLog(t, inner, log, 0) {
			if e.Kind == "" {
				seen[e.Record.Record]++
			}
		}
	}
	if len(seen) != sent || fresh != sent {
		t.Errorf("%d records are in the logs and %d were new, want %d", len(seen), fresh, sent)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("record %s is there %d times", id, times)
		}
	}
	list, err := shards.New(inner, storetest.Epoch).Counts(t.Context(), "shop", storetest.Epoch().AddDate(0, 0, -1), storetest.Epoch().AddDate(0, 0, 1))
	var total int64
	for _, c := range list {
		total += c.N
	}
	if err != nil || total != 3*int64(sent) {
		t.Errorf("the counters come to %d, %v; want %d", total, err, 3*sent)
	}
}

// erasedEverywhere erases records that were made before and after a site grew, and
// one that has not come yet.
func erasedEverywhere(t *testing.T, inner consent.Store, s *shards.Store) {
	t.Helper()
	var list []consent.Erasure
	for _, n := range []int{0, 1, 2, 3, 100, 101, 102, 103, 9000} {
		list = append(list, consent.Erasure{Record: storetest.Entry("shop", n).Record, Time: storetest.Epoch()})
	}
	if err := s.Erase(t.Context(), "shop", list); err != nil {
		t.Fatal(err)
	}
	if stored, dup, err := s.Append(t.Context(), storetest.Entry("shop", 9000)); err != nil || dup || !stored.Erased {
		t.Errorf("a record that was erased before it came: dup %t, erased %t, %v", dup, stored.Erased, err)
	}
	for _, e := range list {
		if stored, err := s.Record(t.Context(), "shop", e.Record); err != nil || !stored.Erased || stored.Secret != (consent.Secret{}) {
			t.Errorf("record %s is not erased: %v", e.Record, err)
		}
	}
	list4, err := s.History(t.Context(), "shop", storetest.Subject("shop", 2))
	if err != nil || len(list4) != 2 || list4[0].Erased || !list4[0].Time.Before(list4[1].Time) {
		t.Errorf("the history of another subject: %d entries, %v", len(list4), err)
	}
}

// One node of a cluster that is away takes its logs with it: of a history there is
// the rest, which says that it is a part.
func TestAPartOfAHistory(t *testing.T) {
	servers := storetest.StartCluster(t, "--cluster-require-full-coverage", "no", "--appendonly", "yes")
	inner, err := redisstore.Open(t.Context(), servers.URL(), redisstore.Options{Timeout: 500 * time.Millisecond, DialTimeout: 500 * time.Millisecond, Wait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	s := shards.New(inner, time.Now)
	mustGrow(t, s, 3)
	list := entries(0, 30)
	for i := range list {
		list[i].Subject = storetest.Subject("shop", 0)
	}
	storetest.AppendAll(t, s, 1, list)
	nodes, _ := slots(t, servers, []string{"shop", "shop~1", "shop~2"})
	away := nodes[2]
	servers[away].Kill()
	got, err := s.History(t.Context(), "shop", storetest.Subject("shop", 0))
	if !errors.Is(err, consent.ErrPartial) || !errors.Is(err, consent.ErrUnavailable) || len(got) == 0 || len(got) >= 30 {
		t.Errorf("history with a node away: %d entries, %v", len(got), err)
	}
}
