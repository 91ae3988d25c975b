package templates

import (
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

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

// Frame is what a page of figures stands in.
type Frame struct {
	Nonce  string
	Viewer Viewer
	Part   bool // the main part alone, for a page that is open already
}

// OverviewPage shows all sites side by side.
type OverviewPage struct {
	Frame
	Period Period
	Sites  []SiteRow
	Needs  []Needs // by site, of who may see any
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
	Frame
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

// counted reports whether there is something to narrow and to compare, or too little
// of it.
func (p *SitePage) counted() bool { return p.Few || p.Filter.Narrows() || !p.Total.Empty() }

// each is the unit in a question: "day by day".
func (p *SitePage) each() string { return string(p.Unit) + " by " + string(p.Unit) }

// newestFirst is the order of the tables. Each step has what it is compared with beside it.
func (p *SitePage) newestFirst() []stepPair {
	list := make([]stepPair, len(p.Steps))
	for i, s := range p.Steps {
		pair := stepPair{Step: s}
		if p.Compare != nil && i < len(p.Compare.Steps) {
			pair.Before = &p.Compare.Steps[i]
		}
		list[len(list)-1-i] = pair
	}
	return list
}

// stepPair is a step and the one that it is compared with, nil for none.
type stepPair struct {
	Step
	Before *Step
}

func (s stepPair) class() string {
	var classes []string
	if s.NewNotice {
		classes = append(classes, "changed")
	}
	if s.Few {
		classes = append(classes, "withheld")
	}
	return strings.Join(classes, " ")
}

func beforeClass(s Step) string {
	if s.Few {
		return "before withheld"
	}
	return "before"
}

// decided are the categories of which the table says how they were decided: of all
// banners alone.
func (p *SitePage) decided() []CategoryName {
	if p.Filter.Narrows() {
		return nil
	}
	return p.Categories
}

// along names a chart for who goes along its steps with the keyboard.
func (p *SitePage) along(what string) string {
	return unitTitle(p.Unit) + " of the chart: " + what
}

// automated reports whether programs came.
func (p *SitePage) automated() bool { return p.Total.AutoShown+p.Total.AutoMade > 0 }

// beside reports whether there are steps to compare with.
func (p *SitePage) beside() bool { return p.Compare != nil && len(p.Compare.Steps) > 0 }

// withheld reports whether any step is too little to show.
func (p *SitePage) withheld() bool {
	few := func(s Step) bool { return s.Few }
	return slices.ContainsFunc(p.Steps, few) || p.beside() && slices.ContainsFunc(p.Compare.Steps, few)
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
