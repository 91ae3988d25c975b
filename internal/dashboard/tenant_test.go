package dashboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// Whatever file somebody adds that names no site in its address: who is confined to the
// journal finds nothing of the shop in it, nor a record of the shop.
func TestNoFileOfAllSitesTellsOfASiteOutsideTheScope(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.in()
	stored := d.ask(1, consent.Objection, "")
	link := d.invite("otto", "owner", "journal")
	d.mint("nightly", "auditor", "30", "shop")
	d.as(link)
	e := echo.New()
	d.dash.Register(e)
	walked := 0
	for _, route := range e.Routes() {
		if route.Method != http.MethodGet || !strings.HasPrefix(route.Path, "/admin/") || strings.Contains(route.Path, ":") {
			continue
		}
		walked++
		for _, query := range []string{"", "?q=" + url.QueryEscape(stored.Record.String()), "?site=shop&days=7"} {
			a := d.get(route.Path + query)
			for _, told := range []string{"Kiln", `"shop"`, "shop,", ",shop", "nightly", "/sites/shop"} {
				if strings.Contains(a.body, told) {
					t.Errorf("%s%s: %d, it says %s", route.Path, query, a.status, told)
				}
			}
		}
		if strings.HasPrefix(route.Path, "/admin/records.") {
			unknown, foreign := d.get(route.Path+"?q="+consent.ID{9}.String()), d.get(route.Path+"?q="+stored.Record.String())
			if foreign.status != http.StatusNotFound || foreign.body != unknown.body {
				t.Errorf("%s: %d %s, and %s of an unknown one", route.Path, foreign.status, foreign.body, unknown.body)
			}
		}
	}
	if walked < 18 {
		t.Errorf("walked %d routes only", walked)
	}
}
