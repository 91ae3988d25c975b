package dashboard_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// cells are the texts of a table's cells, row by row, of the table that something names.
func cells(t *testing.T, page, labelledBy string) (rows []string) {
	t.Helper()
	table := regexp.MustCompile(`(?s)aria-labelledby="` + labelledBy + `"><table.*?</table>`).FindString(page)
	for _, row := range regexp.MustCompile(`(?s)<tr.*?</tr>`).FindAllString(table, -1) {
		text := regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`).ReplaceAllString(strings.ReplaceAll(row, "</t", " </t"), "")
		rows = append(rows, strings.Join(strings.Fields(text), " "))
	}
	return rows
}

// A week later Germany permits analytics less often: 55 of 87 before, 40 of 87 now. The
// four of Austria are too few to stand by themselves before; Italy had nobody, which only
// who knows that nothing is added up can tell.
func TestBreakdownsStandBesideThoseOfAnotherPeriod(t *testing.T) {
	d := newDesk(t)
	few := *d.sites[0]
	few.Counting.Smallest = 10
	d.sites[0] = &few
	d.whole()
	d.in()
	d.answersAt(start.AddDate(0, 0, -7), "DE", "phone", [4]int64{40, 20, 15, 12})
	d.answersAt(start.AddDate(0, 0, -7), "FR", "phone", [4]int64{30, 30, 20, 20})
	d.answersAt(start.AddDate(0, 0, -7), "AT", "phone", [4]int64{2, 2, 0, 0})
	d.answersAt(start.AddDate(0, 0, -7), "CH", "phone", [4]int64{5, 5, 0, 0})
	d.answers("DE", "phone", [4]int64{25, 35, 15, 12})
	d.answers("FR", "phone", [4]int64{30, 30, 20, 20})
	d.answers("AT", "phone", [4]int64{30, 30, 20, 20})
	d.settle()
	d.arrived("2026-11-22", "287")
	page := d.get("/admin/sites/shop?days=7&compare=before")
	d.want(page, http.StatusOK, "Beside it: the same in 9 November – 15 November 2026")
	got := strings.Join(cells(t, page.body, "by-country"), "\n")
	want := `Country Shown Accepted 95% interval Chosen Rejected Ignored Interaction rate
Austria 100 30.0% 21.9–39.6% 40.0% 30.0% 0.0% 100.0%
beside it few or none
France 100 30.0% 21.9–39.6% 40.0% 30.0% 0.0% 100.0%
beside it 100 30.0% 21.9–39.6% 40.0% 30.0% 0.0% 100.0%
Germany 87 28.7% 20.3–39.0% 31.0% 40.2% 0.0% 100.0%
beside it 87 46.0% 35.9–56.4% 31.0% 23.0% 0.0% 100.0%`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = strings.Join(cells(t, page.body, "permits-country"), "\n")
	for _, row := range []string{
		"Germany 46.0% of 87 35.9–56.4%", "beside it 63.2% of 87 52.7–72.6%", "France 50.0% of 100", "Austria 50.0% of 100",
	} {
		if !strings.Contains(got, row) {
			t.Errorf("%q is missing in\n%s", row, got)
		}
	}
	d.want(d.get("/admin/sites/shop/rates.json?days=7&compare=before"), http.StatusOK, `"compared_breakdowns":[{"ID":"country"`)
	for _, query := range []string{"?days=7", "?days=7&compare=year", "?days=7&compare=own&against_from=2026-11-15&against_to=2026-11-16"} {
		if alone := d.get("/admin/sites/shop" + query); alone.status != http.StatusOK || strings.Contains(alone.body, "beside it") {
			t.Errorf("%s: %d, or there is something beside", query, alone.status)
		}
	}
}
