package dashboard_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Groups are named in the site file, where only plain names pass. One that stands
// in the store all the same, whoever put it there, is text on every page and in
// every file.
func TestAHostilePageGroupIsText(t *testing.T) {
	d := newDesk(t)
	d.whole()
	d.in()
	hostile := []string{"<script>alert(1)</script>", `=HYPERLINK("https://evil.example")`, `"><b id=hostile>`, "@SUM(A1)", "../../etc"}
	for _, group := range hostile {
		banner := consent.Impression{Moment: consent.Moment{Time: start, Zone: time.UTC, Country: "DE", Group: group}, Locale: "en", Layout: "bar", Regime: consent.OptIn, Form: "phone", Notice: "notice-1"}
		counts := banner.Counts()
		for i := range counts {
			counts[i].N = 50
		}
		if err := d.store.AddCounts(t.Context(), "shop", counts); err != nil {
			t.Fatal(err)
		}
	}
	found := false
	for range 100 { // the store may hold counters back for a second
		if found = strings.Contains(d.get("/admin/sites/shop").body, "alert(1)"); found {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !found {
		t.Fatal("the group is not shown at all")
	}
	token := d.mint("reader", "marketer", "30")
	for _, path := range []string{"/admin/", "/admin/sites/shop", "/admin/sites/shop/rates.json", "/api/v1/sites/shop/breakdowns"} {
		a := d.do(http.MethodGet, path, nil, map[string]string{"Authorization": "Bearer " + token})
		if a.status != http.StatusOK || strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<b id=hostile") {
			t.Errorf("%s: %d, and it holds markup", path, a.status)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(d.get("/admin/sites/shop/breakdowns.csv").body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Errorf("a cell is a formula: %s", cell)
			}
		}
	}
	for _, group := range hostile {
		d.want(d.get("/admin/sites/shop?by=group&value="+url.QueryEscape(group)), http.StatusBadRequest, "a value is 1 to 32 letters")
	}
}
