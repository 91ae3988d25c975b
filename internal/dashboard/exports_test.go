package dashboard_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Everything that the desk shows can be taken as CSV and JSON, within the scope, and
// that it was is noted in the trail of each site that is in it.
func TestWhatTheDeskShowsCanBeTaken(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.in()
	d.ask(1, consent.Correction, "not-me")
	d.ask(2, consent.Objection, "")
	asked, err := (&consent.Requests{Store: d.store}).List(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.answerRequest(t.Context(), "shop", asked[0].Digest, consent.Settlement{Reason: "law"}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/admin/requests":                       "shop,",
		"/admin/sites":                          "journal,The Potter’s Journal,UTC,2026-10-24,2026-11-22,0,0,0,0,0",
		"/admin/sites#json":                     `{"site":"journal","name":"The Potter’s Journal","time_zone":"UTC","from":"2026-10-24","to":"2026-11-22","total":{"shown":0,`,
		"/admin/sites/shop/services":            "share,video,0,0,",
		"/admin/state":                          "journal,durable,standard,",
		"/admin/sites/shop/undeclared":          "cookie,_shop_<b>,2026-11-19T12:00:00.000Z,2026-11-22T12:00:00.000Z",
		"/admin/sites/shop/experiment#json":     `"experiment":null`,
		"/admin/requests#json":                  `"reason":"law"`,
		"/admin/state#json":                     `"durability":"durable"`,
		"/admin/sites/shop/undeclared#json":     `_shop_\u003cb\u003e`,
		"/admin/sites/journal/experiment#json":  `"site":"journal"`,
		"/admin/sites/journal/undeclared#json ": `_journal_`,
	} {
		path, format, _ := strings.Cut(strings.TrimSpace(path), "#")
		if format == "" {
			format = "csv"
		}
		a := d.get(path + "." + format)
		d.want(a, http.StatusOK, want)
		if format == "json" {
			if !json.Valid([]byte(a.body)) || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
				t.Errorf("%s is no JSON: %s", path, a.body)
			}
			continue
		}
		if rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll(); err != nil || len(rows) < 2 || !strings.Contains(a.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d rows, %v, %v", path, len(rows), err, a.header)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(d.get("/admin/requests.csv").body)).ReadAll()
	if err != nil || len(rows) != 3 || !slices.Equal(rows[1][7:], []string{"2026-11-22T12:00:00.000Z", "false", "law"}) || rows[2][7] != "" {
		t.Errorf("%q, %v", rows, err)
	}
	if got := d.trailOf("journal"); !slices.Contains(got, "account:admin exported state.csv") || !slices.Contains(got, "account:admin exported requests.json") {
		t.Errorf("the trail: %q", got)
	}
	link := d.invite("otto", "owner", "journal")
	d.as(link)
	for _, path := range []string{"/admin/requests.csv", "/admin/requests.json", "/admin/state.csv", "/admin/state.json", "/admin/sites.csv", "/admin/sites.json"} {
		if a := d.get(path); a.status != http.StatusOK || strings.Contains(a.body, "shop") {
			t.Errorf("%s tells of the other site: %d %s", path, a.status, a.body)
		}
	}
}
