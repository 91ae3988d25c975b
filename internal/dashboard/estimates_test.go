package dashboard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// unask counts pages that had nothing to ask, one in of of which says so.
func (d *desk) unask(n, of int) {
	d.t.Helper()
	for range n {
		page := consent.Unasked{Moment: consent.Moment{Time: start, Zone: time.UTC}, Of: of}
		if err := d.store.AddCounts(d.t.Context(), "shop", page.Counts()); err != nil {
			d.t.Fatal(err)
		}
	}
}

// What is estimated stands with its interval, on the page, in its files and in the API,
// and what it does not cover is said. By hand: 20 pages of a sample of one in 100 are
// 2,000, 1,297 to 3,083; of 100 banners 40 were followed by a yes.
func TestEstimatesStandWithTheirIntervals(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.visit(start, 100, 40, 20)
	d.visit(start.AddDate(0, 0, -20), 50, 10, 15)
	d.settle()
	d.want(d.get("/admin/sites/shop?days=7"), http.StatusOK, "nothing counts them here")
	token := d.mint("figures", "marketer", "30", "shop")
	api := client{d, theContract(t), token}
	d.want(api.get("/api/v1/sites/shop/rates?days=7"), http.StatusOK, `"missed":{"category":"Measurement","banners":60,"shown":100,"low":0.50`)
	d.want(api.get("/api/v1/sites/shop/rates?days=7"), http.StatusOK, `"pages_low":null,"pages_high":null}`)
	d.unask(20, 100)
	page := d.get("/admin/sites/shop?days=7")
	for range 100 { // the store may hold counters back
		if page = d.get("/admin/sites/shop?days=7"); strings.Contains(page.body, "<b>2,000</b>") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.want(page, http.StatusOK, "95% interval 1,297 – 3,083")
	d.want(page, http.StatusOK, "also those of visitors who refused before")
	d.want(page, http.StatusOK, "between 1.6%, if all of these permit Measurement, and 99.0%, if none does.")
	d.want(d.get("/admin/sites/shop/rates.json?days=7"), http.StatusOK, `"UnaskedLow":1297,"UnaskedHigh":3083,"AutoUnaskedLow":null,"AutoUnaskedHigh":null}`)
	d.want(d.get("/admin/sites/shop/rates.json?days=7"), http.StatusOK, `"missed":{"category":"Measurement","banners":60,"shown":100,`)
	d.want(api.get("/api/v1/sites/shop/rates?days=7"), http.StatusOK, `"unasked_pages_low":1297,"unasked_pages_high":3083,"automated_unasked_pages_low":null`)
	rows := d.rows("/admin/sites/shop/rates.csv?days=7")
	if got := strings.Join(rows[len(rows)-1][17:23], ","); got != "2000,0,1297,3083,," {
		t.Errorf("today: %s", got)
	}
	narrowed := d.get("/admin/sites/shop/rates.json?days=7&kind=first")
	if narrowed.status != http.StatusOK || strings.Contains(narrowed.body, `"missed"`) {
		t.Errorf("a filter leaves %s", narrowed.body)
	}
}
