package dashboard_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/siteconfig"
)

// table reads a CSV file that is offered for keeping.
func (d *desk) table(a answer) [][]string {
	d.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if a.status != http.StatusOK || err != nil || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		d.t.Fatalf("no CSV file: %d, %v, %v: %.300s", a.status, err, a.header, a.body)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+@\t\r") {
				d.t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	return rows
}

// read reads a JSON file.
func (d *desk) read(a answer, into any) {
	d.t.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil || a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		d.t.Fatalf("no JSON file: %d, %v: %.300s", a.status, err, a.body)
	}
}

// wantListed finds the files that no list of rights names.
func (d *desk) wantListed(listed []string) {
	d.t.Helper()
	e := echo.New()
	d.dash.Register(e)
	for _, route := range e.Routes() {
		path := strings.ReplaceAll(route.Path, ":site", "shop")
		file := strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".json")
		if file && strings.HasPrefix(path, "/admin/") && !slices.Contains(listed, route.Method+" "+path) {
			d.t.Errorf("nobody has said who may take %s", path)
		}
	}
}

// The checklist can be taken as it reads on the page. It is asked for by a form of the
// dashboard alone, since the page is looked at for it.
func TestTheChecklistCanBeTaken(t *testing.T) {
	d := newDesk(t)
	d.in()
	s := d.shopfront(`<script src="https://vendor.example/=a.js"></script><script src="/privacy/gate.js"></script>`)
	page := d.lookAt("/shop")
	d.want(page, http.StatusOK, `formaction="`+desksInstallation+`.csv"`)
	d.want(page, http.StatusOK, `formaction="`+desksInstallation+`.json"`)
	form := url.Values{"page": {s.URL + "/shop"}}
	var got struct {
		Site, Page, Looked string
		Findings           []struct{ Check, Level, Says, Mend string }
	}
	a := d.post(desksInstallation+".json", form)
	d.read(a, &got)
	if got.Site != "shop" || got.Page != s.URL+"/shop" || got.Looked != "2026-11-22T12:00:00.000Z" || len(got.Findings) < 3 || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%+v, %v", got, a.header)
	}
	rows := d.table(d.post(desksInstallation+".csv", form))
	if len(rows) != 1+len(got.Findings) {
		t.Fatalf("%d rows of %d findings", len(rows), len(got.Findings))
	}
	for i, f := range got.Findings {
		if want := []string{got.Page, got.Looked, f.Check, f.Level, f.Says, f.Mend}; !slices.Equal(rows[1+i], want) {
			t.Errorf("row %q, finding %q", rows[1+i], want)
		}
	}
	before := s.asked.Load()
	for _, format := range []string{".csv", ".json"} {
		d.want(d.post(desksInstallation+format, url.Values{"page": {"https://elsewhere.example/"}}), http.StatusUnprocessableEntity, "This is no page of the site.")
		if a := d.do(http.MethodPost, desksInstallation+format, form, map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}); a.status != http.StatusForbidden {
			t.Errorf("another page’s form got %d", a.status)
		}
		if a := d.get(desksInstallation + format); a.status == http.StatusOK {
			t.Errorf("a link got %d", a.status)
		}
	}
	if s.asked.Load() != before {
		t.Error("the site was asked all the same")
	}
	if got := d.trailOf("shop"); !slices.Contains(got, "account:admin exported installation.csv") || !slices.Contains(got, "account:admin exported installation.json") {
		t.Errorf("the trail: %q", got)
	}
}

// Leaks are taken as the page shows them: numbers that are too small stay away.
func TestLeaksCanBeTaken(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.gate(consent.GateKnown)
	d.leak(12, false, "ga4")
	d.leak(9, false, "addtoany")
	d.leak(3, true, "ga4", "@gone")
	for range 100 { // the store may hold counters back
		if strings.Contains(d.get("/admin/sites/shop/leaks.json").body, `"@gone"`) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	rows := d.table(d.get("/admin/sites/shop/leaks.csv"))
	var got []string
	for _, row := range rows[1:] {
		got = append(got, strings.Join(append(row[:4:4], row[5:]...), " "))
	}
	if want := []string{"2026-11-16 2026-11-22 known ga4 12 3", "2026-11-16 2026-11-22 known addtoany  0", "2026-11-16 2026-11-22 known '@gone 0 3"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	d.want(d.get("/admin/sites/shop/leaks.json"), http.StatusOK, `"gate":"known","shown":21,"leaks":[{"service":"ga4","banners":12,"few":false,"automated_banners":3},{"service":"addtoany","banners":0,"few":true`)
	d.want(d.get(desksInstallation), http.StatusOK, `href="/admin/sites/shop/leaks.csv"`)
}

// The trail's JSON has what its CSV has, all of it.
func TestTheAuditTrailCanBeTakenAsJSON(t *testing.T) {
	d := newDesk(t)
	d.in()
	for range 60 { // more than a page
		d.get("/admin/sites/shop/rates.csv?days=7")
	}
	d.want(d.get("/admin/sites/shop/audit"), http.StatusOK, `href="/admin/sites/shop/audit.json"`)
	rows := d.table(d.get("/admin/sites/shop/audit.csv"))
	var got struct {
		Site    string
		Entries []struct {
			Entry                            int64
			At, Actor, Action, About, Detail string
			Altered                          bool
			Times                            int
		}
	}
	d.read(d.get("/admin/sites/shop/audit.json"), &got)
	if got.Site != "shop" || len(got.Entries) != len(rows) || len(rows) < 62 { // the header for the entry of audit.json
		t.Fatalf("%d entries and %d rows", len(got.Entries), len(rows))
	}
	for i, e := range got.Entries[:len(rows)-1] {
		if want := rows[1+i]; e.At != want[1] || e.Actor != want[2] || e.Action != want[3] || e.About != want[4] || e.Detail != want[5] || e.Altered || e.Times != 1 {
			t.Fatalf("entry %+v, row %q", e, want)
		}
	}
	if last := got.Entries[len(got.Entries)-1]; last.About != "audit.json" {
		t.Errorf("the last is %+v", last)
	}
}

// Who may open the dashboard can be taken, and nothing that opens it.
func TestAccountsAndTokensCanBeTaken(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.in()
	link := d.invite("mira", "marketer", "shop")
	d.wantRedirect(d.post("/admin/access/accounts/mira/change", url.Values{"role": {"marketer"}, "scope": {"some"}, "site": {"shop"}, "email": {"+mira@example.com"}}), "/admin/access")
	token := d.mint("nightly", "auditor", "30")
	rows := d.table(d.get("/admin/accounts.csv"))
	if want := []string{"mira", "'+mira@example.com", "marketer", "shop", "invited"}; len(rows) != 3 || !slices.Equal(rows[2][:4], want[:4]) || !strings.HasPrefix(rows[2][4], want[4]) {
		t.Errorf("%q", rows)
	}
	rows = d.table(d.get("/admin/tokens.csv"))
	if want := []string{"nightly", "auditor", "*", "admin", "2026-12-22T12:00:00.000Z", "false"}; len(rows) != 2 || !slices.Equal(rows[1], want) {
		t.Errorf("%q", rows)
	}
	file := d.get("/admin/access.json")
	d.want(file, http.StatusOK, `{"name":"nightly","role":"auditor","scope":{"all":true},"made_by":"admin","expires":"2026-12-22T12:00:00.000Z","expired":false}`)
	for _, secret := range []string{token, strings.TrimPrefix(link, "/admin/invite/"), "argon2", "hash"} {
		if strings.Contains(file.body, secret) {
			t.Errorf("the file has %q in it", secret)
		}
	}
}

// What waits is taken by who may see it, and by nobody else.
func TestWhatWaitsCanBeTaken(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.in()
	d.ask(1, consent.Correction, "not-me")
	d.pass(31 * 24 * time.Hour)
	d.in2()
	d.want(d.get("/admin/"), http.StatusOK, `href="/admin/needs.csv?days=30"`)
	rows := d.table(d.get("/admin/needs.csv?days=30"))
	if want := []string{"shop", "Kiln & Leaf", "1", "1", "false", "0", "", "1"}; len(rows) != 3 || !slices.Equal(rows[slices.IndexFunc(rows, func(r []string) bool { return r[0] == "shop" })], want) {
		t.Errorf("%q", rows)
	}
	d.want(d.get("/admin/needs.json"), http.StatusOK, `"requests_waiting":1,"requests_overdue":1,"requests_unread":false,"logs_unsigned":0,"leaking_services":[],"unlisted":1`)
	auditor, marketer := d.invite("ada", "auditor", "journal"), d.invite("mira", "marketer")
	d.as(auditor)
	d.want(d.get("/admin/needs.json"), http.StatusOK, `{"needs":[{"site":"journal","name":"The Potter’s Journal","requests_waiting":0,"requests_overdue":0,"requests_unread":false,"logs_unsigned":0,"leaking_services":[],"unlisted":0}]}`)
	d.as(marketer)
	d.want(d.get("/admin/needs.json"), http.StatusOK, `{"needs":[]}`)
}

// What the lint says can be taken, as the studio shows it.
func TestTheLintsFindingsCanBeTaken(t *testing.T) {
	d := newDesk(t)
	d.change(func(o *dashboard.Options) {
		o.Findings = func(*consent.Site) []siteconfig.Problem {
			return []siteconfig.Problem{{File: "shop.yaml", Line: 3, Column: 7, Message: "=SUM(A1) is no colour"}, {File: "shop.yaml", Line: 9, Column: 1, Message: "long", Warning: true}}
		}
	})
	d.in()
	d.want(d.get("/admin/sites/shop/studio"), http.StatusOK, `href="/admin/sites/shop/findings.csv"`)
	rows := d.table(d.get("/admin/sites/shop/findings.csv"))
	if want := []string{"shop.yaml:3:7", "refused", "'=SUM(A1) is no colour"}; len(rows) != 3 || !slices.Equal(rows[1], want) || rows[2][1] != "warning" {
		t.Errorf("%q", rows)
	}
	d.want(d.get("/admin/sites/shop/findings.json"), http.StatusOK, `{"place":"shop.yaml:9:1","level":"warning","says":"long"}`)
}

// What changed between two periods can be taken with its intervals, and nothing where
// nothing is compared.
func TestAComparisonCanBeTaken(t *testing.T) {
	d := comparing(t)
	page := d.get("/admin/sites/shop?from=2026-11-21&to=2026-11-22&" + twoDays)
	d.want(page, http.StatusOK, "comparison.csv?from=2026-11-21")
	rows := d.table(d.get("/admin/sites/shop/comparison.csv?from=2026-11-21&to=2026-11-22&" + twoDays))
	// By hand: 50 of 150 accepted now and 10 of 40 before, 8.33 points more.
	if want := []string{"Accepted", "banners", "10", "40", "50", "150", "0.0833"}; !slices.Equal(rows[1][:7], want) || rows[1][7] >= "-0.05" && rows[1][7][0] != '-' || rows[1][8] < "0.2" {
		t.Errorf("%q", rows)
	}
	d.want(d.get("/admin/sites/shop/comparison.json?from=2026-11-21&to=2026-11-22&"+twoDays), http.StatusOK, `{"share":"Accepted","of":"banners","before":{"part":10,"all":40},"now":{"part":50,"all":150},"change":0.0833`)
	d.want(d.get("/admin/sites/shop/comparison.csv?days=7"), http.StatusBadRequest, "")
}

// The classes of records and the next purge are in the file of how decisions are kept.
func TestTheFileOfKeepingHasEachRetentionClass(t *testing.T) {
	const day = 24 * time.Hour
	d := newDesk(t)
	d.change(func(o *dashboard.Options) {
		o.Purge = func(string) consent.PurgeState {
			return consent.PurgeState{Done: start, Next: start.Add(day), Keep: consent.Retention{"standard": 400 * day}}
		}
	})
	d.in()
	d.want(d.get("/admin/state.json"), http.StatusOK, `"kept":[{"class":"standard","keep_seconds":34560000,"known":true,"oldest":null,"none_older":false}],"next_purge":"2026-11-23T12:00:00.000Z","purging":false,"legal_hold":""`)
	rows := d.table(d.get("/admin/retention.csv"))
	if want := []string{"shop", "standard", "34560000", "true", "", "false", "2026-11-23T12:00:00.000Z", "false", ""}; len(rows) != 2 || !slices.Equal(rows[1], want) {
		t.Errorf("%q", rows)
	}
}
