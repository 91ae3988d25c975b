package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A page must never wait for Consentry: once nginx has the gate, it is served
// at once, whether Consentry hangs or is gone.
func TestNginxServesTheGateWhileConsentryHangsOrDies(t *testing.T) {
	up := startUpstream(t)
	origin := startNginx(t, shopSite, up.address())
	if got := fetch(t, "GET", origin+"/privacy/gate.js", ""); got.status != 200 || got.body != "gate 1" {
		t.Fatalf("the first gate is %d %q", got.status, got.body)
	}
	time.Sleep(2100 * time.Millisecond) // nginx keeps whole seconds: the copy is stale now
	up.hang.Store(true)
	for i := range 3 {
		got := fetch(t, "GET", origin+"/privacy/gate.js", "")
		if got.status != 200 || got.body != "gate 1" || got.took > 500*time.Millisecond {
			t.Errorf("while Consentry hangs, gate %d is %d %q after %s", i, got.status, got.body, got.took)
		}
	}
	// What was never cached fails within the second, instead of holding the page.
	if got := fetch(t, "GET", origin+"/privacy/banner/x/en.js", ""); got.status != 504 || got.took > 1800*time.Millisecond {
		t.Errorf("while Consentry hangs, a banner that was never cached is %d after %s", got.status, got.took)
	}
	up.CloseClientConnections()
	up.Listener.Close()
	if got := fetch(t, "GET", origin+"/privacy/gate.js", ""); got.status != 200 || got.body != "gate 1" || got.took > time.Second {
		t.Errorf("when Consentry is gone, the gate is %d %q after %s", got.status, got.body, got.took)
	}
	if got := fetch(t, "POST", origin+"/privacy/decisions", "{}"); got.status != 502 && got.status != 504 {
		t.Errorf("when Consentry is gone, a decision is answered with %d", got.status)
	}
}

// A stale gate is fetched anew in the background, so that a change of the
// policy arrives although nobody ever waits for it.
func TestNginxRenewsTheGateInTheBackground(t *testing.T) {
	up := startUpstream(t)
	origin := startNginx(t, shopSite, up.address())
	fetch(t, "GET", origin+"/privacy/gate.js", "")
	if got := fetch(t, "GET", origin+"/privacy/gate.js?x=1", ""); got.body != "gate 1" {
		t.Errorf("a query makes nginx ask again: %q", got.body)
	}
	time.Sleep(2100 * time.Millisecond)
	for range 40 {
		if got := fetch(t, "GET", origin+"/privacy/gate.js", ""); got.body == "gate 2" {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error("the gate was not renewed within a second")
}

// Decisions pass through unchanged and uncached, with the headers that tell
// Consentry who and where the visitor is.
func TestNginxPassesDecisionsThrough(t *testing.T) {
	up := startUpstream(t)
	origin := startNginx(t, shopSite, up.address())
	host := strings.TrimPrefix(origin, "http://")
	for i := range 2 {
		body := fmt.Sprintf(`{"n":%d}`, i)
		got := fetch(t, "POST", origin+"/privacy/decisions", body, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Host", "evil.example")
		if got.status != http.StatusCreated || got.body != "POST "+body {
			t.Fatalf("decision %d is answered with %d %q", i, got.status, got.body)
		}
	}
	want := map[string]string{
		"X-Forwarded-For":   "203.0.113.9, 127.0.0.1", // appended: the last one is nginx's word
		"X-Forwarded-Host":  host,                     // with its port, as the origin has one
		"X-Forwarded-Proto": "http",
	}
	r := up.last.Load()
	for name, value := range want {
		if got := r.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if r.Host != host {
		t.Errorf("Host is %q, want %q", r.Host, host)
	}
	for _, path := range []string{"/.well-known/gpc.json", "/privacy/openapi.json"} {
		if got := fetch(t, "GET", origin+path, ""); got.body != path {
			t.Errorf("%s is answered with %d %q", path, got.status, got.body)
		}
	}
	if got := fetch(t, "POST", origin+"/privacy/decisions", strings.Repeat("x", 9<<10)); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 9 KB is answered with %d", got.status)
	}
	if got := fetch(t, "GET", origin+"/", ""); got.body != "the page\n" {
		t.Errorf("the site's own page is %q", got.body)
	}
}
