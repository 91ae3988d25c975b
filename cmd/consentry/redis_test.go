package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// durableRedis is a Redis that promises what require: durable asks for.
func durableRedis(t *testing.T) *storetest.Redis {
	return storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
}

func redisShop(t *testing.T, redis *storetest.Redis) (dir string) {
	return newShop(t, "https://shop.example", anyPorts+"store: "+redis.URL()+"\n")
}

// wantRecorded wants the next decision recorded, and its receipt to open.
func (p *program) wantRecorded() {
	p.t.Helper()
	got := p.decide("accept-all")
	if got.status != http.StatusCreated || got.cookies() == "" {
		p.t.Fatalf("a grant got %d: %s", got.status, got.body)
	}
	answer := decoded[decisionReply](p.t, got.body)
	receipt := ask(p.t, p.visitors, "GET", answer.Receipt, "", "Accept: application/json")
	if receipt.status != http.StatusOK || !strings.Contains(receipt.body, answer.Record) || answer.Proof != "durable" {
		p.t.Errorf("the receipt of %s got %d: %s", got.body, receipt.status, receipt.body)
	}
}

// wantClosed wants what a store that cannot promise enough leaves: the gate,
// refusals that wait for their record, and no grant.
func (p *program) wantClosed(because string) {
	p.t.Helper()
	if gate := ask(p.t, p.visitors, "GET", "/privacy/gate.js", ""); gate.status != http.StatusOK {
		p.t.Errorf("%s: the gate got %d", because, gate.status)
	}
	if got := p.decide("accept-all"); got.status != http.StatusServiceUnavailable || got.cookies() != "" {
		p.t.Errorf("%s: a grant got %d, cookies %q: %s", because, got.status, got.cookies(), got.body)
	}
	got := p.decide("reject-all")
	if got.status != http.StatusAccepted || decoded[decisionReply](p.t, got.body).Proof != "pending" || strings.Contains(got.cookies(), "~g") {
		p.t.Errorf("%s: a refusal got %d, cookies %q: %s", because, got.status, got.cookies(), got.body)
	}
	if ready := p.ready(); !strings.Contains(ready, `"status":"degraded"`) {
		p.t.Errorf("%s: /readyz says %s", because, ready)
	}
}

// The command that /readyz names says that the server has to be stopped for it.
func TestALogIsNotRestartedBesideItsServer(t *testing.T) {
	dir := redisShop(t, durableRedis(t))
	p := start(t, dir)
	defer p.stop()
	status, _, stderr := command(t, "log", "restart", "shop", "--yes", "--config", dir)
	if status != exitProblem || !strings.Contains(stderr, "stop that server first, then run again: consentry log restart shop --yes") || strings.Contains(stderr, "folder of its own") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// While Redis is away decisions are taken all the same, and their receipts open,
// also after a restart of the server and with a notice that Redis has never seen.
// Once it is back it gets all of it, once.
func TestRedisComesAndGoes(t *testing.T) {
	redis := durableRedis(t)
	dir := redisShop(t, redis)
	p := start(t, dir)
	p.wantRecorded()
	refusal := decisionBody(newDecisionID(), p.rendering(), "reject-all")
	redis.Stop()
	p.wantRecorded()
	p.wantOutbox("connection refused")
	if got := ask(t, p.visitors, "GET", p.recorded().Receipt, "", "Accept: text/html"); got.status != http.StatusOK || !strings.Contains(got.body, "Some earlier choices may be missing here") {
		t.Errorf("a receipt with Redis away got %d and does not say that it is a part:\n%s", got.status, got.body)
	}
	if got := ask(t, p.visitors, "POST", "/privacy/decisions", refusal, fromPage()...); got.status != http.StatusCreated {
		t.Errorf("a refusal got %d: %s", got.status, got.body)
	}
	p.kill()
	p = start(t, dir)
	p.wantRecorded()
	p.wantOutbox("connection refused")
	before := p.rendering()
	replace(t, siteFile(dir), strings.Replace(content(t, siteFile(dir)), "layout: bar", "layout: card", 1))
	until(t, "the changed notice is shown", func() bool { return p.rendering() != before })
	p.wantRecorded()
	redis.Restart()
	p.wantReady()
	p.wantRecorded()
	// The browser sends again what it got no answer to.
	if got := ask(t, p.visitors, "POST", "/privacy/decisions", refusal, fromPage()...); got.status != http.StatusCreated {
		t.Errorf("the refusal sent again got %d: %s", got.status, got.body)
	}
	p.stop()
	if records := keptInRedis(t, redis); len(records) != 7 {
		t.Errorf("Redis has %d records, want 7", len(records))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "data", "outbox", "*.outbox")); len(left) != 0 {
		t.Errorf("the outbox still has files: %v", left)
	}
}

// wantOutbox wants /readyz and the metrics to say that decisions wait, and why.
func (p *program) wantOutbox(why string) {
	p.t.Helper()
	until(p.t, "/readyz says that decisions wait, and why", func() bool {
		ready := p.ready()
		return strings.Contains(ready, `"status":"degraded"`) && strings.Contains(ready, `"answering":true`) && strings.Contains(ready, why)
	})
	metrics := ask(p.t, p.operators, "GET", "/metrics", "").body
	for _, want := range []string{"consentry_outbox_answering 1", "consentry_outbox_limit_bytes 2.68435456e+08", "consentry_outbox_oldest_seconds "} {
		if !strings.Contains(metrics, want) {
			p.t.Errorf("the metrics lack %s", want)
		}
	}
}

// keptInRedis is kept for Redis.
func keptInRedis(t testing.TB, redis *storetest.Redis) map[string]int {
	t.Helper()
	store, err := redisstore.Open(t.Context(), redis.URL(), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	return keptIn(t, store)
}

// With Redis away and the outbox full nothing is granted, and refusals take
// effect; when Redis is back all goes on by itself.
func TestRedisAwayAndTheOutboxFull(t *testing.T) {
	redis := durableRedis(t)
	dir := newShop(t, "https://shop.example", anyPorts+"store: "+redis.URL()+"\noutbox: {limit_mb: 1}\nrate_limit: {per_minute: 0}\n")
	p := start(t, dir)
	redis.Stop()
	rendering, full := p.rendering(), atomic.Bool{}
	visitors := make(chan *visitor, 32)
	for range cap(visitors) {
		v, err := visit(p.visitors)
		if err != nil {
			t.Fatal(err)
		}
		defer v.close()
		visitors <- v
	}
	taken := atomic.Int64{}
	_, err := storetest.RunLoad(cap(visitors), 6000, func(int) error {
		if full.Load() {
			return nil
		}
		v := <-visitors
		defer func() { visitors <- v }()
		got, err := v.call("POST", "/privacy/decisions", decisionBody(newDecisionID(), rendering, "accept-all"), fromPage()...)
		switch {
		case err != nil:
			return err
		case got.status == http.StatusServiceUnavailable:
			full.Store(true)
		case got.status != http.StatusCreated:
			return statusError(got.status)
		default:
			taken.Add(1)
		}
		return nil
	})
	if err != nil || !full.Load() {
		t.Fatalf("%d decisions and the outbox is not full: %v", taken.Load(), err)
	}
	p.wantClosed("Redis is away and the outbox full")
	for _, want := range []string{"percent=50", "percent=80"} {
		if !strings.Contains(p.log(), want) {
			t.Errorf("the log does not warn of %s", want)
		}
	}
	redis.Restart()
	p.wantReady()
	p.wantRecorded()
	p.stop()
	if records := keptInRedis(t, redis); int64(len(records)) != taken.Load()+1 {
		t.Errorf("Redis has %d records, want %d", len(records), taken.Load()+1)
	}
}

// A server that starts before its Redis waits for it, and then serves.
func TestServeStartsBeforeRedis(t *testing.T) {
	redis := durableRedis(t)
	redis.Stop()
	p := start(t, redisShop(t, redis))
	if ready := p.ready(); !strings.Contains(ready, `"status":"degraded"`) || !strings.Contains(p.log(), "level=ERROR") {
		t.Errorf("without Redis /readyz says %s and the log\n%s", ready, p.log())
	}
	if health := ask(t, p.operators, "GET", "/healthz", ""); health.status != http.StatusOK {
		t.Errorf("/healthz got %d", health.status)
	}
	redis.Restart()
	until(t, "the site is served", func() bool { return p.rendering() != "" })
	p.wantReady()
	p.wantRecorded()
	p.stop()
}

// What require asks for is held for as long as the server runs, not at its start
// alone: to a Redis that promises less later on nothing is handed over.
func TestRequireHoldsWhileServing(t *testing.T) {
	redis := durableRedis(t)
	p := start(t, redisShop(t, redis))
	redis.Stop()
	redis.Restart("--appendfsync", "everysec")
	until(t, "/readyz shows that Redis promises less", func() bool { return strings.Contains(p.ready(), `promises \"everysec\"`) })
	p.wantRecorded()
	p.wantOutbox("set appendonly yes, appendfsync always")
	if records := keptInRedis(t, redis); len(records) != 0 {
		t.Errorf("Redis got %d records", len(records))
	}
	redis.Stop()
	redis.Restart()
	p.wantReady()
	p.wantRecorded()
	if records := keptInRedis(t, redis); len(records) != 2 {
		t.Errorf("Redis has %d records, want 2", len(records))
	}
	redis.Stop()
	redis.Restart("--appendonly", "no")
	until(t, "/readyz shows that Redis keeps nothing", func() bool { return strings.Contains(p.ready(), "volatile") })
	p.stop()
}

// A Redis on the same machine is reached through its socket, as the manual says.
func TestRedisThroughItsSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "redis.sock")
	storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--unixsocket", socket)
	for _, address := range []string{"unix://" + socket, "unix://" + socket + "?db=1"} {
		p := start(t, newShop(t, "https://shop.example", anyPorts+"store: "+address+"\n"))
		p.wantRecorded()
		p.stop()
	}
}
