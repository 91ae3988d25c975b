package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/storetest"
)

// A Redis that comes back without the newest notice, or without anything, has it
// again before it gets a decision on it, whether or not anybody noticed that it was
// away.
func TestANoticeThatRedisLostIsPutAgain(t *testing.T) {
	for name, c := range map[string]struct {
		lose func(*storetest.Redis)
		away time.Duration
		told string // in the server's log
	}{
		"its last second, unnoticed":     {func(*storetest.Redis) {}, 0, "the store lacked what records refer to"},
		"its last second, noticed":       {func(*storetest.Redis) {}, 2 * time.Second, "the store lacked what records refer to"},
		"its last second, without +info": {func(*storetest.Redis) {}, 0, "redis lacks what it had of a site"},
		"everything":                     {func(r *storetest.Redis) { r.MustDo("FLUSHALL"); r.MustDo("SAVE") }, 0, "redis lacks what it had of a site"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := redisstore.ACL
			if strings.Contains(name, "without") {
				rules += " -info"
			}
			redis := storetest.StartRedis(t, slices.Concat([]string{"--user", "consentry", "on", ">p"}, strings.Fields(rules))...)
			dir := newShop(t, "https://shop.example", anyPorts+"store: redis://consentry:p@"+redis.Addr()+"\nrequire: any\n")
			p := start(t, dir)
			defer p.stop()
			before := p.rendering()
			redis.MustDo("SAVE") // what it has after it is killed
			replace(t, siteFile(dir), strings.Replace(content(t, siteFile(dir)), "layout: bar", "layout: card", 1))
			until(t, "the changed notice is shown", func() bool { return p.rendering() != before })
			c.lose(redis)
			redis.Kill()
			time.Sleep(c.away)
			redis.Restart()
			for range 3 {
				if got := p.decide("accept-all"); got.status != http.StatusCreated || got.cookies() == "" {
					t.Fatalf("a grant got %d: %s", got.status, got.body)
				}
			}
			p.wantReady()
			if log := p.log(); !strings.Contains(log, c.told) {
				t.Errorf("the log does not say %q:\n%s", c.told, log)
			}
			wantVerified(t, dir, exitOK, "3 records", "no difference")
		})
	}
}
