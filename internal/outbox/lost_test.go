package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// asUser are the arguments of a Redis with a user of the program's own, without some
// of what it is usually allowed.
func asUser(without string) []string {
	return slices.Concat([]string{"--user", "consentry", "on", ">p"}, strings.Fields(redisstore.ACL+" "+without))
}

// A Redis is emptied while it runs and two servers write to it under load, or loses its
// last seconds in a restart that it does not tell of, as where INFO is forbidden. No
// record that is begun afterwards is acknowledged from it before it has every notice
// again, and the servers lose nothing that they have acknowledged since.
func TestNoRecordIsAcknowledgedOnANoticeThatRedisHasLost(t *testing.T) {
	restart := func(r *storetest.Redis) { r.Kill(); r.Restart() }
	for name, lose := range map[string]func(*storetest.Redis){
		"FLUSHALL":               func(r *storetest.Redis) { r.MustDo("FLUSHALL") },
		"FLUSHDB":                func(r *storetest.Redis) { r.MustDo("FLUSHDB ASYNC") },
		"restart, INFO":          restart,
		"restart, INFO denied":   restart,
		"an older state, denied": func(r *storetest.Redis) { r.MustDo("DEBUG RELOAD NOSAVE") },
	} {
		for mode, o := range modes() {
			t.Run(name+"/"+mode, func(t *testing.T) {
				without := ""
				if strings.Contains(name, "denied") {
					without = "-info"
				}
				redis := storetest.StartRedis(t, append(asUser(without), "--enable-debug-command", "yes")...)
				url := "redis://consentry:p@" + redis.Addr()
				servers := []*Store{opened(t, t.TempDir(), overRedis(t, url), o), opened(t, t.TempDir(), overRedis(t, url), o)}
				loseUnderLoad(t, redis, servers, lose)
			})
		}
	}
}

// loseUnderLoad has both servers write, and Redis lose all or some of it meanwhile.
func loseUnderLoad(t *testing.T, redis *storetest.Redis, servers []*Store, lose func(*storetest.Redis)) {
	storetest.MustAppend(t, servers[0], storetest.Entry("shop", 0))
	redis.MustDo("SAVE") // what it has after a restart
	frames := ""
	for n := range 3 {
		a := storetest.Artefact("frame", n)
		frames += fmt.Sprintf(" a:{shop}:%s", a.Digest)
		for _, s := range servers {
			if err := s.PutArtefact(t.Context(), "shop", a); err != nil {
				t.Fatal(err)
			}
		}
	}
	var lost, ended, next atomic.Int64
	var mu sync.Mutex
	since := make(map[consent.ID]bool) // acknowledged, and begun after the loss
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for ended.Load() == 0 {
				e, after := storetest.Entry("shop", int(next.Add(1))), lost.Load() == 1
				stored, _, err := servers[w%2].Append(t.Context(), e)
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				if !after {
					continue
				}
				mu.Lock()
				since[e.Record] = true
				mu.Unlock()
				if got := redis.Ask("EXISTS" + frames); stored.Index >= 0 && got != ":3" {
					t.Errorf("a record was acknowledged at %d while Redis had %q of 3 notices", stored.Index, got)
					return
				}
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	lose(redis)
	lost.Store(1)
	time.Sleep(500 * time.Millisecond)
	ended.Store(1)
	wg.Wait()
	for _, s := range servers {
		drained(t, s)
	}
	wantNoticesAndRecords(t, servers[0], since)
}

func wantNoticesAndRecords(t *testing.T, s *Store, records map[consent.ID]bool) {
	t.Helper()
	if len(records) < 10 {
		t.Errorf("only %d records were acknowledged after the loss", len(records))
	}
	kinds := make(map[string]int)
	for _, e := range storetest.ReadLog(t, s, "shop", 0) {
		kinds[e.Kind]++
		delete(records, e.Record.Record)
	}
	if kinds["frame"] != 3 || len(records) > 0 {
		t.Errorf("the log has %d frames, want 3, and lacks %d records that were acknowledged", kinds["frame"], len(records))
	}
}

// emptying is a Redis that is emptied at the moment in which the outbox hands over.
type emptying struct {
	*redisstore.Store
	away  atomic.Bool
	empty func() // once
}

func (e *emptying) Append(ctx context.Context, entry consent.Entry) (consent.Stored, bool, error) {
	if e.away.Load() {
		return consent.Stored{}, false, consent.ErrUnavailable
	}
	return e.Store.Append(ctx, entry)
}

func (e *emptying) Health(ctx context.Context) (consent.Durability, error) {
	if e.away.Load() {
		return "", consent.ErrUnavailable
	}
	return e.Store.Health(ctx)
}

func (e *emptying) AppendInOrder(ctx context.Context, entries []consent.Entry) ([]consent.Stored, []bool, error) {
	if empty := e.empty; empty != nil {
		e.empty = nil
		empty()
	}
	return e.Store.AppendInOrder(ctx, entries)
}

// filledWhileAway is an outbox in which 20 records wait that are on three notices.
func filledWhileAway(t *testing.T, probe time.Duration) (s *Store, inner *emptying) {
	redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	inner = &emptying{Store: overRedis(t, redis.URL())}
	inner.empty = func() { redis.MustDo("FLUSHALL") }
	o := brisk()
	o.Probe = probe
	s = opened(t, t.TempDir(), inner, o)
	for n := range 3 {
		if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact("frame", n)); err != nil {
			t.Fatal(err)
		}
	}
	inner.away.Store(true)
	for n := range 20 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	return s, inner
}

// A Redis that is emptied while it is handed what has waited gets the notices first.
func TestARedisThatIsEmptiedWhileItIsHandedOverTo(t *testing.T) {
	s, inner := filledWhileAway(t, 10*time.Millisecond)
	inner.away.Store(false)
	drained(t, s)
	kinds := ""
	for _, e := range storetest.ReadLog(t, s, "shop", 0) {
		kinds += e.Kind + " "
	}
	if want := "frame frame frame " + strings.Repeat(" ", 20); kinds != want {
		t.Errorf("the log has %q, want three frames and 20 records", kinds)
	}
}

// Who prunes hands nothing over to a store that is taken to be away, or has lost
// something: the notices come first.
func TestPruningHandsNothingOverBeforeTheNotices(t *testing.T) {
	s, inner := filledWhileAway(t, time.Hour)
	inner.empty()
	inner.empty = nil
	if _, _, err := inner.Store.Append(t.Context(), storetest.Entry("shop", 100)); err == nil {
		t.Fatal("the loss is not noticed")
	}
	inner.away.Store(false)
	if err := s.Prune(t.Context(), "shop", []consent.ID{storetest.Entry("shop", 500).Record}); !errors.Is(err, consent.ErrUnavailable) {
		t.Errorf("pruning a store that is away: %v", err)
	}
	if log := storetest.ReadLog(t, inner.Store, "shop", 0); len(log) != 0 {
		t.Errorf("the log has %d entries before the notices are there", len(log))
	}
}

// What an earlier run has left is handed to a Redis that was emptied meanwhile after
// the notices that this run has not seen, of which there are copies.
func TestARedisThatIsEmptiedBetweenTwoRuns(t *testing.T) {
	redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	dir, inner := t.TempDir(), &emptying{Store: overRedis(t, redis.URL())}
	s := opened(t, dir, inner, brisk())
	for n, kind := range []string{"rendering", "frame", "banner", "audit", "frame"} {
		if err := s.PutArtefact(t.Context(), "shop", storetest.Artefact(kind, n)); err != nil {
			t.Fatal(err)
		}
	}
	inner.away.Store(true)
	for n := range 3 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	redis.MustDo("FLUSHALL")
	s = opened(t, dir, overRedis(t, redis.URL()), brisk())
	drained(t, s)
	kinds := ""
	for _, e := range storetest.ReadLog(t, s, "shop", 0) {
		kinds += e.Kind + " "
	}
	if kinds != "banner frame frame rendering    " {
		t.Errorf("the log has %q, want four notices and then three records", kinds)
	}
}

// slowPut is a Redis that is emptied when it has taken an artefact, and back before its
// caller hears of that.
type slowPut struct {
	*redisstore.Store
	meanwhile func() // once
}

func (p *slowPut) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	err := p.Store.PutArtefact(ctx, site, a)
	if meanwhile := p.meanwhile; meanwhile != nil {
		p.meanwhile = nil
		meanwhile()
	}
	return err
}

// A notice is there when it is acknowledged, although Redis was emptied and given again
// what had been acknowledged while it was on its way.
func TestANoticeThatWasOnItsWayWhenRedisWasEmptied(t *testing.T) {
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
			inner := &slowPut{Store: overRedis(t, redis.URL())}
			s := opened(t, t.TempDir(), inner, o)
			storetest.MustAppend(t, s, storetest.Entry("shop", 0))
			inner.meanwhile = func() {
				redis.MustDo("FLUSHALL")
				storetest.MustAppend(t, s, storetest.Entry("shop", 1))
				drained(t, s)
			}
			a := storetest.Artefact("frame", 0)
			if err := s.PutArtefact(t.Context(), "shop", a); err != nil {
				t.Fatal(err)
			}
			drained(t, s)
			if got := redis.Ask("EXISTS a:{shop}:" + a.Digest); got != ":1" {
				t.Errorf("the notice was acknowledged, and Redis has %q of it", got)
			}
		})
	}
}
