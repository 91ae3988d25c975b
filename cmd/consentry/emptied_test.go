package main

import (
	"net/http"
	"strings"
	"testing"
)

// A Redis is emptied beside a running server: the gate is served and decisions are
// taken further, on the notice that Redis has again. The log is not signed over what is
// left: /readyz, the server's log and verify say what has happened, and once the log was
// restarted as they say, all is well.
func TestARedisThatIsEmptiedBesideTheServer(t *testing.T) {
	for _, how := range []string{"FLUSHALL", "FLUSHDB"} {
		t.Run(how, func(t *testing.T) {
			redis := durableRedis(t)
			dir := redisShop(t, redis)
			p := start(t, dir)
			for range 3 {
				p.wantRecorded()
			}
			p.waitSigned(3)
			redis.MustDo(how)
			for range 3 {
				if got := p.decide("accept-all"); got.status != http.StatusCreated || got.cookies() == "" {
					t.Fatalf("a grant got %d: %s", got.status, got.body)
				}
			}
			if gate := ask(t, p.visitors, "GET", "/privacy/gate.js", ""); gate.status != http.StatusOK {
				t.Errorf("the gate got %d", gate.status)
			}
			until(t, "/readyz says that nothing is signed", func() bool { return strings.Contains(p.ready(), "the log is not signed") })
			if ready := p.ready(); !strings.Contains(ready, "consentry log restart shop") {
				t.Errorf("/readyz says %s", ready)
			}
			if log := p.log(); !strings.Contains(log, "redis lacks what it had of a site: it was emptied") || !strings.Contains(log, "artefacts=") {
				t.Errorf("the log says\n%s", log)
			}
			wantVerified(t, dir, exitProblem, "the store has none: it was deleted, the store was emptied, or an older state was restored")
			p.stop()
			if status, stdout, stderr := command(t, "log", "restart", "shop", "--yes", "--config", dir); status != exitOK {
				t.Fatalf("log restart: status %d\n%s%s", status, stdout, stderr)
			}
			p = start(t, dir)
			p.wantReady()
			p.stop()
			wantVerified(t, dir, exitOK, "3 records", "no difference")
		})
	}
}
