package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

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

// While Redis is away nothing is granted, nothing is refused in vain, and the
// pages lose nothing. Once it is back all goes on by itself.
func TestRedisComesAndGoes(t *testing.T) {
	redis := durableRedis(t)
	p := start(t, redisShop(t, redis))
	p.wantRecorded()
	refusal := decisionBody(newDecisionID(), p.rendering(), "reject-all")
	redis.Stop()
	p.wantClosed("Redis is away")
	if got := ask(t, p.visitors, "POST", "/privacy/decisions", refusal, fromPage()...); got.status != http.StatusAccepted {
		t.Errorf("a refusal got %d: %s", got.status, got.body)
	}
	redis.Restart()
	p.wantReady()
	p.wantRecorded()
	// The browser sends again what was pending.
	if got := ask(t, p.visitors, "POST", "/privacy/decisions", refusal, fromPage()...); got.status != http.StatusCreated {
		t.Errorf("the refusal sent again got %d: %s", got.status, got.body)
	}
	p.stop()
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
// alone: a Redis that promises less later on gets no grant acknowledged.
func TestRequireHoldsWhileServing(t *testing.T) {
	redis := durableRedis(t)
	redis.Stop()
	p := start(t, redisShop(t, redis))
	redis.Restart("--appendfsync", "everysec")
	until(t, "the site is served", func() bool { return p.rendering() != "" })
	p.wantClosed("Redis came with appendfsync everysec")
	if ready := p.ready(); !strings.Contains(ready, "everysec") {
		t.Errorf("/readyz does not say what Redis promises: %s", ready)
	}
	redis.Stop()
	redis.Restart()
	p.wantReady()
	p.wantRecorded()
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
