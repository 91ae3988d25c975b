package dashboard_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/openid"
)

// through serves a dashboard that signs in through the provider at an address.
func (d *desk) through(issuer string) {
	d.t.Helper()
	// The provider must know our address before there is a server on it.
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	address := "http://" + server.Listener.Addr().String()
	d.change(func(o *dashboard.Options) {
		o.OpenID = openid.New(openid.Options{Issuer: issuer, ClientID: "consentry", ClientSecret: "client secret", Redirect: address + "/admin/openid/callback", Now: d.clock})
	})
	server.Config.Handler = d.server.Config.Handler
	server.Start()
	d.t.Cleanup(server.Close)
	d.server = server
	d.fresh()
}

// goesThrough follows a sign-in to the provider and back, and returns what we
// answer to its coming back.
func (d *desk) goesThrough() answer {
	d.t.Helper()
	return d.comesBack(d.atProvider(), nil)
}

// atProvider begins a sign-in and returns where the provider sends the browser.
func (d *desk) atProvider() string {
	d.t.Helper()
	to := d.get("/admin/openid")
	if to.status != http.StatusSeeOther {
		d.t.Fatalf("status %d: %s", to.status, to.body)
	}
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, to.header.Get("Location"), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	res, err := d.browser.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound {
		d.t.Fatalf("the provider answers %d", res.StatusCode)
	}
	return strings.TrimPrefix(res.Header.Get("Location"), d.server.URL)
}

func (d *desk) comesBack(path string, headers map[string]string) answer {
	d.t.Helper()
	return d.do(http.MethodGet, path, nil, headers)
}

func TestWhoIsInvitedSignsInThroughTheProvider(t *testing.T) {
	d := newDesk(t)
	p := newProvider(t, d.clock)
	d.in()
	d.want(d.get("/admin/openid"), http.StatusNotFound, "") // none is configured
	d.want(d.post("/admin/access/accounts", url.Values{"name": {"mira"}, "email": {"mira@example.com"}, "role": {"marketer"}, "scope": {"some"}, "site": {"shop"}}), http.StatusOK, "Send this link")
	d.through(p.URL)
	d.want(d.get("/admin/login"), http.StatusOK, `href="/admin/openid"`)
	begun := d.get("/admin/openid").header.Get("Set-Cookie")
	if !regexp.MustCompile(`^consentry_sign_in=[^;]+; Path=/; Max-Age=600; HttpOnly; SameSite=Lax$`).MatchString(begun) {
		t.Errorf("Set-Cookie: %s", begun)
	}
	d.want(d.goesThrough(), http.StatusOK, `<meta http-equiv="refresh" content="0;url=/admin/">`)
	page := d.get("/admin/")
	d.want(page, http.StatusOK, "mira")
	if strings.Contains(page.body, "/admin/records") {
		t.Error("her role is another than she was invited with")
	}
	if got := d.trailOf("shop"); !slices.Contains(got, "account:mira signed-in openid") {
		t.Errorf("the trail: %q", got)
	}
	if log := d.log.String(); strings.Contains(strings.ToLower(log), "mira@") {
		t.Errorf("the log holds her address: %s", log)
	}
}

// Whatever is wrong with what the provider says, nobody is let in, and nothing
// says why to whoever came.
func TestNobodyIsLetInOnAWrongAnswerOfTheProvider(t *testing.T) {
	d := newDesk(t)
	p := newProvider(t, d.clock)
	d.in()
	for name, email := range map[string]string{"mira": "mira@example.com", "gone": "gone@example.com"} {
		d.want(d.post("/admin/access/accounts", url.Values{"name": {name}, "email": {email}, "role": {"marketer"}, "scope": {"all"}}), http.StatusOK, "Send this link")
	}
	d.wantRedirect(d.post("/admin/access/accounts/gone/disable", nil), "/admin/access")
	d.through(p.URL)
	foreign := rsaKey(t)
	for name, claims := range map[string]map[string]any{
		"another key":        nil,
		"an unknown address": {"email": "stranger@example.com"},
		"a disabled account": {"email": "gone@example.com"},
		"no address":         {"email": ""},
		"not verified":       {"email_verified": false},
		"another nonce":      {"nonce": "another"},
		"another audience":   {"aud": "somebody else"},
		"another issuer":     {"iss": "https://evil.example"},
		"it has expired":     {"exp": start.Add(-time.Minute).Unix()},
	} {
		p.says(nil, claims)
		if claims == nil {
			p.says(foreign, nil)
		}
		a := d.goesThrough()
		if a.status != http.StatusForbidden || !strings.Contains(a.body, "Nobody is invited") {
			t.Errorf("%s: %d %.200s", name, a.status, a.body)
		}
		d.wantRedirect(d.get("/admin/"), "/admin/login")
	}
	p.says(nil, nil)
	d.want(d.goesThrough(), http.StatusOK, "logged in") // nothing else was wrong
	for _, line := range d.trailOf("shop") {
		if strings.Contains(line, "stranger") || strings.Contains(line, "@") {
			t.Errorf("the trail names who was never invited: %s", line)
		}
	}
}

// What a provider says when it refuses a code may name somebody: none of it is logged.
func TestARefusalOfTheProviderLeavesNobodysAddressInTheLog(t *testing.T) {
	d := newDesk(t)
	d.through(newProvider(t, d.clock).URL)
	back := regexp.MustCompile(`code=[^&]+`).ReplaceAllString(d.atProvider(), "code=unknown")
	d.want(d.comesBack(back, nil), http.StatusForbidden, "Nobody is invited")
	if log := d.log.String(); strings.Contains(log, "mira@") || !strings.Contains(log, "invalid_grant") {
		t.Errorf("the log says: %s", log)
	}
}

func TestASignInComesBackOnceAndInItsOwnBrowser(t *testing.T) {
	d := newDesk(t)
	p := newProvider(t, d.clock)
	d.in()
	d.want(d.post("/admin/access/accounts", url.Values{"name": {"mira"}, "email": {"mira@example.com"}, "role": {"owner"}, "scope": {"all"}}), http.StatusOK, "Send this link")
	d.through(p.URL)
	refused := func(name string, a answer) {
		t.Helper()
		if a.status != http.StatusBadRequest || a.header.Get("Location") != "" || !strings.Contains(a.body, "not begun in this browser") {
			t.Errorf("%s: %d %.200s", name, a.status, a.body)
		}
	}
	back := d.atProvider()
	d.apart(func() {
		d.fresh()
		refused("another browser", d.comesBack(back, nil))
	})
	refused("another state", d.comesBack(strings.Replace(back, "state=", "state=x", 1), nil)) // and the sign-in is used up
	refused("used up", d.comesBack(back, nil))
	refused("none at all", d.comesBack("/admin/openid/callback", nil))
	refused("a forged cookie", d.comesBack(back, map[string]string{"Cookie": "consentry_sign_in=forged"}))
	back = d.atProvider()
	d.pass(10 * time.Minute)
	refused("too late", d.comesBack(back, nil))
	d.want(d.goesThrough(), http.StatusOK, "logged in")
	p.Close()
	d.through(p.URL)
	d.want(d.get("/admin/openid"), http.StatusBadGateway, "does not answer")
	d.wantRedirect(d.login("admin"), "/admin/")
}

// The Kelvin sign folds to a k, and the long s to an s. Who could register such an
// address at a provider must not be taken for who has the plain one.
func TestAnAddressOfAnotherScriptIsAnotherAddress(t *testing.T) {
	d := newDesk(t)
	p := newProvider(t, d.clock)
	d.in()
	d.want(d.post("/admin/access/accounts", url.Values{"name": {"kay"}, "email": {"kay@desks.example"}, "role": {"owner"}, "scope": {"all"}}), http.StatusOK, "Send this link")
	d.through(p.URL)
	for address, status := range map[string]int{"\u212aay@desks.example": http.StatusForbidden, "kay@de\u017fks.example": http.StatusForbidden, "Kay@Desks.example": http.StatusOK} {
		p.mu.Lock()
		p.claims["email"] = address
		p.mu.Unlock()
		d.fresh()
		if got := d.goesThrough().status; got != status {
			t.Errorf("%q: status %d, want %d", address, got, status)
		}
	}
}

// An address that was one person's and is given to another opens no account of the
// first, until an owner says so.
func TestAnAddressThatIsSomebodyElsesNowOpensNothing(t *testing.T) {
	d := newDesk(t)
	p := newProvider(t, d.clock)
	d.in()
	d.want(d.post("/admin/access/accounts", url.Values{"name": {"mira"}, "email": {"mira@example.com"}, "role": {"auditor"}, "scope": {"all"}}), http.StatusOK, "Send this link")
	d.through(p.URL)
	as := func(subject string) int {
		d.t.Helper()
		p.mu.Lock()
		p.claims["sub"] = subject
		p.mu.Unlock()
		d.fresh()
		return d.goesThrough().status
	}
	for _, step := range []struct {
		subject string
		status  int
	}{{"4711", http.StatusOK}, {"4711", http.StatusOK}, {"4712", http.StatusForbidden}, {"4711", http.StatusOK}} {
		if got := as(step.subject); got != step.status {
			t.Errorf("%s: status %d, want %d", step.subject, got, step.status)
		}
	}
	d.fresh()
	d.in2()
	d.want(d.post("/admin/access/accounts/mira/reset", url.Values{}), http.StatusOK, "Send this link to mira")
	if got := as("4712"); got != http.StatusOK {
		t.Errorf("after an owner's reset: status %d", got)
	}
	if got := as("4711"); got != http.StatusForbidden {
		t.Errorf("who had it before: status %d", got)
	}
}
