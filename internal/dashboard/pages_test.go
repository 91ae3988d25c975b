package dashboard_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// visit counts what happened on a day, in the store's own keys.
func (d *desk) visit(day time.Time, shown, accepted, rejected int64) {
	d.t.Helper()
	at := consent.Moment{Time: day, Zone: time.UTC, Country: "DE"}
	frame := &consent.Frame{Categories: []consent.FrameCategory{{ID: consent.Necessary}, {ID: "analytics", Digest: "a"}, {ID: "share", Digest: "s"}}}
	answer := func(event consent.Event, answer string, status consent.Status) []consent.Count {
		out := consent.Outcome{
			Kind: consent.First, Answer: answer,
			Record: consent.Record{
				Event: event, Time: consent.At(day), Automated: "no", Action: consent.Action{Surface: "banner"},
				Notice: consent.NoticeRef{Locale: "en", Layout: "bar", Digest: "notice-1"}, UAClass: consent.UAClass{Form: "phone"},
			},
			Next: consent.State{Categories: map[string]consent.Choice{
				"analytics": {Status: status, Digest: "a"}, "share": {Status: consent.Denied, Digest: "s"},
			}},
		}
		return out.Counts(frame, at)
	}
	times := func(list []consent.Count, n int64) []consent.Count {
		for i := range list {
			list[i].N = n
		}
		return list
	}
	banner := consent.Impression{Moment: at, Locale: "en", Layout: "bar", Regime: consent.OptIn, Form: "phone", Notice: "notice-1"}
	list := times(banner.Counts(), shown)
	list = append(list, times(answer(consent.Given, consent.Accepted, consent.Granted), accepted)...)
	list = append(list, times(answer(consent.Refused, consent.Rejected, consent.Denied), rejected)...)
	if err := d.store.AddCounts(d.t.Context(), "shop", list); err != nil {
		d.t.Fatal(err)
	}
}

// settle waits until counters that the store may hold back can be read.
func (d *desk) settle() {
	d.t.Helper()
	for range 100 {
		counts, err := d.store.Days(d.t.Context(), "shop", 1, consent.DateOf(start, time.UTC)+1)
		if err != nil {
			d.t.Fatal(err)
		}
		if len(counts.Cells) >= 40 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.t.Fatal("the counters did not arrive")
}

// Two days by hand: 100 shown, 40 accepted and 20 rejected today, 50, 10 and 15
// yesterday. Analytics was permitted by 50 of 85 (58.8 %), ignored by 65 of 150.
func TestFiguresFromTheStoreReachPagesAndCSV(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.visit(start, 100, 40, 20)
	d.visit(start.AddDate(0, 0, -1), 50, 10, 15)
	d.settle()
	page := d.get("/admin/sites/shop?days=7")
	d.want(page, http.StatusOK, "50 of 85 decisions")
	for _, want := range []string{"<b>33.3%</b> <span>50</span>", "<b>23.3%</b> <span>35</span>", "<b>43.3%</b> <span>65</span>", `<p class="big">58.8%</p>`, "Share of 150 ="} {
		d.want(page, http.StatusOK, want)
	}
	d.want(d.get("/admin/"), http.StatusOK, "Accepted 33.3%, Chosen 0.0%, Rejected 23.3%, Ignored 43.3%")
	a := d.get("/admin/sites/shop/rates.csv?from=2026-11-21&to=2026-11-22")
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
		t.Errorf("Content-Type: %s", got)
	}
	if got := a.header.Get("Content-Disposition"); got != `attachment; filename="consentry-shop-20261121-20261122.csv"` {
		t.Errorf("Content-Disposition: %s", got)
	}
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v: %s", len(rows), err, a.body)
	}
	if got := strings.Join(rows[2], ","); got != "2026-11-22,100,40,0,20,40,0,0,0,0,0,0,60,60,0,0,0,0,0,,,,,40,20,0.6667,0,60,0.0000" {
		t.Errorf("today's row: %s", got)
	}
}

// The period before a week with 150 banners in English had only three.
func TestTooLittleToCompareLeavesThePageAndItsFilesKeepTheFilter(t *testing.T) {
	d := newDesk(t)
	few := *d.sites[0]
	few.Counting.Smallest = 10
	d.sites[0] = &few
	d.in()
	d.visit(start, 100, 40, 20)
	d.visit(start.AddDate(0, 0, -1), 50, 10, 15)
	d.visit(start.AddDate(0, 0, -9), 3, 1, 1)
	d.settle()
	page := d.get("/admin/sites/shop?days=7&by=locale&value=en&compare=before")
	d.want(page, http.StatusOK, "Too few banners were shown to compare")
	for _, file := range []string{"rates.csv", "rates.json"} {
		d.want(page, http.StatusOK, file+"?days=7&amp;by=locale&amp;value=en&amp;compare=before")
	}
	d.want(d.get("/admin/sites/shop/rates.json?days=7&by=locale&value=en&compare=before"), http.StatusOK, `"filter":{"Kind":""`)
	// Whether it was asked for the first time tells of nobody, however few they are.
	d.want(d.get("/admin/sites/shop?from=2026-11-13&to=2026-11-13&kind=first"), http.StatusOK, "First time asked")
	// Anything rarer is a page all the same, without its figures.
	page = d.get("/admin/sites/shop?from=2026-11-13&to=2026-11-13&by=locale&value=en")
	d.want(page, http.StatusOK, "Too few to show them apart")
	if strings.Contains(page.body, "How did visitors answer?") || strings.Contains(page.body, "<td>3") {
		t.Errorf("it has figures: %s", page.body)
	}
}

func TestWhatNobodyDeclaresIsListedOnItsSitesPage(t *testing.T) {
	d := newDesk(t)
	d.in()
	page := d.get("/admin/sites/shop")
	for _, want := range []string{"seen on the pages and is not declared", "<code>_shop_&lt;b&gt;</code>", "<td>cookie</td>", "<td>2026-11-19</td>", "<td>2026-11-22</td>"} {
		d.want(page, http.StatusOK, want)
	}
}

func TestASiteThatWasNeverSeenShowsTheNextStep(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.want(d.get("/admin/sites/shop"), http.StatusOK, "&lt;script src=&#34;/privacy/gate.js&#34;&gt;&lt;/script&gt;")
	d.want(d.get("/admin/"), http.StatusOK, "Nothing counted in this period")
}

func TestWrongAddressesGetTheRightStatus(t *testing.T) {
	d := newDesk(t)
	d.in()
	for path, status := range map[string]int{
		"/admin":                                 http.StatusSeeOther,
		"/admin/sites/other":                     http.StatusNotFound,
		"/admin/sites/other/rates.csv":           http.StatusNotFound,
		"/admin/sites/..%2fshop":                 http.StatusNotFound,
		"/admin/?days=8":                         http.StatusBadRequest,
		"/admin/sites/shop?days=x":               http.StatusBadRequest,
		"/admin/sites/shop?from=2026-13-01&to=x": http.StatusBadRequest,
		"/admin/sites/shop/rates.csv?from=1970-01-01&to=2026-11-22": http.StatusBadRequest,
		"/admin/sites/shop?from=2021-11-23&to=2026-11-22":           http.StatusOK,
		"/admin/sites/shop/other":                                   http.StatusNotFound,
	} {
		if a := d.get(path); a.status != status {
			t.Errorf("%s: status %d, want %d", path, a.status, status)
		}
	}
}

func TestNothingIsReadWithoutASession(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"/admin/", "/admin/sites/shop", "/admin/sites/other", "/admin/sites/shop/rates.csv", "/admin/?days=8"} {
		d.wantRedirect(d.get(path), "/admin/login")
	}
}

// A site's days are its own wherever it stands: it is the 23rd in Auckland and the 22nd
// in Los Angeles.
func TestTheListOfSitesCountsEachSitesOwnDays(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	for i, name := range []string{"Pacific/Auckland", "America/Los_Angeles"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		d.sites[i].Counting.Zone = zone
	}
	d.in()
	d.visit(time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC), 1234, 0, 0) // as the shop counts it, today
	page := d.get("/admin/?days=7")
	for range 100 { // the store may hold counters back for a second
		if strings.Contains(page.body, "1,234") {
			break
		}
		time.Sleep(50 * time.Millisecond)
		page = d.get("/admin/?days=7")
	}
	d.want(page, http.StatusOK, "1,234")
	d.want(page, http.StatusOK, "days in each site’s time zone")
	d.sites = d.sites[:1]
	d.want(d.get("/admin/?days=7"), http.StatusOK, "days in Pacific/Auckland")
	d.want(d.get("/admin/?from=2026-11-23&to=2026-11-23"), http.StatusOK, "1,234")
}

// An address of which a part cannot be read must not show another period than was
// asked for.
func TestAnAddressThatCannotBeReadIsRefused(t *testing.T) {
	d := newDesk(t)
	d.in()
	for _, path := range []string{"/admin/", "/admin/sites/shop", "/admin/sites/shop/rates.csv", "/admin/sites/shop/breakdowns.csv"} {
		for _, query := range []string{"?from=%zz&to=2026-11-20", "?days=7;x=1"} {
			d.want(d.get(path+query), http.StatusBadRequest, "")
		}
	}
}
