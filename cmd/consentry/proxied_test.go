package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// startBehindNginx runs the real server behind Debian's nginx, connected by what
// "consentry snippet" prints. It returns the address of visitors.
func startBehindNginx(t *testing.T, settings string) (p *program, address string) {
	t.Helper()
	address = freeAddress(t)
	dir := newShop(t, "http://"+address, "listen: "+freeAddress(t)+"\nadmin_listen: 127.0.0.1:0\n"+settings)
	status, lines, stderr := command(t, "snippet", "shop", "--proxy", "nginx", "--config", dir)
	if status != exitOK {
		t.Fatal(stderr)
	}
	p = start(t, dir)
	serveNginx(t, address, lines)
	warm(t, p, address)
	return p, address
}

// warm has the server make what it makes for its first visitor: on a busy machine that
// takes longer than nginx waits.
func warm(t *testing.T, p *program, address string) {
	t.Helper()
	for _, path := range []string{"/privacy/gate.js", "/privacy/banner/" + p.renderingAt(address) + "/en.js"} {
		if got := ask(t, p.visitors, "GET", path, "", "Host: "+address, "Accept-Encoding: br"); got.status != http.StatusOK {
			t.Fatalf("%s got %d", path, got.status)
		}
	}
}

// through makes a request as the page at address would.
func through(t *testing.T, address, method, path, body string, headers ...string) reply {
	t.Helper()
	return ask(t, address, method, path, body, append([]string{"Host: " + address, "Origin: http://" + address}, headers...)...)
}

const behindNginx = "trusted_proxies: [127.0.0.1/32]\nrate_limit: {per_minute: 1, burst: 3}\n"

// A visitor's whole way through nginx: the gate, the banner, a decision with its
// cookies, the receipt, and the page without JavaScript.
func TestTheWholeWayThroughNginx(t *testing.T) {
	_, address := startBehindNginx(t, behindNginx)
	gate := through(t, address, "GET", "/privacy/gate.js", "", "Accept-Encoding: gzip, deflate, br")
	plain := through(t, address, "GET", "/privacy/gate.js", "")
	if gate.status != http.StatusOK || gate.header.Get("Content-Encoding") != "br" || len(gate.body) > len(plain.body)/2 {
		t.Errorf("the gate got %d, %q, %d bytes beside %d plain ones", gate.status, gate.header.Get("Content-Encoding"), len(gate.body), len(plain.body))
	}
	rendering := renderingInGate.FindStringSubmatch(plain.body)[1]
	banner := through(t, address, "GET", "/privacy/banner/"+rendering+"/en.js", "")
	if banner.status != http.StatusOK || !strings.Contains(banner.header.Get("Cache-Control"), "immutable") {
		t.Errorf("the banner got %d, %v", banner.status, banner.header)
	}
	got := through(t, address, "POST", "/privacy/decisions", decisionBody(newDecisionID(), rendering, "accept-all"), "Content-Type: application/json")
	if got.status != http.StatusCreated || !strings.Contains(got.cookies(), "consentry=") || !strings.Contains(got.cookies(), "consentry_hint=") {
		t.Fatalf("a decision got %d, cookies %q: %s", got.status, got.cookies(), got.body)
	}
	answer := decoded[decisionReply](t, got.body)
	receipt := through(t, address, "GET", answer.Receipt, "", "Cookie: "+got.cookies(), "Accept: application/json")
	if receipt.status != http.StatusOK || !strings.Contains(receipt.body, `"origin": "http://`+address+`"`) {
		t.Errorf("the receipt got %d: %s", receipt.status, receipt.body)
	}
	wantFormTaken(t, address, got.cookies())
}

var formField = regexp.MustCompile(`name="(id|rendering|locale)"[^>]*value="([^"]*)"`)

// wantFormTaken withdraws on the page without JavaScript.
func wantFormTaken(t *testing.T, address, cookies string) {
	t.Helper()
	page := through(t, address, "GET", "/privacy/choices?back=/shop", "", "Cookie: "+cookies)
	form := "back=/shop&control=withdraw"
	for _, field := range formField.FindAllStringSubmatch(page.body, -1) {
		if !strings.Contains(form, "&"+field[1]+"=") { // the page has a form for every answer
			form += "&" + field[1] + "=" + field[2]
		}
	}
	got := through(t, address, "POST", "/privacy/choices", form, "Cookie: "+cookies, "Content-Type: application/x-www-form-urlencoded")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/shop" || !strings.Contains(got.cookies(), "analytics~d~") {
		t.Errorf("the form got %d to %q, cookies %q: %s", got.status, got.header.Get("Location"), got.cookies(), got.body)
	}
}

func impressionBody(rendering string) string {
	return fmt.Sprintf(`{"rendering":%q,"locale":"en","layout":"bar","again":false,"webdriver":false}`, rendering)
}

// Behind a declared proxy the limit is each visitor's own, as the proxy names
// them, whatever they claim to have been forwarded for.
func TestLimitsBehindNginxAreEachVisitorsOwn(t *testing.T) {
	p, address := startBehindNginx(t, behindNginx)
	body := impressionBody(p.renderingAt(address))
	impression := func(visitor string) int {
		return through(t, address, "POST", "/privacy/impressions", body,
			"Content-Type: application/json", "X-Forwarded-For: 198.51.100.200, "+visitor).status
	}
	for i := range 3 {
		if status := impression("203.0.113.7"); status != http.StatusNoContent {
			t.Errorf("request %d got %d", i, status)
		}
	}
	if status := impression("203.0.113.7"); status != http.StatusTooManyRequests {
		t.Errorf("a request beyond the limit got %d", status)
	}
	if status := impression("203.0.113.8"); status != http.StatusNoContent {
		t.Errorf("another visitor got %d", status)
	}
}

// Once nginx has the scripts, pages get them although the server was killed,
// whatever coding their browser asks for.
func TestNginxServesWhatAKilledServerServed(t *testing.T) {
	p, address := startBehindNginx(t, behindNginx)
	scripts := []string{"/privacy/gate.js"}
	for _, bundle := range []string{"opener", "banner", "preferences", "placeholders"} {
		scripts = append(scripts, "/privacy/"+bundle+"/"+p.renderingAt(address)+"/en.js")
	}
	for _, path := range scripts {
		for _, accepts := range []string{"gzip, deflate, br", "gzip", ""} {
			if got := through(t, address, "GET", path, "", "Accept-Encoding: "+accepts); got.status != http.StatusOK {
				t.Fatalf("%s got %d", path, got.status)
			}
		}
	}
	p.kill()
	for _, path := range scripts {
		for accepts, coding := range map[string]string{
			"gzip, deflate, br": "br", "gzip, deflate, br, zstd": "br", "br;q=1.0, *;q=0.1": "br",
			"gzip": "gzip", "deflate, gzip": "gzip", "br;q=0, gzip": "gzip", "": "", "identity": "",
		} {
			got := through(t, address, "GET", path, "", "Accept-Encoding: "+accepts)
			if got.status != http.StatusOK || got.header.Get("Content-Encoding") != coding {
				t.Errorf("with %q %s got %d coded %q, want %q", accepts, path, got.status, got.header.Get("Content-Encoding"), coding)
			}
		}
	}
	if got := through(t, address, "POST", "/privacy/decisions", "{}", "Content-Type: application/json"); got.status != http.StatusBadGateway {
		t.Errorf("a decision got %d", got.status)
	}
	again := start(t, p.dir)
	if got := through(t, address, "GET", "/privacy/openapi.json", ""); got.status != http.StatusOK {
		t.Errorf("after the restart the server is reached with %d", got.status)
	}
	again.stop()
}

// renderingAt is the notice that the gate behind a proxy names.
func (p *program) renderingAt(address string) string {
	p.t.Helper()
	return renderingInGate.FindStringSubmatch(ask(p.t, p.visitors, "GET", "/privacy/gate.js", "", "Host: "+address).body)[1]
}

// While no proxy is declared, a peer on this machine is one that was forgotten:
// the log says so, and its visitors are not put into one bucket. Once it is
// declared, each of them has a limit.
func TestAnUndeclaredProxyIsToldAndNotLimited(t *testing.T) {
	const limit = "rate_limit: {per_minute: 1, burst: 3}\n"
	const warning = "no proxy is declared"
	from := func(p *program, visitor string) int {
		return ask(t, p.visitors, "POST", "/privacy/impressions", impressionBody(p.rendering()),
			fromPage("X-Forwarded-For: "+visitor)...).status
	}
	undeclared := start(t, newShop(t, "https://shop.example", anyPorts+limit))
	for range 10 {
		if status := from(undeclared, "203.0.113.7"); status != http.StatusNoContent {
			t.Errorf("behind an undeclared proxy a request got %d", status)
		}
	}
	metrics := ask(t, undeclared.operators, "GET", "/metrics", "").body
	if log := undeclared.log(); strings.Count(log, warning) != 1 || !strings.Contains(log, "level=WARN") || !strings.Contains(log, "trusted_proxies") {
		t.Errorf("the log is\n%s", log)
	}
	if !strings.Contains(metrics, "consentry_undeclared_proxy_requests_total 20") {
		t.Error("/metrics does not count the requests of an undeclared proxy")
	}

	declared := start(t, newShop(t, "https://shop.example", anyPorts+limit+"trusted_proxies: [127.0.0.1]\n"))
	var got []int
	for i := range 5 {
		got = append(got, from(declared, "203.0.113.7"), from(declared, fmt.Sprintf("203.0.113.%d", 100+i)))
	}
	if text := fmt.Sprint(got); text != "[204 204 204 204 204 204 429 204 429 204]" {
		t.Errorf("behind a declared proxy the requests got %s", text)
	}
	if strings.Contains(declared.log(), warning) {
		t.Error("the declared proxy is said to be undeclared")
	}
}
