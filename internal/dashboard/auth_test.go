package dashboard_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/dashboard"
)

func TestNobodyGetsInBeforeAPasswordIsSet(t *testing.T) {
	d := newDesk(t)
	d.wantRedirect(d.get("/admin/"), "/admin/login")
	d.want(d.get("/admin/login"), http.StatusOK, "set-up link")
	for _, guess := range []string{"", "admin", password} {
		d.want(d.post("/admin/login", url.Values{"username": {"admin"}, "password": {guess}}), http.StatusUnauthorized, "do not go together")
	}
	d.want(d.get("/admin/setup/wrong"), http.StatusNotFound, "")
	d.want(d.post("/admin/setup/", both(password)), http.StatusNotFound, "")
	if _, err := os.Stat(d.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an accounts file was written: %v", err)
	}
}

func TestTheSetupLinkWorksOnce(t *testing.T) {
	d := newDesk(t)
	path := d.setupPath()
	d.want(d.get(path), http.StatusOK, "Set a password")
	d.want(d.post(path, both("eleven char")), http.StatusUnprocessableEntity, "fewer than 12")
	d.want(d.post(path, url.Values{"password": {password}, "again": {password + "!"}}), http.StatusUnprocessableEntity, "differ")
	d.want(d.post(path, both(strings.Repeat("a", 1025))), http.StatusUnprocessableEntity, "longer than")
	d.in()
	d.want(d.get("/admin/"), http.StatusOK, "Kiln &amp; Leaf")
	d.want(d.get(path), http.StatusNotFound, "")
	d.want(d.post(path, both("another password")), http.StatusNotFound, "")
	if _, open := d.dash.SetupLink(""); open {
		t.Error("the link is still offered")
	}
	d.start()
	if _, open := d.dash.SetupLink(""); open {
		t.Error("the link is offered again after a restart")
	}
}

// Twelve characters are enough whatever script they are in.
func TestCharactersAreCountedNotBytes(t *testing.T) {
	d := newDesk(t)
	d.want(d.post(d.setupPath(), both("ключключклю")), http.StatusUnprocessableEntity, "fewer than 12")
	d.wantRedirect(d.post(d.setupPath(), both("ключключключ")), "/admin/")
}

func TestOfTwoSetupsAtOnceOneWins(t *testing.T) {
	d := newDesk(t)
	path := d.setupPath()
	statuses := make(chan int, 8)
	var wg sync.WaitGroup
	for range cap(statuses) {
		wg.Go(func() { statuses <- d.post(path, both(password)).status })
	}
	wg.Wait()
	close(statuses)
	won := 0
	for status := range statuses {
		switch status {
		case http.StatusSeeOther:
			won++
		case http.StatusNotFound:
		default:
			t.Errorf("status %d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d set-ups won, want 1", won)
	}
}

func TestLoggingInAndOut(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.fresh()
	d.wantRedirect(d.get("/admin/sites/shop"), "/admin/login")
	d.want(d.post("/admin/login", url.Values{"username": {"admin"}, "password": {password + " "}}), http.StatusUnauthorized, "do not go together")
	a := d.post("/admin/login", url.Values{"username": {"admin"}, "password": {password}})
	d.wantRedirect(a, "/admin/")
	set := a.header.Get("Set-Cookie")
	// The test's listener is http on loopback: no prefix and no Secure there.
	if !regexp.MustCompile(`^consentry_admin=[^;]+; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$`).MatchString(set) {
		t.Errorf("Set-Cookie: %s", set)
	}
	d.want(d.get("/admin/"), http.StatusOK, "Sites")
	d.wantRedirect(d.post("/admin/logout", nil), "/admin/login")
	d.wantRedirect(d.get("/admin/"), "/admin/login")
	// Whoever kept a copy of the cookie is out as well.
	stolen, _, _ := strings.Cut(set, ";")
	d.wantRedirect(d.do(http.MethodGet, "/admin/", nil, map[string]string{"Cookie": stolen}), "/admin/login")
	if log := d.log.String(); strings.Contains(log, "127.0.0.1") || strings.Contains(log, password) {
		t.Errorf("the log holds an address or a password: %s", log)
	}
}

func TestASessionSurvivesARestartAndEndsInTheEvening(t *testing.T) {
	d := newDesk(t)
	d.in()
	jar := d.browser.Jar
	old := d.server.URL
	d.start()
	u, err := url.Parse(old)
	if err != nil {
		t.Fatal(err)
	}
	now, err := url.Parse(d.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	d.browser.Jar.SetCookies(now, jar.Cookies(u))
	d.pass(12*time.Hour - time.Second)
	d.want(d.get("/admin/"), http.StatusOK, "Sites")
	d.pass(time.Second)
	d.wantRedirect(d.get("/admin/"), "/admin/login")
}

func TestRemovingTheAccountsFileEndsEverySession(t *testing.T) {
	d := newDesk(t)
	d.in()
	if err := os.Remove(d.file); err != nil {
		t.Fatal(err)
	}
	d.wantRedirect(d.get("/admin/"), "/admin/login")
	d.want(d.post("/admin/login", url.Values{"username": {"admin"}, "password": {password}}), http.StatusUnauthorized, "")
}

// The way out of a forgotten password is also the way out of a stolen session.
func TestASessionDoesNotOutliveItsPassword(t *testing.T) {
	d := newDesk(t)
	d.in()
	value, _, _ := strings.Cut(d.post("/admin/login", url.Values{"username": {"admin"}, "password": {password}}).header.Get("Set-Cookie"), ";")
	if err := os.Remove(d.file); err != nil {
		t.Fatal(err)
	}
	d.start()
	d.pass(time.Minute)
	d.in()
	d.fresh()
	d.wantRedirect(d.do(http.MethodGet, "/admin/", nil, map[string]string{"Cookie": value}), "/admin/login")
}

func TestAForgedSessionIsNone(t *testing.T) {
	d := newDesk(t)
	d.in()
	good := d.post("/admin/login", url.Values{"username": {"admin"}, "password": {password}}).header.Get("Set-Cookie")
	value, _, _ := strings.Cut(good, ";")
	d.fresh()
	for name, forged := range map[string]string{
		"none": "", "empty": "consentry_admin=", "text": "consentry_admin=admin", "changed": value[:len(value)-5] + "AAAAA",
		"cut": value[:40], "under another name": strings.Replace(value, "consentry_admin", "consentry", 1),
	} {
		if a := d.do(http.MethodGet, "/admin/", nil, map[string]string{"Cookie": forged}); a.status != http.StatusSeeOther {
			t.Errorf("%s: status %d", name, a.status)
		}
	}
	d.want(d.do(http.MethodGet, "/admin/", nil, map[string]string{"Cookie": value}), http.StatusOK, "Sites")
}

func TestForeignFormsAreRefused(t *testing.T) {
	d := newDesk(t)
	d.in()
	for name, headers := range map[string]map[string]string{
		"another site":        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
		"a sibling":           {"Origin": "https://shop.example", "Sec-Fetch-Site": "same-site"},
		"an old browser":      {"Origin": "https://evil.example"},
		"a sandboxed frame":   {"Origin": "null"},
		"a null with a claim": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
	} {
		for _, path := range []string{"/admin/login", "/admin/logout", "/admin/setup/x"} {
			if a := d.do(http.MethodPost, path, url.Values{"username": {"admin"}, "password": {password}}, headers); a.status != http.StatusForbidden {
				t.Errorf("%s at %s: status %d, want 403", name, path, a.status)
			}
		}
	}
	d.want(d.get("/admin/"), http.StatusOK, "Sites")
}

// Behind a TLS proxy the cookie gets its prefix; in the clear over a network
// there is none and no password is taken.
func TestOutsideThisMachineOnlyHTTPSCounts(t *testing.T) {
	d := newDesk(t)
	d.in()
	form := url.Values{"username": {"admin"}, "password": {password}}
	a := d.do(http.MethodPost, "/admin/login", form, map[string]string{"Host": "desk.example", "Origin": "https://desk.example", "Sec-Fetch-Site": "same-origin"})
	d.wantRedirect(a, "/admin/")
	set := a.header.Get("Set-Cookie")
	if !regexp.MustCompile(`^__Host-consentry_admin=[^;]+; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$`).MatchString(set) {
		t.Errorf("Set-Cookie: %s", set)
	}
	value, _, _ := strings.Cut(set, ";")
	d.fresh()
	d.want(d.do(http.MethodGet, "/admin/", nil, map[string]string{"Host": "desk.example", "Cookie": value}), http.StatusOK, "Sites")
	plain := strings.TrimPrefix(value, "__Host-")
	d.wantRedirect(d.do(http.MethodGet, "/admin/", nil, map[string]string{"Host": "desk.example", "Cookie": plain}), "/admin/login")
	a = d.do(http.MethodPost, "/admin/login", form, map[string]string{"Host": "192.168.1.5:8081", "Origin": "http://192.168.1.5:8081", "Sec-Fetch-Site": "same-origin"})
	d.want(a, http.StatusForbidden, "https")
}

func TestGuessingIsSlowedDown(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.fresh()
	wrong, right := url.Values{"username": {"admin"}, "password": {"not this one at all"}}, url.Values{"username": {"admin"}, "password": {password}}
	for range 5 {
		d.want(d.post("/admin/login", wrong), http.StatusUnauthorized, "do not go together")
	}
	a := d.post("/admin/login", right)
	d.want(a, http.StatusTooManyRequests, "Too many tries")
	if a.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
	}
	d.pass(2 * time.Second)
	d.wantRedirect(d.post("/admin/login", right), "/admin/")
}

func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	d := newDesk(t)
	d.in()
	seen := map[string]bool{}
	figures := map[string]bool{"/admin/": true, "/admin/sites/shop?from=2026-11-01&to=2026-11-20": true} // the pages with a script
	for _, path := range append(slices.Collect(maps.Keys(figures)), "/admin/requests", "/admin/sites/shop/rates.csv", "/admin/login", "/admin/sites/none", "/admin/setup/none") {
		h := d.get(path).header
		csp := h.Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`^default-src 'none'; style-src 'nonce-([A-Za-z0-9_-]{43})'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'(?:; script-src 'nonce-([A-Za-z0-9_-]{43})'; connect-src 'self')?$`).FindStringSubmatch(csp)
		if nonce == nil || figures[path] != (nonce[2] == nonce[1]) || !figures[path] && nonce[2] != "" {
			t.Errorf("%s: Content-Security-Policy: %s", path, csp)
			continue
		}
		if seen[nonce[1]] {
			t.Errorf("%s: the nonce was used before", path)
		}
		seen[nonce[1]] = true
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s: %q", path, name, h.Get(name))
			}
		}
	}
	page := d.get("/admin/login")
	nonce := regexp.MustCompile(`'nonce-([^']+)'`).FindStringSubmatch(page.header.Get("Content-Security-Policy"))
	d.want(page, http.StatusOK, `<style nonce="`+nonce[1]+`">`)
}

// A file that cannot be read must stop the start: a new password over an old one
// would lock its owner out and let a stranger in.
func TestABrokenAccountsFileStopsTheStart(t *testing.T) {
	d := newDesk(t)
	if err := os.WriteFile(d.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dashboard.New(d.options()); err == nil {
		t.Error("it started")
	}
	o := d.options()
	o.Secret = o.Secret[:31]
	if _, err := dashboard.New(o); err == nil {
		t.Error("it started with a short secret")
	}
}
