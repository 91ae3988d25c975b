package main

import (
	"cmp"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/consentry/consentry/internal/storetest"
)

const (
	crashClients = 64
	crashRounds  = 3  // unless CONSENTRY_KILLS says otherwise
	crashDeep    = 25 // of a long run every so many rounds all that is stored is read
)

// shoppers are clients that decide until the server dies.
type shoppers struct {
	rendering string
	free      chan *visitor

	mu           sync.Mutex
	acknowledged map[string]string // decision id to the answer's body
	open         []string          // decision ids that nobody has answered
}

// A server that is killed under load has kept every decision that it
// acknowledged, once, and nothing by half: its log has no gaps, and decisions
// that it did not acknowledge are one record each after their retry. Every
// checkpoint that was signed on the way continues in the log of the end.
//
// By default some thousand decisions are made in three rounds. With many decisions
// it prints decisions a second, p50 and p99 beside the ceiling of bare SQLite on the
// same disk:
//
//	CONSENTRY_CRASH_DECISIONS=100000 go test ./cmd/consentry -run 'OutlivesKill$' -v
//
// A thousand kills of the server on each store, and of Redis, take hours: make crash.
func TestAnAcknowledgedDecisionOutlivesKill(t *testing.T) {
	full, err := strconv.Atoi(cmp.Or(os.Getenv("CONSENTRY_CRASH_DECISIONS"), "0"))
	if err != nil {
		t.Fatalf("CONSENTRY_CRASH_DECISIONS: %v", err)
	}
	dir := anchoredShop(t)
	all := make(map[string]string) // record to answer
	var load storetest.Load
	rounds, more := setting(t, "CONSENTRY_KILLS", crashRounds), 500
	if rounds > crashDeep {
		more = 100
	}
	for n := range rounds {
		p := start(t, dir)
		s := &shoppers{rendering: p.rendering(), acknowledged: make(map[string]string)}
		took := s.decideUntilKilled(t, p, max(max(full, 2400)/rounds, 20)+rand.IntN(more))
		load = load.Add(took)
		for _, answer := range s.acknowledged {
			all[decoded[decisionReply](t, answer).Record] = answer
		}
		deep := rounds <= crashDeep || n%crashDeep == 0 || n == rounds-1
		if deep {
			t.Logf("%d decisions acknowledged, %d kills", len(all), n+1)
			wantEachOnce(t, kept(t, dir), all, len(s.open))
			wantVerified(t, dir, exitOK, "no difference")
		}
		s.retry(t, dir, all)
		if deep {
			wantVerified(t, dir, exitOK, "no difference", "agree outside the store")
		}
		if t.Failed() {
			t.Fatalf("after %d kills", n+1)
		}
	}
	wantEachOnce(t, kept(t, dir), all, 0)
	t.Logf("%d acknowledged decisions outlived %d kills", len(all), rounds)
	if full > 0 {
		t.Logf("%.0f decisions/s, p50 %s, p99 %s with %d clients", load.PerSecond(), load.Percentile(50), load.Percentile(99), crashClients)
		t.Logf("%.0f rows/s is the store's ceiling", ceiling(t, min(full, 20_000)))
	}
}

// decideUntilKilled lets all clients decide and kills the server at once when it
// has acknowledged n decisions, while others are on their way.
func (s *shoppers) decideUntilKilled(t *testing.T, p *program, n int) storetest.Load {
	t.Helper()
	s.free = make(chan *visitor, crashClients)
	for range crashClients {
		v, err := visit(p.visitors)
		if err != nil {
			t.Fatal(err)
		}
		defer v.close()
		s.free <- v
	}
	var answered atomic.Int64
	load, err := storetest.RunLoad(crashClients, 1<<30, func(int) error {
		err := s.decide()
		if err == nil && answered.Add(1) == int64(n) {
			go p.kill()
		}
		return err
	})
	p.kill()
	if refused := (statusError(0)); errors.As(err, &refused) || len(s.acknowledged) < n || len(s.open) == 0 {
		t.Fatalf("the load ended with %d acknowledged and %d open decisions: %v", len(s.acknowledged), len(s.open), err)
	}
	load.Calls = len(s.acknowledged)
	return load
}

// statusError is an answer that is not the wanted one.
type statusError int

func (e statusError) Error() string { return "status " + strconv.Itoa(int(e)) }

func (s *shoppers) decide() error {
	id := newDecisionID()
	v := <-s.free
	defer func() { s.free <- v }()
	got, err := v.call("POST", "/privacy/decisions", decisionBody(id, s.rendering, "accept-all"), fromPage()...)
	if err == nil && got.status != http.StatusCreated {
		err = statusError(got.status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.open = append(s.open, id)
		return err
	}
	s.acknowledged[id] = got.body
	return nil
}

// retry sends what was not acknowledged again, each twice at the same time, and
// some of what was, and stops the server.
func (s *shoppers) retry(t *testing.T, dir string, all map[string]string) {
	t.Helper()
	p := start(t, dir)
	ids := slices.Concat(s.open, s.open, slices.Collect(maps.Keys(s.acknowledged))[:20])
	answers := make([]reply, len(ids))
	_, err := storetest.RunLoad(16, len(ids), func(i int) error {
		v, err := visit(p.visitors)
		if err != nil {
			return err
		}
		defer v.close()
		answers[i], err = v.call("POST", "/privacy/decisions", decisionBody(ids[i], s.rendering, "accept-all"), fromPage()...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range answers {
		record := decoded[decisionReply](t, got.body).Record
		if got.status != http.StatusCreated || all[record] != "" && all[record] != got.body {
			t.Errorf("decision %s was answered with\n%s\nand, when sent again, with %d\n%s", ids[i], all[record], got.status, got.body)
		}
		all[record] = got.body
	}
	last := decoded[decisionReply](t, answers[len(answers)-1].body).Receipt
	if receipt := ask(t, p.visitors, "GET", last, "", "Accept: application/json"); receipt.status != http.StatusOK {
		t.Errorf("the receipt of an acknowledged decision got %d", receipt.status)
	}
	p.stop()
}

// wantEachOnce wants the acknowledged records in the store, once each, and at
// most a few more, whose answers were lost.
func wantEachOnce(t *testing.T, stored map[string]int, acknowledged map[string]string, more int) {
	t.Helper()
	for record := range acknowledged {
		if stored[record] != 1 {
			t.Errorf("acknowledged record %s is there %d times", record, stored[record])
		}
	}
	for record, times := range stored {
		if times != 1 {
			t.Errorf("record %s is there %d times", record, times)
		}
	}
	if extra := len(stored) - len(acknowledged); extra > more {
		t.Errorf("the store holds %d records that nobody was told of, want at most %d", extra, more)
	}
}

// ceiling is how many bare rows a second SQLite commits for as many writers.
func ceiling(t *testing.T, n int) float64 {
	t.Helper()
	c, err := storetest.OpenCeiling(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	load, err := storetest.RunLoad(crashClients, n, func(int) error { c.Write(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return load.PerSecond()
}
