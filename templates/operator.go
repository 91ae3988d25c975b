package templates

import "github.com/consentry/consentry/internal/consent"

// SetupPage sets an account's password. It posts to its own address, which holds
// the one-time token.
type SetupPage struct {
	Nonce   string
	Name    string // of the account
	Problem string // why the last try was refused, "" on the first
	Minimum int    // characters
}

// LoginPage asks for name and password.
type LoginPage struct {
	Nonce   string
	Problem string
	Fresh   bool // no password is set yet; the set-up link must be opened first
	// Provider offers to sign in through an identity provider.
	Provider bool
}

// SignedInPage leads on from a sign-in at an identity provider.
type SignedInPage struct{ Nonce string }

// Paste is the one next step of a site that was never seen: what to paste.
type Paste struct {
	Tag     string // the script element
	Command string // prints it with the proxy's lines
}

// OverviewPage shows all sites side by side.
type OverviewPage struct {
	Nonce  string
	Viewer Viewer
	Period Period
	Sites  []SiteRow
	Proofs Proofs
}

// Proofs says where decisions are kept, in whole sentences.
type Proofs struct {
	Promise string // what an acknowledged decision is worth
	Trouble string // what an operator should look at, "" for nothing
}

// SiteRow is one site on the overview.
type SiteRow struct {
	ID, Name string
	Total    Tally
}

// CategoryName is a category whose opt-in rate is shown.
type CategoryName struct {
	ID, Title string
	Retired   bool // counted in the period, not asked about any more
	Services  []ServiceName
}

// ServiceName is a service of a category.
type ServiceName struct{ ID, Name string }

// SitePage shows how one site's visitors decide.
type SitePage struct {
	Nonce      string
	Viewer     Viewer
	ID, Name   string
	Period     Period
	Unit       Unit
	Steps      []Step // without gaps, oldest first
	Total      Tally
	Categories []CategoryName
	Overdrawn  int // days with more answers than banners, whose ignored is shown as 0
	Paste      Paste
	Filter     Filter
	Against    Against     // what is compared with, also where there are no figures
	Compare    *Comparison // nil when nothing is compared
	Breakdowns []Breakdown // without a filter
	Missed     *Missed     // nil without measurement
	Reports    bool        // the gate is in mode report
	Seen       []consent.Sighting
	Live       *Live // nil for a period that is over, and under a filter
	Few        bool  // too little to show apart; there are no figures then
}

// each is the unit in a question: "day by day".
func (p *SitePage) each() string { return string(p.Unit) + " by " + string(p.Unit) }

// newestFirst is the order of the table.
func (p *SitePage) newestFirst() []Step {
	list := make([]Step, len(p.Steps))
	for i, s := range p.Steps {
		list[len(list)-1-i] = s
	}
	return list
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func unitTitle(u Unit) string {
	switch u {
	case ByWeek:
		return "Week"
	case ByMonth:
		return "Month"
	}
	return "Day"
}

// ghost is the shape of the chart that will stand where nothing was counted.
func ghost() []bar {
	heights := []float64{38, 52, 61, 58, 74, 49, 42, 55, 63, 70, 66, 82, 57, 51, 60, 73, 79, 71, 90, 68, 59}
	bars := make([]bar, len(heights))
	for i, h := range heights {
		bars[i] = place(i, len(heights))
		bars[i].Pieces = []piece{{Y: number(119 - h), Height: number(h)}}
	}
	return bars
}
