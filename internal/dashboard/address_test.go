package dashboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// addressed is what routes read from their query.
var addressed = []string{
	"days", "from", "to", "compare", "against_from", "against_to", "kind", "layout", "notice", "by", "value", "q", "before", "layer", "scheme", "locale", "device", "regime",
}

// Whatever stands in an address, every page, file and answer of the API is one that
// was meant to be: a wrong date, an endless range, a number that fits nowhere, a site
// that there is not, markup. A route that somebody adds is walked as well.
func TestNothingInAnAddressBreaksAnything(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.whole()
	d.in()
	bearer := map[string]string{"Authorization": "Bearer " + d.mint("reader", "auditor", "30")}
	e := echo.New()
	d.dash.Register(e)
	const markup = "<script>alert(1)</script>"
	var queries []string
	for _, value := range []string{"", "-1", strings.Repeat("9", 400), "0001-01-01", "2026-02-30", "9999-12-31T00:00:00Z", markup, "\x00\xff", "../../shop", "' OR 1=1 --"} {
		all := make(url.Values)
		for _, name := range addressed {
			all.Set(name, value)
		}
		queries = append(queries, all.Encode())
	}
	for _, name := range addressed {
		queries = append(queries, url.Values{name: {markup}}.Encode(), url.Values{name: {"9223372036854775808"}}.Encode())
	}
	queries = append(queries, "from=0001-01-01&to=9999-12-31", "from=2026-11-22&to=2020-01-01", "from=0000-01-01&to=0000-01-02&compare=before",
		"compare=own&against_from=0001-01-01&against_to=9999-12-31", "compare=own&against_from=2026-11-22&against_to=2020-01-01", "by=country&value="+url.QueryEscape(markup), "%zz", "a;b")
	walked := 0
	for _, route := range e.Routes() {
		if route.Method != http.MethodGet || strings.HasSuffix(route.Path, "/live") { // which does not end
			continue
		}
		walked++
		for _, query := range queries {
			for _, site := range []string{"shop", url.PathEscape(markup)} {
				if site != "shop" && (query != queries[0] || !strings.Contains(route.Path, ":site")) {
					continue
				}
				path := strings.NewReplacer(":site", site, ":record", "9", ":token", "none").Replace(route.Path) + "?" + query
				a := d.do(http.MethodGet, path, nil, bearer)
				if a.status >= http.StatusInternalServerError || a.status == 0 {
					t.Errorf("%s: status %d: %.200s", path, a.status, a.body)
				}
				if strings.Contains(a.body, markup) || strings.Contains(a.header.Get("Location"), markup) {
					t.Errorf("%s: the markup is back as such", path)
				}
			}
		}
	}
	if walked < 20 {
		t.Errorf("walked %d routes only", walked)
	}
}
