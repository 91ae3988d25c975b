package dashboard_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// twoSites serves the journal beside the shop.
func (d *desk) twoSites() {
	d.t.Helper()
	one := shop(d.t)
	two := *one
	two.ID, two.Name = "journal", "The Potter’s Journal"
	d.sites = []*consent.Site{one, &two}
}

var inviteLink = regexp.MustCompile(`/admin/invite/[A-Za-z0-9_-]{43}`)

// invite makes an account as the owner who is logged in, and returns its link.
func (d *desk) invite(name, role string, sites ...string) string {
	d.t.Helper()
	form := url.Values{"name": {name}, "role": {role}, "scope": {"some"}, "site": sites}
	if len(sites) == 0 {
		form.Set("scope", "all")
	}
	page := d.post("/admin/access/accounts", form)
	d.want(page, http.StatusOK, "Send this link to "+name)
	link := inviteLink.FindString(page.body)
	if link == "" {
		d.t.Fatal("there is no link")
	}
	return link
}

// as opens a browser in which an account that the link sets up is logged in.
func (d *desk) as(link string) {
	d.t.Helper()
	d.fresh()
	d.want(d.get(link), http.StatusOK, "Set a password")
	d.wantRedirect(d.post(link, both(password)), "/admin/")
}

// apart runs what happens in another browser.
func (d *desk) apart(what func()) {
	d.t.Helper()
	mine := d.browser
	what()
	d.browser = mine
}

func (d *desk) login(name string) answer {
	d.t.Helper()
	return d.post("/admin/login", url.Values{"username": {name}, "password": {password}})
}

// What each role opens is written here by hand, so that a mistake in the rights
// shows.
func TestEachRoleOpensItsOwnPlacesOnly(t *testing.T) {
	d := newDesk(t)
	d.in()
	links := map[string]string{"owner": d.invite("olga", "owner"), "marketer": d.invite("mira", "marketer"), "auditor": d.invite("ada", "auditor"), "owner of one site": d.invite("otto", "owner", "shop")}
	figures := []string{"GET /admin/", "GET /admin/sites.csv", "GET /admin/sites.json", "GET /admin/needs.csv", "GET /admin/needs.json", "GET /admin/sites/shop/comparison.csv", "GET /admin/sites/shop/comparison.json", "GET /admin/sites/shop/findings.csv", "GET /admin/sites/shop/findings.json", "GET /admin/sites/shop/services.csv", "GET /admin/sites/shop", "GET /admin/sites/shop/rates.csv", "GET /admin/sites/shop/rates.json", "GET /admin/sites/shop/breakdowns.csv", "GET /admin/sites/shop/studio", "GET /admin/sites/shop/studio/page", "GET /admin/sites/shop/experiment", "GET /admin/sites/shop/experiment.csv", "GET /admin/sites/shop/experiment.json", "GET /admin/sites/shop/undeclared.csv", "GET /admin/sites/shop/undeclared.json", "GET /admin/password"}
	records := []string{"GET /admin/requests", "GET /admin/records", "POST /admin/records", "GET /admin/state", "GET /admin/audit", "GET /admin/sites/shop/audit", "GET /admin/sites/shop/audit.csv", "GET /admin/sites/shop/audit.json", "GET /admin/records.csv", "GET /admin/records.json", "GET /admin/requests.csv", "GET /admin/requests.json", "GET /admin/state.csv", "GET /admin/retention.csv", "GET /admin/state.json"}
	answers := []string{"POST /admin/requests/shop/none", "POST /admin/sites/shop/experiment", "GET /admin/sites/shop/installation", "POST /admin/sites/shop/installation", "POST /admin/sites/shop/installation.csv", "POST /admin/sites/shop/installation.json", "GET /admin/sites/shop/leaks.csv", "GET /admin/sites/shop/leaks.json", "GET /admin/sites/shop/unlisted", "POST /admin/sites/shop/unlisted"}
	manages := []string{"GET /admin/access", "GET /admin/accounts.csv", "GET /admin/tokens.csv", "GET /admin/access.json", "POST /admin/access/accounts", "POST /admin/access/accounts/none/change", "POST /admin/access/accounts/none/reset", "POST /admin/access/accounts/none/disable"}
	d.wantListed(slices.Concat(figures, records, answers, manages))
	for who, opens := range map[string][][]string{
		"owner": {figures, records, answers, manages}, "marketer": {figures}, "auditor": {figures, records}, "owner of one site": {figures, records, answers},
	} {
		allowed := make(map[string]bool)
		for _, list := range opens {
			for _, route := range list {
				allowed[route] = true
			}
		}
		d.as(links[who])
		for _, list := range [][]string{figures, records, answers, manages} {
			for _, route := range list {
				method, path, _ := strings.Cut(route, " ")
				a := d.get
				if method == http.MethodPost {
					a = func(path string) answer { return d.post(path, url.Values{}) }
				}
				if got := a(path).status; (got == http.StatusForbidden) == allowed[route] {
					t.Errorf("%s, %s: status %d", who, route, got)
				}
			}
		}
	}
}

// A route that somebody adds is walked as well: whatever it answers for a site
// outside the scope, it answers for one that there is not.
func TestASiteOutsideTheScopeIsAsUnknownOnEveryRoute(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.in()
	stored := d.ask(1, consent.Objection, "")
	link := d.invite("otto", "owner", "journal")
	d.as(link)
	e := echo.New()
	d.dash.Register(e)
	walked := 0
	for _, route := range e.Routes() {
		if !strings.Contains(route.Path, ":site") || !strings.HasPrefix(route.Path, "/admin/") { // the API has a test of its own
			continue
		}
		walked++
		ask := func(site string) answer {
			path := strings.NewReplacer(":site", site, ":request", "none").Replace(route.Path)
			if route.Method == http.MethodPost {
				return d.post(path, url.Values{"answer": {"done"}})
			}
			return d.get(path)
		}
		foreign, unknown := ask("shop"), ask("nowhere")
		if foreign.status != http.StatusNotFound || foreign.status != unknown.status || foreign.body != unknown.body {
			t.Errorf("%s %s: %d %s, and %d %s of an unknown one", route.Method, route.Path, foreign.status, foreign.body, unknown.status, unknown.body)
		}
	}
	if walked < 7 {
		t.Errorf("walked %d routes only", walked)
	}
	for _, path := range []string{"/admin/", "/admin/requests", "/admin/state", "/admin/records?q=" + stored.Record.String()} {
		if page := d.get(path); strings.Contains(page.body, "Kiln") || strings.Contains(page.body, `"shop"`) || !strings.Contains(page.body, "<main") {
			t.Errorf("%s tells of the other site: %s", path, page.body)
		}
	}
	d.want(d.get("/admin/records?q="+stored.Record.String()), http.StatusNotFound, "No record under this id is held")
	d.want(d.get("/admin/sites/journal"), http.StatusOK, "Potter")
}

func TestAnInvitationWorksOnceAndForThreeDays(t *testing.T) {
	d := newDesk(t)
	d.in()
	link, late := d.invite("mira", "marketer"), d.invite("ada", "auditor")
	d.want(d.post(link, both("eleven char")), http.StatusUnprocessableEntity, "fewer than 12")
	d.as(link)
	d.want(d.get("/admin/"), http.StatusOK, "mira")
	d.want(d.get(link), http.StatusNotFound, "")
	d.want(d.post(link, both("another password")), http.StatusNotFound, "")
	d.pass(72*time.Hour - time.Second)
	d.want(d.get(late), http.StatusOK, "Set a password")
	d.pass(time.Second)
	d.want(d.post(late, both(password)), http.StatusNotFound, "")
	d.want(d.login("ada"), http.StatusUnauthorized, "do not go together")
}

// Whatever changes about an account, who is logged in with it is out.
func TestSessionsEndWithEveryChangeOfTheirAccount(t *testing.T) {
	d := newDesk(t)
	d.in()
	link := d.invite("mira", "marketer")
	d.apart(func() { d.as(link) })
	for name, change := range map[string]func() answer{
		"role": func() answer {
			return d.post("/admin/access/accounts/mira/change", url.Values{"role": {"auditor"}, "scope": {"all"}})
		},
		"scope": func() answer {
			return d.post("/admin/access/accounts/mira/change", url.Values{"role": {"marketer"}, "scope": {"some"}, "site": {"shop"}})
		},
		"password": func() answer {
			var a answer
			d.apart(func() {
				d.fresh()
				d.wantRedirect(d.login("mira"), "/admin/")
				d.pass(time.Second)
				a = d.post("/admin/password", url.Values{"current": {password}, "password": {password}, "again": {password}})
				d.want(d.get("/admin/"), http.StatusOK, "mira") // the one that changed it goes on
			})
			return a
		},
	} {
		d.apart(func() {
			d.fresh()
			d.wantRedirect(d.login("mira"), "/admin/")
			hers := d.browser
			d.pass(time.Second)
			d.apart(func() {
				d.fresh()
				d.in2()
				d.wantAbout(change(), http.StatusSeeOther)
			})
			d.browser = hers
			if a := d.get("/admin/"); a.status != http.StatusSeeOther {
				t.Errorf("after a change of the %s: status %d", name, a.status)
			}
		})
	}
}

func (d *desk) wantAbout(a answer, status int) {
	d.t.Helper()
	d.want(a, status, "")
}

func TestADisabledAccountIsOutUntilItsNextLink(t *testing.T) {
	d := newDesk(t)
	d.in()
	link := d.invite("mira", "marketer")
	owner := d.browser
	d.as(link)
	hers := d.browser
	d.pass(time.Second)
	d.browser = owner
	d.wantRedirect(d.post("/admin/access/accounts/mira/disable", nil), "/admin/access")
	d.want(d.get("/admin/access"), http.StatusOK, "disabled")
	d.browser = hers
	d.wantRedirect(d.get("/admin/"), "/admin/login")
	d.want(d.login("mira"), http.StatusUnauthorized, "do not go together")
	d.browser = owner
	page := d.post("/admin/access/accounts/mira/reset", nil)
	d.want(page, http.StatusOK, "Send this link to mira")
	d.pass(time.Hour)
	d.as(inviteLink.FindString(page.body))
	d.want(d.get("/admin/"), http.StatusOK, "mira")
}

func TestWhatCannotBeDoneWithAccountsIsRefused(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.invite("mira", "marketer")
	invite := func(change ...string) answer {
		form := url.Values{"name": {"new"}, "role": {"auditor"}, "scope": {"all"}}
		for i := 0; i < len(change); i += 2 {
			form.Set(change[i], change[i+1])
		}
		return d.post("/admin/access/accounts", form)
	}
	for says, a := range map[string]answer{
		"this name is taken":     invite("name", "Mira"),
		"a name is 1 to 64":      invite("name", "<script>"),
		"a role is owner":        invite("role", "root"),
		"choose all sites":       invite("scope", "some"),
		"no e-mail address":      invite("email", "a b"),
		"somebody must be left":  d.post("/admin/access/accounts/admin/disable", nil),
		"somebody must be left ": d.post("/admin/access/accounts/admin/change", url.Values{"role": {"owner"}, "scope": {"some"}, "site": {"shop"}}),
	} {
		d.want(a, http.StatusUnprocessableEntity, says)
	}
	d.want(d.post("/admin/access/accounts/nobody/disable", nil), http.StatusNotFound, "")
	d.want(invite("scope", "some", "site", "elsewhere"), http.StatusNotFound, "")
	d.wantRedirect(d.post("/admin/access/accounts/mira/change", url.Values{"role": {"marketer"}, "scope": {"all"}, "email": {"m@example.com"}}), "/admin/access")
	d.want(invite("email", "M@example.com"), http.StatusUnprocessableEntity, "another account")
	d.want(d.get("/admin/"), http.StatusOK, "Sites")
}

// One account's failures do not depend on where they come from, and a link opens
// an account that is locked out.
func TestAnAccountIsLockedOutByNameAndItsLinkIsTheWayIn(t *testing.T) {
	d := newDesk(t)
	d.in()
	for range 5 {
		d.want(d.post("/admin/password", url.Values{"current": {"not this one at all"}, "password": {password}, "again": {password}}), http.StatusUnauthorized, "not your password")
	}
	d.want(d.post("/admin/password", url.Values{"current": {password}, "password": {password}, "again": {password}}), http.StatusTooManyRequests, "Too many")
	d.want(d.login("admin"), http.StatusTooManyRequests, "Too many")
	page := d.post("/admin/access/accounts/admin/reset", nil)
	d.as(inviteLink.FindString(page.body))
}

// A form that names no origin comes from no browser of today, and one that names
// another from somebody else's page. Neither changes anything.
func TestEveryFormNeedsItsOrigin(t *testing.T) {
	d := newDesk(t)
	d.in()
	link := d.invite("mira", "marketer")
	e := echo.New()
	d.dash.Register(e)
	for _, route := range e.Routes() {
		if route.Method != http.MethodPost || !strings.HasPrefix(route.Path, "/admin") {
			continue
		}
		path := strings.NewReplacer(":site", "shop", ":name", "mira", ":token", link[strings.LastIndex(link, "/")+1:]).Replace(route.Path)
		for name, headers := range map[string]map[string]string{"missing": {}, "wrong": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}} {
			if a := d.do(http.MethodPost, path, both(password), headers); a.status != http.StatusForbidden {
				t.Errorf("%s origin at %s: status %d", name, path, a.status)
			}
		}
	}
	d.want(d.get(link), http.StatusOK, "Set a password")
	d.want(d.get("/admin/access"), http.StatusOK, "invited")
}
