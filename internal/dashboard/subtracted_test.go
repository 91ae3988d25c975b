package dashboard_test

import (
	"net/http"
	"strings"
	"testing"
)

// Five banners from Germany on one day. Whoever has the three days beside two of them in
// one answer subtracts, and has the five; so nothing is compared with what has a day of
// the period in it.
func TestPeriodsThatShareDaysAreNotCompared(t *testing.T) {
	d := comparing(t)
	d.visit(start.AddDate(0, 0, -40), 5, 3, 1)
	d.visit(start.AddDate(0, 0, -41), 30, 9, 4)
	d.visit(start.AddDate(0, 0, -42), 70, 20, 9)
	d.arrived("2026-10-11", "70")
	const three = "from=2026-10-11&to=2026-10-13"
	own := func(from, to string) string { return "&compare=own&against_from=" + from + "&against_to=" + to }
	api := client{d, theContract(t), d.mint("reader", "marketer", "30")}
	for _, filter := range []string{"", "&kind=first", "&by=country&value=DE", "&layout=bar"} {
		for against, days := range map[string]string{
			own("2026-10-11", "2026-10-12"): "2 days are in both periods", own("2026-10-10", "2026-10-11"): "One day is in both periods", own("2026-10-11", "2026-10-13"): "These are the same dates",
		} {
			query := "?" + three + filter + against
			page := d.get("/admin/sites/shop" + query)
			d.want(page, http.StatusOK, days)
			d.want(page, http.StatusOK, "Choose dates that end before 11 October 2026 or begin after 13 October 2026")
			d.want(page, http.StatusOK, "<td>105</td>") // of the period itself
			d.want(page, http.StatusOK, `rates.csv?from=2026-10-11&amp;to=2026-10-13`+strings.ReplaceAll(filter, "&", "&amp;")+`" download`)
			for _, told := range []string{"<td>100</td>", "comparison.csv", "Change in points"} {
				if strings.Contains(page.body, told) {
					t.Errorf("%s: the page has %s", query, told)
				}
			}
			for _, file := range []string{"rates.csv", "rates.json", "breakdowns.csv", "services.csv", "comparison.csv", "comparison.json"} {
				d.want(d.get("/admin/sites/shop/"+file+query), http.StatusBadRequest, "share days")
			}
			for _, of := range []string{"rates", "breakdowns"} {
				d.want(api.get("/api/v1/sites/shop/"+of+query), http.StatusBadRequest, "share days")
			}
		}
	}
	// Of more than a year the same dates a year earlier are in part the same days.
	d.want(d.get("/admin/sites/shop?from=2025-11-20&to=2026-11-22&compare=year"), http.StatusOK, "3 days are in both periods")
	d.want(d.get("/admin/sites/shop?from=2025-11-23&to=2026-11-22&compare=year"), http.StatusOK, "What changed since")
	// Days right before and right after are others.
	for _, other := range []string{own("2026-10-09", "2026-10-10"), own("2026-10-14", "2026-10-20")} {
		d.want(d.get("/admin/sites/shop/rates.json?"+three+other), http.StatusOK, `"compared":{`)
	}
}
