package dashboard_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"
)

// rows reads a CSV file of the dashboard.
func (d *desk) rows(path string) [][]string {
	d.t.Helper()
	a := d.get(path)
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || a.status != http.StatusOK {
		d.t.Fatalf("%s: %d, %v: %s", path, a.status, err, a.body)
	}
	return rows
}

// arrived waits until the banners of a day, which were counted last, can be read: the
// store may hold counters back.
func (d *desk) arrived(day, shown string) {
	d.t.Helper()
	for range 100 {
		if strings.Contains(d.get("/admin/sites/shop/rates.csv?from="+day+"&to="+day).body, day+","+shown+",") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.t.Fatal("the counters did not arrive")
}

// comparing has 150 banners this week, 80 of them accepted or rejected, 40 on one day
// three weeks ago, and 60 on the same day a year ago. Fewer than ten are few.
func comparing(t *testing.T) *desk {
	d := newDesk(t)
	few := *d.sites[0]
	few.Counting.Smallest = 10
	d.sites[0] = &few
	d.whole()
	d.in()
	d.visit(start, 100, 40, 20)
	d.visit(start.AddDate(0, 0, -1), 50, 10, 10)
	d.visit(start.AddDate(0, 0, -21), 40, 10, 2)
	d.visit(start.AddDate(-1, 0, 0), 60, 30, 6)
	d.arrived("2025-11-22", "60")
	return d
}

const twoDays = "compare=own&against_from=2026-10-31&against_to=2026-11-01"

func TestAPeriodIsComparedWithAnyDates(t *testing.T) {
	d := comparing(t)
	for query, wants := range map[string][]string{
		// 50 of 150 accepted beside 10 of 40: 33.3 % - 25.0 %.
		twoDays: {
			"What changed since 31 October – 1 November 2026?", "The periods differ in length, 2 days beside 7 days: compare the shares.",
			"<td>25.0%</td><td>33.3%</td><td>+8.3</td>", "<td>40</td><td>150</td>", "31\u00a0Oct\u00a0– 1\u00a0Nov\u00a02026 <span>2 days</span>", "16\u00a0Nov\u00a0– 22\u00a0Nov\u00a02026 <span>7 days</span>",
		},
		"compare=year": {"What changed since 16 November – 22 November 2025?", "<td>50.0%</td><td>33.3%</td><td>−16.7</td>", "<td>60</td><td>150</td>"},
		"compare=own&against_from=2024-01-01&against_to=2024-01-07": {"Nothing was counted in that period"},
		"compare=own&against_from=2026-11-16&against_to=2026-11-22": {"How does this differ from 16 November – 22 November 2026?", "These are the same dates", `name="against_from" value="2026-11-09"`},
		"compare=own&against_from=2026-11-17&against_to=2026-11-22": {"How does this differ from 17 November – 22 November 2026?", "6 days are in both periods"},
	} {
		page := d.get("/admin/sites/shop?days=7&" + query)
		for _, want := range wants {
			d.want(page, http.StatusOK, want)
		}
		apart := query == twoDays || query == "compare=year"
		if apart != strings.Contains(page.body, "<th scope=\"col\">95% interval</th></tr></thead> <tbody><tr><th scope=\"row\">Accepted") {
			t.Errorf("%s: intervals of periods that overlap, or none of others", query)
		}
	}
}

// Whatever the page leads to compares as it does.
func TestAComparisonIsKeptInEveryLink(t *testing.T) {
	d := comparing(t)
	const own = "&amp;compare=own&amp;against_from=2026-10-31&amp;against_to=2026-11-01"
	page := d.get("/admin/sites/shop?days=7&kind=first&" + twoDays)
	for _, want := range []string{
		`href="?days=30&amp;kind=first` + own, `href="?days=7` + own, `href="?days=7&amp;kind=again` + own,
		`href="?days=7&amp;kind=first&amp;compare=before"`, `href="?days=7&amp;kind=first&amp;compare=year"`, `href="?days=7&amp;kind=first"`,
		`rates.csv?days=7&amp;kind=first` + own, `rates.json?days=7&amp;kind=first` + own,
		`<input type="hidden" name="against_from" value="2026-10-31">`, `<input type="date" name="against_to" value="2026-11-01" max="2026-11-22" required>`,
	} {
		d.want(page, http.StatusOK, want)
	}
	page = d.get("/admin/sites/shop?days=7&" + twoDays)
	d.want(page, http.StatusOK, `href="?days=7&amp;by=country&amp;value=DE`+own)
	d.want(page, http.StatusOK, `breakdowns.csv?days=7`+own)
	d.want(d.get("/admin/sites/shop?days=7&by=country&value=DE&"+twoDays), http.StatusOK, `href="?days=7`+own+`">show all`)
	// There are no figures where too little is left of the period, and the choice stays.
	d.want(d.get("/admin/sites/shop?from=2026-11-20&to=2026-11-20&by=country&value=DE&"+twoDays), http.StatusOK, `href="?from=2026-11-20&amp;to=2026-11-20`+own+`">show all`)
}

func TestFilesHoldBothPeriods(t *testing.T) {
	d := comparing(t)
	rows := d.rows("/admin/sites/shop/rates.csv?from=2026-11-21&to=2026-11-22&" + twoDays)
	var got []string
	for _, row := range rows {
		got = append(got, strings.Join(row[:4], " "))
	}
	if want := "period date banners_shown accepted_all,current 2026-11-21 50 10,current 2026-11-22 100 40,compared 2026-10-31 0 0,compared 2026-11-01 40 10"; strings.Join(got, ",") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ","), want)
	}
	rows = d.rows("/admin/sites/shop/breakdowns.csv?days=7&" + twoDays)
	found := ""
	for _, row := range rows {
		if row[1] == "country" {
			found += strings.Join(row, " ") + ","
		}
	}
	if want := "current country DE 1 150 50 0 30 70 0.2629 0.4121 50 30 0.6250 0.5155 0.7231 0 80 0.0000 0.0000 0.0458,compared country DE 1 40 10 0 2 28 0.1419 0.4019 10 2 0.8333 0.5520 0.9530 0 12 0.0000 0.0000 0.2425,"; found != want {
		t.Errorf("got %s, want %s", found, want)
	}
	a := d.get("/admin/sites/shop/rates.csv?days=7&compare=year")
	if name := a.header.Get("Content-Disposition"); name != `attachment; filename="consentry-shop-20261116-20261122-against-20251116-20251122.csv"` {
		t.Errorf("named %s", name)
	}
	json := d.get("/admin/sites/shop/rates.json?days=7&" + twoDays)
	d.want(json, http.StatusOK, `"compared":{"Shown":40,"Accepted":10`)
	d.want(json, http.StatusOK, `"compared_from":"2026-10-31","compared_to":"2026-11-01"`)
	if plain := d.rows("/admin/sites/shop/rates.csv?days=7"); plain[0][0] != "date" || len(plain) != 8 {
		t.Errorf("without a comparison: %v", plain)
	}
}

// Of the compared period too little is shown nowhere: five banners from Germany on one
// day, which the day before it would give away if it had its own row.
func TestFewOfTheComparedPeriodAreShownNowhere(t *testing.T) {
	d := comparing(t)
	d.visit(start.AddDate(0, 0, -40), 5, 3, 1)
	d.visit(start.AddDate(0, 0, -41), 30, 9, 4)
	d.visit(start.AddDate(0, 0, -42), 70, 20, 9)
	d.arrived("2026-10-11", "70")
	const filter = "days=7&by=country&value=DE&compare=own&against_from="
	// On the five alone.
	few := filter + "2026-10-13&against_to=2026-10-13"
	d.want(d.get("/admin/sites/shop?"+few), http.StatusOK, "Too few banners were shown to compare")
	for _, row := range d.rows("/admin/sites/shop/rates.csv?" + few) {
		if row[0] == "compared" && (row[1] != "2026-10-13" || strings.Join(row[2:], "") != "") {
			t.Errorf("the five are told: %v", row)
		}
	}
	for _, row := range d.rows("/admin/sites/shop/breakdowns.csv?" + few) {
		if row[0] == "compared" {
			t.Errorf("the five are told: %v", row)
		}
	}
	json := d.get("/admin/sites/shop/rates.json?" + few)
	d.want(json, http.StatusOK, `"compared_from":"2026-10-13"`)
	if strings.Contains(json.body, `"compared":`) {
		t.Errorf("the five are told: %s", json.body)
	}
	api := client{d, theContract(t), d.mint("reader", "marketer", "30")}
	for _, of := range []string{"rates", "breakdowns"} {
		d.want(api.get("/api/v1/sites/shop/"+of+"?"+few), http.StatusOK, `"compared":null`)
	}
	// On all three days: the sum may be told, and of the days only one.
	three := filter + "2026-10-11&against_to=2026-10-13"
	d.want(d.get("/admin/sites/shop?"+three), http.StatusOK, "<td>105</td>")
	var days []string
	for _, row := range d.rows("/admin/sites/shop/rates.csv?" + three) {
		if row[0] == "compared" {
			days = append(days, row[1]+" "+row[2])
		}
	}
	if got := strings.Join(days, ","); got != "2026-10-11 70,2026-10-12 ,2026-10-13 " {
		t.Errorf("the days are %s", got)
	}
}

func TestAWrongComparisonIsABadRequestEverywhere(t *testing.T) {
	d := comparing(t)
	token := map[string]string{"Authorization": "Bearer " + d.mint("reader", "marketer", "30")}
	for _, path := range []string{"/admin/sites/shop", "/admin/sites/shop/rates.csv", "/admin/sites/shop/rates.json", "/admin/sites/shop/breakdowns.csv", "/api/v1/sites/shop/rates", "/api/v1/sites/shop/breakdowns"} {
		for query, says := range map[string]string{
			"compare=after": "compare must be before, year or own",
			"compare=own":   "against_from and against_to must both be dates such as 2026-01-31",
			"compare=own&against_from=2026-11-02&against_to=2026-11-01": "against_to is before against_from; swap them",
			"compare=own&against_from=2026-11-02&against_to=2026-11-23": "against_to is in the future",
			"compare=year&against_from=2026-11-02":                      "belong to compare=own",
		} {
			d.want(d.do(http.MethodGet, path+"?"+query, nil, token), http.StatusBadRequest, says)
		}
	}
}
