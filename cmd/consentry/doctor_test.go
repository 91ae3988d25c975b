package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// owner is a web server of an owner: one page, and a proxy to the program under
// /privacy/ that may do what proxies should not.
type owner struct {
	*httptest.Server
	now     atomic.Pointer[installation]
	program *program
}

type installation struct {
	head   string // of the page
	policy string // its Content-Security-Policy
	spoil  func(*http.Request)
	cache  func(http.Header)
}

func newOwner(t *testing.T) (*owner, string) {
	t.Helper()
	return newOwnerOf(t, anyPorts, "")
}

// newOwnerOf takes the server file, and what stands at the end of the site's.
func newOwnerOf(t *testing.T, settings, site string) (*owner, string) {
	t.Helper()
	o := new(owner)
	o.now.Store(&installation{spoil: func(*http.Request) {}, cache: func(http.Header) {}})
	o.Server = httptest.NewUnstartedServer(o)
	origin := "http://" + o.Listener.Addr().String()
	dir := newShop(t, origin, settings)
	replace(t, siteFile(dir), content(t, siteFile(dir))+site)
	p := start(t, dir)
	o.program = p
	to := &url.URL{Scheme: "http", Host: p.visitors}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
			o.now.Load().spoil(r.Out)
		},
		ModifyResponse: func(r *http.Response) error { o.now.Load().cache(r.Header); return nil },
	}
	mux := http.NewServeMux()
	mux.Handle("/privacy/", proxy)
	mux.Handle("/", o)
	o.Config.Handler = mux
	o.Start()
	t.Cleanup(o.Close)
	return o, dir
}

func (o *owner) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	now := o.now.Load()
	if now.policy != "" {
		w.Header().Set("Content-Security-Policy", now.policy)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>Shop</title>%s<h1>Shop</h1>", now.head)
}

// What an owner may get wrong is named, with how to mend it; a good installation
// passes.
func TestTheDoctorFindsWhatIsInstalledWrong(t *testing.T) {
	o, dir := newOwner(t)
	const gate = `<script src="/privacy/gate.js"></script>`
	pass, keep := func(*http.Request) {}, func(http.Header) {}
	for _, c := range []struct {
		says, head, policy string
		spoil              func(*http.Request)
		cache              func(http.Header)
		status             int
		want               string
	}{
		{"all is right", gate, "script-src 'self'; connect-src 'self'", pass, keep, exitOK, "No cache keeps what is one visitor's own"},
		{"no gate", "", "", pass, keep, exitProblem, "does not load the gate"},
		{"a script before it", `<script src="https://vendor.example/a.js"></script>` + gate, "", pass, keep, exitProblem, "Before the gate stands <script> of https://vendor.example/a.js"},
		{"the gate is late", strings.Replace(gate, "<script", "<script async", 1), "", pass, keep, exitProblem, "Remove async"},
		{"the signal is lost", gate, "", func(r *http.Request) { r.Header.Del("Sec-GPC") }, keep, exitProblem, "does not arrive"},
		{"a cache stores", gate, "", pass, func(h http.Header) { h.Set("Age", "7") }, exitProblem, "A cache keeps"},
		{"decisions are lost", gate, "", func(r *http.Request) { r.Header.Del("Origin") }, keep, exitProblem, "is not one of the site's origins"},
		{"the policy forbids", gate, "default-src 'none'; script-src 'self'", pass, keep, exitProblem, "connect-src does not allow"},
	} {
		o.now.Store(&installation{c.head, c.policy, c.spoil, c.cache})
		status, out, problems := command(t, "doctor", o.URL+"/", "--config", dir)
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%s: status %d, want %d and %q\n%s%s", c.says, status, c.status, c.want, out, problems)
		}
	}
	o.now.Store(&installation{gate, "", pass, keep})
	wantCommand(t, exitOK, `"level": "right"`, "doctor", o.URL+"/", "--json", "--config", dir)
	wantCommand(t, exitProblem, "no site", "doctor", "http://elsewhere.example/", "--config", dir)
	wantCommand(t, exitUsage, "no address", "doctor", "shop.example", "--config", dir)
}

// The doctor may be anywhere, and a site may ask nothing.
func TestTheDoctorFindsNothingWrongInAnyRegime(t *testing.T) {
	for site, want := range map[string]string{
		"\nregime: local\n":               "The header Sec-GPC arrives",
		"\nregime: local\ngpc: binding\n": "No cache keeps",
		"\nchild_directed: true\n":        "It is the gate",
	} {
		o, dir := newOwnerOf(t, anyPorts+"trusted_proxies: [127.0.0.1]\ncountry_header: X-Country\n", site)
		japan := func(r *http.Request) { r.Header.Set("X-Country", "JP") }
		o.now.Store(&installation{head: `<script src="/privacy/gate.js"></script>`, spoil: japan, cache: func(http.Header) {}})
		status, out, problems := command(t, "doctor", o.URL+"/", "--config", dir)
		if status != exitOK || !strings.Contains(out, want) || !strings.Contains(out, "It is the gate that this configuration makes") {
			t.Errorf("%q: status %d\n%s%s", site, status, out, problems)
		}
	}
}
