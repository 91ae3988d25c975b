package dashboard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// answers adds banners of a country and a device that n[0] accept, n[1] reject, on n[2]
// choose analytics alone and n[3] choose share buttons alone.
func (d *desk) answers(country, form string, n [4]int64) {
	d.t.Helper()
	d.answersAt(start, country, form, n)
}

func (d *desk) answersAt(at time.Time, country, form string, n [4]int64) {
	d.t.Helper()
	var list []consent.Count
	for i, answer := range []storetest.Visit{{Accepts: true}, {}, {Chooses: []string{"analytics"}}, {Chooses: []string{"share"}}} {
		answer.Moment = consent.Moment{Time: at, Zone: time.UTC, Country: country}
		answer.Locale, answer.Form, answer.Notice = "en", form, "notice-1"
		for _, c := range append(answer.Impression(), answer.Decision()...) {
			c.N = n[i]
			list = append(list, c)
		}
	}
	if err := d.store.AddCounts(d.t.Context(), "shop", list); err != nil {
		d.t.Fatal(err)
	}
}

// Germany 87 answers, Austria 35 and France 100. Three Austrians chose analytics and not
// share buttons, which would follow from the opt-in of all if Germany's were shown, whose
// choosers are the fewest of the others. Of marketing, which nobody chose, all is shown,
// and so is everything by language, where there is one.
func TestOptInByCountryReachesThePageItsFilesAndTheAPI(t *testing.T) {
	d := newDesk(t)
	few := *d.sites[0]
	few.Counting.Smallest = 10
	d.sites[0] = &few
	d.whole()
	d.in()
	d.answers("DE", "phone", [4]int64{40, 20, 15, 12})
	d.answers("AT", "desktop", [4]int64{10, 10, 3, 12})
	d.answers("FR", "desktop", [4]int64{30, 30, 20, 20})
	d.settle()
	rows := make(map[string]string)
	table := d.rows("/admin/sites/shop/breakdowns.csv?days=7")
	for _, row := range table {
		rows[row[1]] = strings.Join(row[10:], " ")
	}
	for value, want := range map[string]string{
		"value": "analytics_granted analytics_denied analytics_opt_in_rate analytics_opt_in_low analytics_opt_in_high share_granted share_denied share_opt_in_rate share_opt_in_low share_opt_in_high marketing_granted marketing_denied marketing_opt_in_rate marketing_opt_in_low marketing_opt_in_high",
		"DE":    "          40 47 0.4598 0.3590 0.5640",
		"AT":    "          10 25 0.2857 0.1633 0.4505",
		"FR":    "50 50 0.5000 0.4038 0.5962 50 50 0.5000 0.4038 0.5962 30 70 0.3000 0.2189 0.3958",
		"en":    "118 104 0.5315 0.4659 0.5961 124 98 0.5586 0.4928 0.6223 80 142 0.3604 0.3001 0.4254",
		"phone": "55 32 0.6322 0.5273 0.7259 52 35 0.5977 0.4926 0.6945 40 47 0.4598 0.3590 0.5640",
	} {
		if rows[value] != want {
			t.Errorf("%s: %q, want %q", value, rows[value], want)
		}
	}
	page := d.get("/admin/sites/shop?days=7")
	for _, want := range []string{
		"What do they permit, by country?", `<b>50.0%</b> <span class="small">of 100</span>`, `<span class="small">40.4–59.6%</span>`, `<td class="quiet">few</td>`,
		"of those who were asked about it and answered on the banner or its settings", "fewer than 10 of those who chose some",
	} {
		d.want(page, http.StatusOK, want)
	}
	if n := strings.Count(page.body, `<td class="quiet">few</td>`); n != 4 {
		t.Errorf("%d cells are few, want two categories of two countries", n)
	}
	d.want(d.get("/admin/sites/shop/rates.json?days=7"), http.StatusOK, `"Value":"DE","Folded":0,"Withheld":["analytics","share"],"Shown":87`)
	api := client{d, theContract(t), d.mint("reader", "marketer", "30")}
	d.want(api.get("/api/v1/sites/shop/breakdowns?days=7"), http.StatusOK,
		`{"value":"FR","values":1,"shown":100,"accepted":30,"chosen":40,"rejected":30,"ignored":0,"categories":{"analytics":{"granted":50,"denied":50},"marketing":{"granted":30,"denied":70},"share":{"granted":50,"denied":50}},"withheld":[]},`+
			`{"value":"DE","values":1,"shown":87,"accepted":40,"chosen":27,"rejected":20,"ignored":0,"categories":{"marketing":{"granted":40,"denied":47}},"withheld":["analytics","share"]}`)
}

// Answers from before it was counted what each permits are in every figure but these.
func TestWithoutAnyAnswerThatTellsThePageSaysSo(t *testing.T) {
	d := newDesk(t)
	d.in()
	at := consent.Moment{Time: start, Zone: time.UTC, Country: "DE"}
	banner := consent.Impression{Moment: at, Locale: "en", Layout: "bar", Regime: consent.OptIn, Form: "phone", Notice: "notice-1"}
	list := banner.Counts()
	for _, value := range [][2]string{{"country", "DE"}, {"locale", "en"}, {"device", "phone"}, {"group", "unknown"}, {"gpc", "no"}} {
		c := list[0]
		c.Key = consent.CountKey(consent.AnsweredBy, "answer", consent.Accepted, value[0], value[1])
		list = append(list, c)
	}
	for i := range list {
		list[i].N = 50
	}
	if err := d.store.AddCounts(t.Context(), "shop", list); err != nil {
		t.Fatal(err)
	}
	d.arrived("2026-11-22", "50")
	page := d.get("/admin/sites/shop?days=7")
	d.want(page, http.StatusOK, "Not known by country in this period")
	d.want(page, http.StatusOK, "<td>50</td><td>100.0%")
}
