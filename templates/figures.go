package templates

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Tally is what was counted of one site in one stretch of time. Everything but
// the Auto fields and Signals is about people.
type Tally struct {
	Shown       int64 // impressions: banners that were seen
	Accepted    int64 // answers on the banner or its settings that permit everything
	Chosen      int64 // such that permit some
	Rejected    int64 // such that permit nothing
	Ignored     int64 // impressions without an answer, never below 0
	Elsewhere   int64 // answers on the page without JavaScript, or by the owner's own interface
	Confirmed   int64 // later, in the settings: the same answer again
	Withdrawn   int64 // later: something was taken back
	Widened     int64 // later: more was permitted
	OfOne       int64 // one service permitted for good, from its placeholder
	LoadedOnce  int64 // single loads of one embed, which change no choice
	Deciders    int64 // first decisions of browsers that had no valid one
	Events      int64 // decisions of every kind
	Signals     int64 // decisions that the browser's signal made
	AutoShown   int64 // impressions of programs
	AutoMade    int64 // decisions made by programs, certain or suspected
	Unasked     int64 // pages that had nothing to ask, estimated from a sample
	AutoUnasked int64 // such pages opened by programs, likewise
	// The sums of w·(w−1) over the pages of the sample, each of which stands for w.
	UnaskedSpread, AutoUnaskedSpread int64            `json:"-"`
	Status                           map[string]Split // answers by category
	Services                         map[string]Split // and by service
}

// Numbers lists the fields, for adding up.
func (t *Tally) Numbers() []*int64 {
	return []*int64{
		&t.Shown, &t.Accepted, &t.Chosen, &t.Rejected, &t.Ignored, &t.Elsewhere, &t.Confirmed, &t.Withdrawn, &t.Widened,
		&t.OfOne, &t.LoadedOnce, &t.Deciders, &t.Events, &t.Signals, &t.AutoShown, &t.AutoMade,
		&t.Unasked, &t.AutoUnasked, &t.UnaskedSpread, &t.AutoUnaskedSpread,
	}
}

// Answers are the interactions: what was answered on the banner or its settings.
func (t Tally) Answers() int64 { return t.Accepted + t.Chosen + t.Rejected }

// Asked is the denominator of the shares of accepted, chosen, rejected and ignored.
func (t Tally) Asked() int64 { return t.Answers() + t.Ignored }

// Later counts who came back to the settings.
func (t Tally) Later() int64 { return t.Confirmed + t.Withdrawn + t.Widened }

// Empty reports whether nothing at all was counted.
func (t Tally) Empty() bool {
	return t.Shown+t.Events+t.Signals+t.AutoShown+t.AutoMade+t.Answers()+t.Unasked+t.AutoUnasked == 0
}

// Filter narrows figures. The zero Filter lets everything through.
type Filter struct {
	Kind, Layout, Notice string
	By, Value            string // one value of a breakdown; excludes the others
}

// Narrows reports whether the filter takes anything out.
func (f Filter) Narrows() bool { return f != Filter{} }

// CountsLater reports whether it leaves what is no answer to a banner: it is no first
// question, and none that was asked again, and no value of a breakdown is counted of it.
func (f Filter) CountsLater() bool { return f.Kind == "" && f.Value == "" }

// CountsPrograms reports whether it leaves what programs did and what was answered
// elsewhere. By the value of a breakdown people's answers on banners alone are counted.
func (f Filter) CountsPrograms() bool { return f.Value == "" }

// Breakdown is how a dimension's values differ.
type Breakdown struct {
	ID       string
	Rows     []BreakdownRow // most shown first
	Smallest int64          // what is rarer stands in one row
}

// Tells reports whether answers are counted with what they permit by this dimension.
func (b Breakdown) Tells() bool { return slices.Contains(consent.Breakdowns(), b.ID) }

// told leaves of a site's categories those of which any row says how they were decided,
// or withholds it.
func (b Breakdown) told(of []CategoryName) (list []CategoryName) {
	for _, c := range of {
		if slices.ContainsFunc(b.Rows, func(r BreakdownRow) bool { return r.Status[c.ID].All() > 0 || slices.Contains(r.Withheld, c.ID) }) {
			list = append(list, c)
		}
	}
	return list
}

// withholds reports whether any row withholds a category's opt-in.
func (b Breakdown) withholds() bool {
	return slices.ContainsFunc(b.Rows, func(r BreakdownRow) bool { return len(r.Withheld) > 0 })
}

// BreakdownRow is one value, or several rare ones. Its Tally's Status is of the answers
// that tell about a category.
type BreakdownRow struct {
	Value    string
	Folded   int      // how many values, 0 for one
	Withheld []string // categories of which too little was answered to show it
	Tally
}

// Accepting is who accepted, and who of those asked did not.
func (r BreakdownRow) Accepting() Split {
	return Split{Granted: r.Accepted, Denied: r.Asked() - r.Accepted}
}

// accepting is the interval of the share that accepted, "" where nobody was asked.
func (r BreakdownRow) accepting() string {
	if r.Asked() == 0 {
		return ""
	}
	low, high := r.Accepting().Interval()
	return bracket(low, high)
}

// z95 is how many standard deviations leave 5 % outside.
const z95 = 1.959963984540054

// Split is how one category was decided.
type Split struct{ Granted, Denied int64 }

// All is the denominator of a category's opt-in rate.
func (s Split) All() int64 { return s.Granted + s.Denied }

// Rate is granted out of all, from 0 to 1; 0 when nobody decided.
func (s Split) Rate() float64 { return share(s.Granted, s.All()) }

// Interval is the 95 % Wilson score interval of the rate: where the rate of many
// more visitors like these would lie. (0, 1) when nobody decided.
// https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval
func (s Split) Interval() (low, high float64) {
	n := float64(s.All())
	if n == 0 {
		return 0, 1
	}
	p, z2 := s.Rate(), z95*z95
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := z95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return max(0, centre-half), min(1, centre+half)
}

func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// percent writes a share; a dash when there is no denominator.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", 100*share(part, whole))
}

// Unit is how long the steps of a chart and a table are.
type Unit string

const (
	ByDay   Unit = "day"
	ByWeek  Unit = "week"
	ByMonth Unit = "month"
)

// Step is one bar of a chart and one row of the table. The first and the last
// of a period may be shorter than their unit.
type Step struct {
	From time.Time // UTC midnight
	To   time.Time // exclusive
	Unit Unit
	Tally
	NewNotice bool // a notice was shown for the first time
	Few       bool // fewer banners than may be shown apart; Tally is empty
}

// Name says which step it is.
func (s Step) Name() string {
	switch s.Unit {
	case ByDay:
		return s.From.Format("Mon 2 Jan 2006")
	case ByMonth:
		return s.From.Format("January 2006")
	}
	return Period{From: s.From, To: s.To}.String()
}

// label is its name on a time axis.
func (s Step) label() string {
	if s.Unit == ByMonth {
		return s.From.Format("Jan ’06")
	}
	return s.From.Format("2 Jan")
}

// Period is the stretch of time that a page is about, in whole days of a zone.
type Period struct {
	From, To time.Time // To is exclusive
	Days     int       // 7, 30 or 90 when it ends today, else 0
	Week     bool      // the last whole week, Monday to Sunday
	Today    time.Time
	Zone     string // whose days they are; From, To and Today are their midnights in UTC
}

func (p Period) String() string {
	last := p.To.AddDate(0, 0, -1)
	if p.From.Equal(last) {
		return last.Format("2 January 2006")
	}
	layout := "2 January"
	if p.From.Year() != last.Year() {
		layout = "2 January 2006"
	}
	return p.From.Format(layout) + " – " + last.Format("2 January 2006")
}

// Query is the period as it stands in an address.
func (p Period) Query() string { return "?" + p.pairs().query()[1:] }

// running reports whether the last day has not ended yet.
func (p Period) running() bool { return p.To.After(p.Today) }
