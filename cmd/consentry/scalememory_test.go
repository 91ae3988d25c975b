package main

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

const (
	usualDecisions = 20_000
	leastPart      = 1000    // decisions between two looks at the memory
	liveSlack      = 2 << 20 // bytes that the heap may differ by between quarters of a run
	residentSlack  = 16 << 20

	// SQLite fills its page caches before it lets go of any page: 32 MB to write with,
	// 2 MB for each of four readers. So many decisions fill them.
	cacheFilling = 40 << 20
	cacheFilled  = 200_000
)

// memory is what a server takes at one time, in bytes.
type memory struct{ live, resident int64 }

// memory reads the server's own metrics: the heap that the last garbage collection
// left in use, and what the process has of the machine.
func (p *program) memory() memory {
	p.t.Helper()
	metrics := ask(p.t, p.operators, "GET", "/metrics", "").body
	read := func(name string) int64 {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics)
		if found == nil {
			p.t.Fatalf("the metrics lack %s", name)
		}
		n, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			p.t.Fatal(err)
		}
		return int64(n)
	}
	return memory{read("go_gc_heap_live_bytes"), read("process_resident_memory_bytes")}
}

// memoryWhile reads the memory until work is done.
func (p *program) memoryWhile(work func() error) (list []memory) {
	p.t.Helper()
	done := make(chan error, 1)
	go func() { done <- work() }()
	for {
		list = append(list, p.memory())
		select {
		case err := <-done:
			if err != nil {
				p.t.Fatal(err)
			}
			return list
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// median is each part's own.
func median(list []memory) (m memory) {
	slices.SortFunc(list, func(a, b memory) int { return cmp.Compare(a.live, b.live) })
	m.live = list[len(list)/2].live
	slices.SortFunc(list, func(a, b memory) int { return cmp.Compare(a.resident, b.resident) })
	m.resident = list[len(list)/2].resident
	return m
}

// A server takes no more memory in the last quarter of many decisions than in the
// second one: by all kinds of visitors, from as many networks, through HTTP. A
// million on either store: make scale.
func TestMemoryStaysFlatWhileVisitorsDecide(t *testing.T) {
	n := setting(t, scaleDecisions, usualDecisions)
	proxied := "trusted_proxies: [127.0.0.1/32]\n"
	t.Run("embedded", func(t *testing.T) {
		wantFlat(t, newShop(t, "https://shop.example", anyPorts+proxied), n, func() int64 { return 0 })
	})
	t.Run("Redis", func(t *testing.T) {
		redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "everysec")
		wantFlat(t, newShop(t, "https://shop.example", everySecond(redis)+proxied), n, func() int64 {
			found := regexp.MustCompile(`used_memory:(\d+)`).FindStringSubmatch(redis.Ask("INFO memory"))
			if found == nil {
				t.Fatal("Redis does not say how much memory it uses")
			}
			bytes, _ := strconv.ParseInt(found[1], 10, 64) // digits
			return bytes
		})
	})
}

// wantFlat lets n visitors decide and compares the memory of the server. elsewhere
// is what the store takes of its own.
func wantFlat(t *testing.T, dir string, n int, elsewhere func() int64) {
	p := start(t, dir)
	audience := newAudience(t, p, 32)
	part := max(n/40, leastPart)
	var early, late []memory
	begun, first := time.Now(), elsewhere()
	for made := 0; made < n; made += part {
		list := p.memoryWhile(func() error { return audience.decide(made, min(part, n-made)) })
		switch {
		case made >= n/4 && made < n/2:
			early = append(early, list...)
		case made >= n*3/4:
			late = append(late, list...)
		}
		m := median(list)
		t.Logf("%d decisions after %s: heap in use after a collection %s, resident %s", min(made+part, n), time.Since(begun).Round(time.Second), megabytes(m.live), megabytes(m.resident))
	}
	before, after := median(early), median(late)
	t.Logf("heap in use: second quarter %s, last %s; resident: %s, %s; %.0f decisions a second",
		megabytes(before.live), megabytes(after.live), megabytes(before.resident), megabytes(after.resident), float64(n)/time.Since(begun).Seconds())
	if last := elsewhere(); last > 0 {
		t.Logf("Redis took %d bytes a decision", (last-first)/int64(n))
	}
	slack := int64(residentSlack)
	if n/4 < cacheFilled {
		slack += cacheFilling
	}
	if after.live > before.live+liveSlack || after.resident > before.resident+slack {
		t.Errorf("memory grows with the decisions: at most %s and %s more are allowed", megabytes(liveSlack), megabytes(slack))
	}
	p.stop()
	wantDecisions(t, dir, n)
}

// wantDecisions wants as many records in the store.
func wantDecisions(t *testing.T, dir string, n int) {
	t.Helper()
	config, err := serverConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openForReading(t.Context(), config, newLogger(t.Output(), config.Log))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	counts, err := store.Counts(t.Context(), "shop", time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	kept := int64(0)
	for _, c := range counts {
		if name, _ := consent.ParseCountKey(c.Key); name == consent.DecidedCount {
			kept += c.N
		}
	}
	if kept != int64(n) {
		t.Errorf("%d decisions are counted, want %d", kept, n)
	}
}

// audience is visitors that share a few connections, as behind a proxy.
type audience struct {
	rendering string
	free      chan *visitor
	alive     func() error
}

func newAudience(t *testing.T, p *program, connections int) *audience {
	t.Helper()
	c := &audience{rendering: p.rendering(), free: make(chan *visitor, connections)}
	c.alive = scaleTime(t, setting(t, scaleDecisions, usualDecisions)).Err
	for range connections {
		v, err := visit(p.visitors)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(v.close)
		c.free <- v
	}
	return c
}

// decide makes n decisions, by visitors from on: each comes from another network, every
// other one refuses.
func (c *audience) decide(from, n int) error {
	_, err := storetest.RunLoad(cap(c.free), n, func(i int) error {
		if err := c.alive(); err != nil {
			return err
		}
		v := <-c.free
		defer func() { c.free <- v }()
		from := from + i
		network := fmt.Sprintf("X-Forwarded-For: 2001:db8:%x:%x::1", from>>16, from&0xffff)
		control := []string{"accept-all", "reject-all"}[from%2]
		got, err := v.call("POST", "/privacy/decisions", decisionBody(newDecisionID(), c.rendering, control), fromPage(network)...)
		if err == nil && got.status != http.StatusCreated {
			err = statusError(got.status)
		}
		return err
	})
	return err
}
