package templates_test

import (
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/doctor"
	"github.com/consentry/consentry/templates"
)

// wantTexts holds a page against texts that it must have, and others that it must not.
func wantTexts(t *testing.T, p page, with, without []string) {
	t.Helper()
	got := string(rendered(t, p))
	for _, text := range with {
		if !strings.Contains(got, text) {
			t.Errorf("it does not say %q", text)
		}
	}
	for _, text := range without {
		if strings.Contains(got, text) {
			t.Errorf("it says %q", text)
		}
	}
}

// Whatever narrows the figures stands in the title, which paper and windows carry, and
// beside the period.
func TestAPageNamesEveryPartOfItsFilter(t *testing.T) {
	p := sitePage(7)
	p.Filter = templates.Filter{Kind: "again", Layout: "bar", Notice: "aaaaaaaa"}
	const all = `Only asked again, layout: bar, notice: aaaaaaaa`
	wantTexts(t, templates.Site(p), []string{"<b>" + all + "</b>", `<a href="?days=7">show all</a>`, "<title>Kiln &amp; Leaf, only asked again, layout: bar, notice: aaaaaaaa – Consentry</title>"}, []string{"All banners"})
	p = narrowedPage()
	wantTexts(t, templates.Site(p), []string{"<title>Kiln &amp; Leaf, only country: ", "<b>Only country: "}, []string{"All banners"})
	wantTexts(t, templates.Site(sitePage(7)), []string{"<title>Kiln &amp; Leaf – Consentry</title>", "All banners"}, []string{"Only ", "show all"})
}

// A layout is filtered by as a country is; a wording that was tried is not.
func TestRowsOfLayoutsLead(t *testing.T) {
	p := sitePage(7)
	p.Breakdowns = []templates.Breakdown{
		{ID: "layout", Smallest: 10, Rows: []templates.BreakdownRow{{Value: "bar", Tally: p.Total}, {Value: "card", Tally: p.Total}}},
		{ID: "variant", Smallest: 10, Rows: []templates.BreakdownRow{{Value: "", Tally: p.Total}, {Value: "plain-card", Tally: p.Total}}},
	}
	wantTexts(t, templates.Site(p), []string{`href="?days=7&amp;layout=bar">bar</a>`, `href="?days=7&amp;layout=card">card</a>`}, []string{"plain-card</a>"})
}

// Both rates that are asked for first are figures, in the table, and compared, as is
// what visitors permit; a minus is one everywhere.
func TestTheHeadlineRatesAreFigures(t *testing.T) {
	p := against(sitePage(7), templates.PeriodBefore, -7, 7)
	wantTexts(t, templates.Site(p), []string{
		"<dt>Interaction rate</dt>", "<dt>Acceptance</dt>", `<th scope="col">Interaction rate</th><th scope="col">Acceptance <span>of answers</span></th>`,
		`Interaction rate <span class="small">of banners</span>`, `Acceptance <span class="small">of answers</span>`, `Measurement <span class="small">of decisions about it</span>`,
		"<td>−", `href="?week=last&amp;compare=before"`, " Automated: banners shown",
	}, []string{"<td>-", "to -", ".▲", ".Automated", ".Gaps"})
}

// A page that loads the gate has had no visitors yet; it is not said to load none.
func TestNobodyHasComeToAPageThatIsInstalledRight(t *testing.T) {
	p := templates.InstallationPage{
		Nonce: testNonce, Viewer: owner, ID: "shop", Name: "Kiln & Leaf", Page: "https://shop.example/", Days: 7, Smallest: 10,
		Counted: &templates.Tally{}, Findings: []doctor.Finding{{Level: doctor.Right}},
	}
	wantTexts(t, templates.Installation(p), []string{"nobody has come yet"}, []string{"no page loads the gate"})
	p.Findings[0].Level = doctor.Wrong
	wantTexts(t, templates.Installation(p), []string{"no page loads the gate"}, []string{"nobody has come yet"})
}
