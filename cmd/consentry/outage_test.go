package main

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/storetest"
)

// passersby are visitors that decide until they are told to stop. It remembers what
// was acknowledged and what nobody has answered.
type passersby struct {
	rendering string

	mu           sync.Mutex
	acknowledged map[string]bool // records
	open         []string        // decision ids without an answer
	refused      []int           // statuses that no visitor should see
}

// decide lets n visitors of a server decide until stop is closed or the server is
// gone.
func (c *passersby) decide(t *testing.T, p *program, n int, stop <-chan struct{}) (wait func()) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		v, err := visit(p.visitors)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer v.close()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !c.one(t, v) {
					return
				}
			}
		})
	}
	return wg.Wait
}

// one makes one decision and reports whether the server is still there.
func (c *passersby) one(t *testing.T, v *visitor) bool {
	id := newDecisionID()
	got, err := v.call("POST", "/privacy/decisions", decisionBody(id, c.rendering, "accept-all"), fromPage()...)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.open = append(c.open, id)
		return false
	case got.status != http.StatusCreated:
		c.refused = append(c.refused, got.status)
		return true
	}
	c.acknowledged[decoded[decisionReply](t, got.body).Record] = true
	return true
}

// wantKept wants what was acknowledged in the store, once, and beside it only what
// was never answered.
func (c *passersby) wantKept(t *testing.T, stored map[string]int) {
	t.Helper()
	for record := range c.acknowledged {
		if stored[record] != 1 {
			t.Errorf("acknowledged record %s is there %d times", record, stored[record])
		}
	}
	for record, times := range stored {
		if times != 1 {
			t.Errorf("record %s is there %d times", record, times)
		}
	}
	if extra := len(stored) - len(c.acknowledged); extra > len(c.open) {
		t.Errorf("%d records are there that nobody was told of, and only %d decisions had no answer", extra, len(c.open))
	}
	if len(c.refused) > 0 {
		t.Errorf("%d visitors were refused, the first with %d", len(c.refused), c.refused[0])
	}
}

// setting reads a number that asks for a longer run.
func setting(t testing.TB, name string, usual int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(usual)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// handedOver waits until Redis has what the outbox held.
func (p *program) handedOver(within time.Duration) {
	for end := time.Now().Add(within); time.Now().Before(end) && !strings.Contains(p.ready(), `"waiting":0`); {
		time.Sleep(100 * time.Millisecond)
	}
}

func unlimited(redis *storetest.Redis) string {
	return anyPorts + "store: " + redis.URL() + "\nrate_limit: {per_minute: 0}\n"
}

// Redis is gone for a while under load: no visitor notices, nothing is lost and
// nothing is there twice. The full run:
//
//	CONSENTRY_OUTAGE_SECONDS=60 go test ./cmd/consentry -run NoVisitorNotices -v
func TestNoVisitorNoticesThatRedisIsAway(t *testing.T) {
	redis := durableRedis(t)
	p := start(t, newShop(t, "https://shop.example", unlimited(redis)))
	c := &passersby{rendering: p.rendering(), acknowledged: make(map[string]bool)}
	stop := make(chan struct{})
	wait := c.decide(t, p, 16, stop)
	time.Sleep(300 * time.Millisecond)
	redis.Stop()
	outage := time.Duration(setting(t, "CONSENTRY_OUTAGE_SECONDS", 2)) * time.Second
	time.Sleep(outage)
	redis.Restart()
	time.Sleep(700 * time.Millisecond)
	close(stop)
	wait()
	p.handedOver(outage + time.Second) // the longer it was away, the more there is to hand over
	p.wantReady()
	p.stop()
	if len(c.open) > 0 {
		t.Errorf("%d decisions had no answer", len(c.open))
	}
	c.wantKept(t, keptInRedis(t, redis))
	t.Logf("%d decisions were made", len(c.acknowledged))
}

// The server, Redis or both are killed again and again under load: what was
// acknowledged is there in the end, once, in a log all of whose signed checkpoints
// it continues. Of three rounds the server dies in two and
// Redis in two. A thousand times each: make crash.
func TestAnAcknowledgedDecisionOutlivesKillsBesideRedis(t *testing.T) {
	redis := durableRedis(t)
	dir := newShop(t, "https://shop.example", unlimited(redis)+"anchors: [{file: ../elsewhere.txt}]\n")
	kills := setting(t, "CONSENTRY_KILLS", 6)
	servers, stores := 0, 0
	c := &passersby{acknowledged: make(map[string]bool)}
	p := start(t, dir)
	c.rendering = p.rendering()
	for n := range kills {
		if n%20 == 19 {
			p.handedOver(time.Minute) // nothing more is taken once the outbox is full
		}
		if n > 0 && n%100 == 0 {
			t.Logf("%d decisions acknowledged, %d kills", len(c.acknowledged), n)
		}
		stop := make(chan struct{})
		wait := c.decide(t, p, 16, stop)
		time.Sleep(time.Duration(20+rand.IntN(200)) * time.Millisecond)
		which := n % 3
		if which != 0 { // Redis, or both
			redis.Kill()
			stores++
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		}
		if which != 1 { // the server, or both
			p.kill()
			servers++
		}
		if which != 0 && n%2 == 0 { // else the next server starts without its store
			redis.Restart()
		}
		close(stop)
		wait()
		if which != 1 {
			p = start(t, dir)
		}
		if which != 0 && n%2 == 1 {
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
			redis.Restart()
		}
	}
	p.wantReady()
	p.stop()
	c.wantKept(t, keptInRedis(t, redis))
	wantVerified(t, dir, exitOK, "no difference", "agree outside the store")
	if len(c.acknowledged) < 10*kills {
		t.Error("hardly anything was acknowledged")
	}
	t.Logf("%d acknowledged decisions outlived %d kills of the server and %d of Redis; %d had no answer", len(c.acknowledged), servers, stores, len(c.open))
}

// The disk under the outbox fails while Redis is away, at each of the first
// syncs: nothing is acknowledged that is not there after a restart.
func TestAFailedSyncOfTheOutbox(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("strace is not installed")
	}
	redis := durableRedis(t)
	dir := newShop(t, "https://shop.example", unlimited(redis))
	p := start(t, dir)
	rendering := p.rendering()
	p.stop()
	acknowledged := make(map[string]bool)
	refused := 0
	for call := 1; call <= setting(t, "CONSENTRY_SYNCS", 5); call++ {
		redis.Stop()
		p := start(t, dir)
		p.inject(strace, "fsync:error=EIO:when="+strconv.Itoa(call))
		for range 8 {
			got := ask(t, p.visitors, "POST", "/privacy/decisions", decisionBody(newDecisionID(), rendering, "accept-all"), fromPage()...)
			switch got.status {
			case http.StatusCreated:
				acknowledged[decoded[decisionReply](t, got.body).Record] = true
			case http.StatusServiceUnavailable:
				refused++
				if got.cookies() != "" {
					t.Errorf("sync %d: a grant that was not kept came with cookies", call)
				}
			default:
				t.Errorf("sync %d: a decision got %d: %s", call, got.status, got.body)
			}
		}
		p.kill()
		redis.Restart()
		p = start(t, dir)
		p.wantReady()
		p.stop()
	}
	stored := keptInRedis(t, redis)
	for record := range acknowledged {
		if stored[record] != 1 {
			t.Errorf("acknowledged record %s is there %d times", record, stored[record])
		}
	}
	if refused == 0 || len(acknowledged) == 0 {
		t.Errorf("%d were refused and %d acknowledged: no fault got through", refused, len(acknowledged))
	}
	t.Logf("%d acknowledged, %d refused", len(acknowledged), refused)
}

// inject lets system calls of the running server fail, in the words of strace.
func (p *program) inject(strace, fault string) {
	p.t.Helper()
	pid := strconv.Itoa(p.process.Process.Pid)
	tracer := exec.Command(strace, "-f", "-qq", "-e", "trace=fsync", "-e", "inject="+fault, "-o", "/dev/null", "-p", pid)
	if err := tracer.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = tracer.Process.Kill() // ends with the server, if not before
		_ = tracer.Wait()
	})
	until(p.t, "strace is attached", func() bool {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		return err == nil && !strings.Contains(string(status), "TracerPid:\t0\n")
	})
}
