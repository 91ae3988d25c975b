package dashboard_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// banners adds people's banners of a layout and a notice.
func (d *desk) banners(layout, notice string, n int64) {
	d.t.Helper()
	banner := consent.Impression{Moment: consent.Moment{Time: start, Zone: time.UTC, Country: "DE"}, Locale: "en", Layout: layout, Regime: consent.OptIn, Form: "phone", Notice: notice}
	counts := banner.Counts()
	for i := range counts {
		counts[i].N = n
	}
	if err := d.store.AddCounts(d.t.Context(), "shop", counts); err != nil {
		d.t.Fatal(err)
	}
}

// 1003 bars, of which three were of the second notice: a file about the first one must
// not say 1000 of them, nor give figures of all banners for those of a filter.
func TestAFilterLeavesNoBreakdowns(t *testing.T) {
	d := newDesk(t)
	few := *d.sites[0]
	few.Counting.Smallest = 10
	d.sites[0] = &few
	d.whole()
	d.in()
	d.banners("bar", "firstone-and-more", 1000)
	d.banners("bar", "secondone-and-more", 3)
	d.banners("card", "firstone-and-more", 500)
	d.banners("card", "secondone-and-more", 500)
	d.arrived("2026-11-22", "2003")
	api := client{d, theContract(t), d.mint("reader", "marketer", "30")}
	d.want(api.get("/api/v1/sites/shop/breakdowns"), http.StatusOK, `"value":"bar","values":1,"shown":1003`)
	d.want(d.get("/admin/sites/shop?notice=firstone&layout=bar"), http.StatusOK, "Too few to show them apart")
	for _, filter := range []string{"notice=firstone", "kind=first", "by=country&value=DE", "layout=bar"} {
		d.want(api.get("/api/v1/sites/shop/breakdowns?"+filter), http.StatusOK, `"breakdowns":[]`)
		d.want(d.get("/admin/sites/shop/rates.json?"+filter), http.StatusOK, `"breakdowns":null`)
		if rows := d.rows("/admin/sites/shop/breakdowns.csv?" + filter); len(rows) != 1 {
			t.Errorf("%s: %v", filter, rows[1:])
		}
	}
}

// A notice is named by its digest, of which eight letters are counted.
func TestANoticeIsFoundByItsDigest(t *testing.T) {
	d := newDesk(t)
	d.in()
	digest := consent.Digest([]byte("a notice"))
	d.banners("bar", digest, 30)
	d.banners("bar", consent.Digest([]byte("another")), 40)
	d.arrived("2026-11-22", "70")
	for _, letters := range []int{8, 32, len(digest)} {
		d.want(d.get("/admin/sites/shop/rates.json?days=7&notice="+digest[:letters]), http.StatusOK, `"total":{"Shown":30,`)
	}
	d.want(d.get("/admin/sites/shop/rates.json?days=7&notice="+digest[:7]), http.StatusBadRequest, "")
	d.want(d.get("/admin/sites/shop/rates.json?days=7&notice="+digest+"x"), http.StatusBadRequest, "")
}
