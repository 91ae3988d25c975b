package dashboard_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/internal/storetest"
)

// mint makes a token as the owner who is logged in.
func (d *desk) mint(name, role string, days string, sites ...string) string {
	d.t.Helper()
	form := url.Values{"name": {name}, "role": {role}, "days": {days}, "scope": {"some"}, "site": sites}
	if len(sites) == 0 {
		form.Set("scope", "all")
	}
	page := d.post("/admin/access/tokens", form)
	d.want(page, http.StatusOK, "Keep the token "+name+" now")
	return regexp.MustCompile(`consentry_[A-Za-z0-9_-]{43}`).FindString(page.body)
}

// client is a program with a token, whose answers are held against the contract.
type client struct {
	*desk
	*contract
	token string
}

func (c client) get(path string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.server.URL+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	c.check(c.t, path, res, body)
	return answer{res.StatusCode, res.Header, string(body)}
}

// record puts a whole record into the store, with its frame.
func (d *desk) record(site string) consent.ID {
	d.t.Helper()
	p := d.sites[0].Policy
	f := consent.NewFrame(p, consent.Digest([]byte("r")), consent.Digest([]byte("g")), []string{"en"}, []string{"https://shop.example"}, consent.ServerVersion{Version: "1", Key: "k1k1k1k1"})
	body, err := f.Encode()
	if err != nil {
		d.t.Fatal(err)
	}
	a := consent.Artefact{Kind: "frame", Digest: consent.Digest(body), Time: start, Body: body}
	a.Leaf = consent.ArtefactLeaf(a)
	if err := d.store.PutArtefact(d.t.Context(), site, a); err != nil {
		d.t.Fatal(err)
	}
	keys, err := consent.DeriveIdentityKeys(make([]byte, 32), site)
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := consent.Decide(consent.Request{
		Decision: consent.Decision{
			ID: consent.ID{1, 2, 3}, Rendering: f.Rendering, Locale: "en", Layout: "bar", Surface: "banner", Control: "accept-all", Layer: 1, Scope: consent.Keep,
			Categories: map[string]consent.Status{"analytics": consent.Granted, "share": consent.Granted}, AfterMS: new(900),
		},
		Asked: f, Policy: p, Keys: keys, Origin: "https://shop.example", UA: consent.UAClass{Family: "firefox", Form: "phone"}, JS: true,
		Signals: consent.Signals{Source: "none"}, Regime: consent.RegimeRef{ID: consent.OptIn, Source: "config"}, Now: start,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	e := consent.Entry{Site: site, Record: out.Record.ID, Subject: out.Record.Subject, Secret: keys.Secret(consent.ID{1, 2, 3}), Time: start}
	if e.Sealed, e.Leaf, err = consent.SealRecord(&out.Record, f, a.Digest, e.Secret); err != nil {
		d.t.Fatal(err)
	}
	storetest.MustAppend(d.t, d.store, e)
	return out.Record.ID
}

// Every answer that the document promises is provoked, and every answer is one
// that it promises.
func TestEveryDocumentedAnswerOfTheAPIIsGiven(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.try()
	d.whole()
	d.in()
	all := client{d, theContract(t), d.mint("auditor", "auditor", "30")}
	figures := client{d, all.contract, d.mint("figures", "marketer", "30", "shop")}
	nobody := client{d, all.contract, ""}
	d.visit(start, 100, 40, 20)
	d.visit(start.AddDate(0, 0, -10), 50, 10, 15)
	d.settle()
	id := d.record("shop")
	d.ask(2, consent.Correction, "not-me")
	asked, err := (&consent.Requests{Store: d.store}).List(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	for path := range all.model.Paths.PathItems.KeysFromOldest() {
		nobody.get(strings.NewReplacer("{site}", "shop", "{record}", id.String()).Replace(path))
	}
	all.get("/api/v1/requests")
	if err := d.answerRequest(t.Context(), "shop", asked[0].Digest, consent.Settlement{Done: true}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/api/v1/sites": `"journal"`,
		"/api/v1/sites/shop/rates?days=7&compare=before":                                                 `"total":{"shown":100,"accepted":40,"chosen":0,"rejected":20,"ignored":40`,
		"/api/v1/sites/shop/rates?days=7&compare=own&against_from=2026-11-12&against_to=2026-11-14":      `"compared":{"from":"2026-11-12","to":"2026-11-14","total":{"shown":50,`,
		"/api/v1/sites/shop/rates?days=7&compare=year":                                                   `"compared":{"from":"2025-11-16","to":"2025-11-22","total":{"shown":0,`,
		"/api/v1/sites/shop/breakdowns?days=7&compare=own&against_from=2026-11-12&against_to=2026-11-12": `"compared":{"from":"2026-11-12","to":"2026-11-12","breakdowns":[{"by":"country","smallest":10,"rows":[{"value":"DE","values":1,"shown":50,"accepted":10`,
		"/api/v1/sites/shop/rates?kind=first":                                                            `"filter":{"kind":"first"`,
		"/api/v1/sites/shop/breakdowns":                                                                  `{"value":"DE","values":1,"shown":150,"accepted":50`,
		"/api/v1/sites/shop/undeclared":                                                                  `_shop_\u003cb\u003e`,
		"/api/v1/sites/journal/experiment":                                                               `{"site":"journal","experiment":null}`,
		"/api/v1/sites/shop/experiment":                                                                  `"difference":null,"low":null,"high":null,"pairs_needed":null,"pairs":[{"configured":{"from":"2026-11-`,
		"/api/v1/sites/shop/audit":                                                                       `"token-made","about":"figures","detail":"marketer, this site"`,
		"/api/v1/sites/shop/audit?before=1":                                                              `"entries":[{"entry":0`,
		"/api/v1/requests":                                                                               `"done":true`,
		"/api/v1/records/" + id.String():                                                                 `"control":"accept-all"`,
		"/api/v1/state":                                                                                  `"durability":"durable"`,
	} {
		d.want(all.get(path), http.StatusOK, want)
	}
	d.want(all.get("/api/v1/sites/shop/audit"), http.StatusOK, `"actor":"token:auditor","action":"record-read"`)
	for _, path := range []string{"/api/v1/sites/shop/audit", "/api/v1/requests", "/api/v1/records/" + id.String(), "/api/v1/state"} {
		d.want(figures.get(path), http.StatusForbidden, "role")
	}
	for _, of := range []string{"rates", "breakdowns"} {
		d.want(figures.get("/api/v1/sites/shop/"+of+"?days=8"), http.StatusBadRequest, "days must be 7, 30 or 90")
		d.want(figures.get("/api/v1/sites/shop/"+of+"?compare=own&against_from=2026-11-12"), http.StatusBadRequest, "against_from and against_to must both be dates")
		d.want(figures.get("/api/v1/sites/shop/"+of+"?kind=x"), http.StatusBadRequest, "kind must be first or again")
		d.want(figures.get("/api/v1/sites/shop/"+of+"?by=country&value=FR"), http.StatusNotFound, "few")
	}
	for _, of := range []string{"rates", "breakdowns", "undeclared", "experiment", "audit"} {
		d.want(all.get("/api/v1/sites/nowhere/"+of), http.StatusNotFound, "no-site")
	}
	d.want(all.get("/api/v1/sites/shop/audit?before=-1"), http.StatusBadRequest, "before must be")
	d.want(all.get("/api/v1/records/short"), http.StatusNotFound, "not-found")
	d.want(all.get("/api/v1/records/"+consent.ID{9}.String()), http.StatusNotFound, "not-found")
	d.storeAway()
	for _, path := range []string{"/api/v1/sites/shop/experiment", "/api/v1/sites/shop/audit", "/api/v1/requests", "/api/v1/records/" + id.String()} {
		d.want(all.get(path), http.StatusServiceUnavailable, "unavailable")
	}
	d.want(all.get("/api/v1/state"), http.StatusOK, `"durability":"unknown"`)
	if want := all.documented(); len(want) < 30 {
		t.Errorf("%d answers are documented", len(want))
	} else {
		for _, answer := range want {
			if !all.answered[answer] {
				t.Errorf("never given: %s", answer)
			}
		}
	}
}

// try lets the shop try the journal's banner, from six days before the start of the
// tests on.
func (d *desk) try() {
	tried := *d.sites[0]
	tried.Experiment = &consent.Experiment{ID: "plain-card", Start: start.AddDate(0, 0, -6), Block: 12 * time.Hour, Measure: experiment.ByAnswered, Detect: 0.03, Variant: d.sites[1]}
	d.sites[0] = &tried
	d.scheduled = experiment.Schedule{Seed: []byte("seed"), Start: tried.Experiment.Start, Block: tried.Experiment.Block}
}

// storeAway serves again, from a store that has gone.
func (d *desk) storeAway() {
	d.t.Helper()
	d.change(func(o *dashboard.Options) {
		away := awayStore{d.store}
		o.Store, o.Requests = away, (&consent.Requests{Store: away}).List
	})
	d.whole()
}

// A token that is none, was another's, has expired or was revoked opens nothing,
// and all are answered alike.
func TestATokenOpensWhatItIsForAndNoLonger(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.whole()
	d.in()
	c := theContract(t)
	id := d.record("shop")
	foreign, short, revoked := client{d, c, d.mint("foreign", "auditor", "366", "journal")}, client{d, c, d.mint("short", "owner", "30")}, client{d, c, d.mint("revoked", "auditor", "90")}
	for _, path := range []string{"/api/v1/sites/%/rates", "/api/v1/sites/%/breakdowns", "/api/v1/sites/%/undeclared", "/api/v1/sites/%/experiment", "/api/v1/sites/%/audit"} {
		other, unknown := foreign.get(strings.Replace(path, "%", "shop", 1)), foreign.get(strings.Replace(path, "%", "nowhere", 1))
		if other.status != http.StatusNotFound || other.body != unknown.body {
			t.Errorf("%s: %d %s, and %s of an unknown one", path, other.status, other.body, unknown.body)
		}
	}
	d.want(foreign.get("/api/v1/records/"+id.String()), http.StatusNotFound, "not-found")
	var list struct{ Sites []struct{ ID string } }
	if err := json.Unmarshal([]byte(foreign.get("/api/v1/sites").body), &list); err != nil || len(list.Sites) != 1 || list.Sites[0].ID != "journal" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, path := range []string{"/api/v1/requests", "/api/v1/state"} {
		if a := foreign.get(path); a.status != http.StatusOK || strings.Contains(a.body, "shop") {
			t.Errorf("%s tells of the other site: %s", path, a.body)
		}
	}
	d.wantRedirect(d.post("/admin/access/tokens/revoked/revoke", nil), "/admin/access")
	d.want(short.get("/api/v1/sites"), http.StatusOK, "shop")
	d.pass(30 * 24 * time.Hour)
	nothing := client{d, c, ""}.get("/api/v1/state")
	for name, text := range map[string]string{"expired": short.token, "revoked": revoked.token, "changed": foreign.token[:50] + "AAA", "a password": password, "only its start": "consentry_"} {
		if a := (client{d, c, text}).get("/api/v1/state"); a.status != http.StatusUnauthorized || a.body != nothing.body || a.header.Get("WWW-Authenticate") != `Bearer realm="consentry"` {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	d.in2()
	d.want(d.get("/admin/access"), http.StatusOK, "expired")
	if a := d.get("/api/v1/sites"); a.status != http.StatusUnauthorized {
		t.Errorf("a session opens the API: %d", a.status)
	}
	for form, says := range map[*url.Values]string{
		{"name": {"foreign"}, "role": {"auditor"}, "scope": {"all"}, "days": {"30"}}: "a token of this name",
		{"name": {"new"}, "role": {"auditor"}, "scope": {"all"}, "days": {"367"}}:    "from 1 to 366 days",
		{"name": {"new"}, "role": {"auditor"}, "days": {"30"}}:                       "choose all sites",
	} {
		d.want(d.post("/admin/access/tokens", *form), http.StatusUnprocessableEntity, says)
	}
	if got := d.trailOf("journal"); slices.Contains(got, "account:admin token-revoked revoked") == false {
		t.Errorf("the trail: %q", got)
	}
	if kept := readAll(t, d.file); strings.Contains(kept, foreign.token) || strings.Contains(kept, foreign.token[10:]) {
		t.Error("a token is kept")
	}
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
