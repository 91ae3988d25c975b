package outbox

import (
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
