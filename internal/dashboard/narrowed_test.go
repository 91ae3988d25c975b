package dashboard_test

import (
	"net/http"
	"strings"
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
		for _, file := range []string{"breakdowns.csv", "services.csv"} {
			if rows := d.rows("/admin/sites/shop/" + file + "?" + filter); len(rows) != 1 {
				t.Errorf("%s?%s: %v", file, filter, rows[1:])
			}
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

// Withdrawals are no answers to a banner, and programs are not counted by country: what
// a filter does not know is not said to be nothing.
func TestWhatAFilterDoesNotCountIsNotSaidToBeNothing(t *testing.T) {
	d := newDesk(t)
	d.whole()
	d.in()
	d.visit(start, 100, 40, 20)
	withdrawn := consent.Count{Hour: consent.HourOf(start, time.UTC), Day: consent.DateOf(start, time.UTC), N: 17, Key: consent.CountKey(consent.DecidedCount,
		"who", consent.Human, "kind", consent.Changed, "answer", consent.Rejected, "event", string(consent.Withdrawn), "via", "banner", "layout", "bar", "regime", "opt-in", "variant", "", "notice", "notice-1")}
	programs := withdrawn
	programs.Key = consent.CountKey(consent.ShownCount, "who", consent.Automated, "kind", consent.First, "layout", "bar", "regime", "opt-in", "variant", "", "notice", "notice-1")
	if err := d.store.AddCounts(t.Context(), "shop", []consent.Count{withdrawn, programs}); err != nil {
		t.Fatal(err)
	}
	d.arrived("2026-11-22", "100")
	api := client{d, theContract(t), d.mint("reader", "marketer", "30")}
	const came, by, decided = "Who came back to the choice?", `data-column="automated"`, "How many decided, and how often?"
	for query, says := range map[string]struct {
		withdrawn, automated, decided bool
	}{"": {true, true, true}, "&layout=bar": {true, true, true}, "&kind=first": {false, true, false}, "&by=country&value=DE": {false, false, false}} {
		page := d.get("/admin/sites/shop?days=7" + query)
		for text, want := range map[string]bool{came: says.withdrawn, `<th scope="col">Withdrawn</th>`: says.withdrawn, "<td>17</td>": says.withdrawn || says.automated, by: says.automated, decided: says.decided, "opt-in, of decisions": query == ""} {
			if strings.Contains(page.body, text) != want {
				t.Errorf("%q has %s: %v", query, text, !want)
			}
		}
		rows := d.rows("/admin/sites/shop/rates.csv?from=2026-11-22&to=2026-11-22" + query)
		cell := make(map[string]string)
		for i, name := range rows[0] {
			cell[name] = rows[1][i]
		}
		for name, want := range map[string]bool{
			"banners_shown": true, "withdrawn": says.withdrawn, "one_service": says.withdrawn, "by_signal": says.withdrawn, "decisions": says.decided, "first_decisions": query != "&by=country&value=DE",
			"automated_banners": says.automated, "analytics_granted": query == "", "unasked_pages_estimated": query == "",
		} {
			if (cell[name] != "") != want {
				t.Errorf("%q: %s is %q", query, name, cell[name])
			}
		}
		answer := api.get("/api/v1/sites/shop/rates?days=7" + query)
		for name, want := range map[string]bool{`"withdrawn"`: says.withdrawn, `"automated_banners"`: says.automated, `"categories"`: query == ""} {
			if _, left, _ := strings.Cut(answer.body, `"not_counted":`); strings.Contains(left, name) == want {
				t.Errorf("%q: not counted are %s", query, left)
			}
		}
	}
}

// Charts and tables of nothing say nothing: the page says so, and what to do.
func TestAFilterThatLeavesNothingSaysWhatToDo(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.visit(start, 100, 40, 20)
	d.arrived("2026-11-22", "100")
	for query, says := range map[string]string{
		"?days=7&kind=again":                 "Visitors are asked again when a notice has changed.",
		"?days=7&layout=side":                "No banner was shown like this in this period",
		"?days=7&layout=bar&notice=another0": "No banner was shown like this in this period",
	} {
		page := d.get("/admin/sites/shop" + query)
		d.want(page, http.StatusOK, says)
		d.want(page, http.StatusOK, `Choose other dates, or <a href="?days=7">show all</a>.`)
		d.want(page, http.StatusOK, `href="?days=30`)
		for _, empty := range []string{"How did visitors answer?", "data-chart", "<table"} {
			if strings.Contains(strings.Split(page.body, `aria-labelledby="seen"`)[0], empty) {
				t.Errorf("%s: it has %s", query, empty)
			}
		}
	}
	d.want(d.get("/admin/sites/shop?days=7&kind=first"), http.StatusOK, "How did visitors answer?")
}

// Of two values of the same thing one would be shown as if it were both.
func TestWhatIsAskedTwiceIsRefused(t *testing.T) {
	d := newDesk(t)
	d.in()
	for _, query := range []string{"kind=first&kind=again", "by=country&value=DE&value=FR", "compare=before&compare=year", "compare=own&against_from=2026-11-01&against_from=2026-11-02&against_to=2026-11-03"} {
		for _, page := range []string{"", "/rates.csv", "/rates.json"} {
			d.want(d.get("/admin/sites/shop"+page+"?days=7&"+query), http.StatusBadRequest, "is there more than once")
		}
	}
}
