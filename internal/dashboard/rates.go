package dashboard

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// Figures are a site's counters of a period, summed up.
type Figures struct {
	Days      []templates.Step // without gaps
	Total     templates.Tally
	Overdrawn int // days with more answers than banners
	// Under a filter: people's banners of each day as each of wider leaves them, and as
	// each value of what is filtered by has them, the filter's own among them.
	wider    [][]int64
	apart    map[string][]int64
	narrowed bool // is there a filter?
	// By has, for each of consent.Breakdowns, the funnel of each value and what was
	// answered about categories, as far as keys tell, whoever may see it.
	By map[string]map[string]templates.Tally
	// choosers has, by breakdown, value and category, the part of it of those who chose
	// some; decided has all decisions by category, also under a filter.
	choosers map[string]map[string]map[string]templates.Split
	decided  map[string]templates.Split
	// Notices has the first day on which each notice was shown in the period.
	Notices map[string]consent.Date
	Layouts map[string]templates.Tally
	// Variants has the funnel of each wording that was tried.
	Variants map[string]templates.Tally
	// Leaks has, by service, the banners on whose page it had been requested
	// although nobody had permitted it; none under a filter.
	Leaks map[string]templates.Leak
}

// Rates sums daily counters from from to to (exclusive). Counters outside are left
// out, and so is what a filter takes out. Most counters are those of breakdowns, of
// which only the period's sum is asked: they are summed before they are looked at.
//
// Programs are apart, and in no rate. Ignored is shown minus the answers that were
// given on the banner or its settings: of the whole period exactly, of a day never
// below 0, since who is asked before midnight may answer after it.
func Rates(sheet consent.Sheet, from, to consent.Date, f templates.Filter) *Figures {
	out := &Figures{
		narrowed: f.Narrows(), By: make(map[string]map[string]templates.Tally), Notices: make(map[string]consent.Date),
		Layouts: make(map[string]templates.Tally), Variants: make(map[string]templates.Tally), Leaks: make(map[string]templates.Leak),
		choosers: make(map[string]map[string]map[string]templates.Split),
	}
	for d := from; d < to; d++ {
		out.Days = append(out.Days, templates.Step{From: d.Time(), To: (d + 1).Time(), Unit: templates.ByDay})
	}
	out.wider, out.apart = make([][]int64, len(wider(f))), make(map[string][]int64)
	for i := range out.wider {
		out.wider[i] = make([]int64, len(out.Days))
	}
	keys, sums := make([]counter, len(sheet.Keys)), make([]int64, len(sheet.Keys))
	for i, key := range sheet.Keys {
		keys[i] = parseCounter(key)
	}
	for _, c := range sheet.Cells {
		if c.Day < from || c.Day >= to {
			continue
		}
		sums[c.Key] += c.N
		if f.Narrows() {
			out.addApart(&keys[c.Key], int(c.Day-from), c.N, f)
		}
		if key := &keys[c.Key]; key.byDay(f) {
			out.add(key, c.Day, &out.Days[c.Day-from].Tally, c.N, f)
		}
	}
	for i := range keys {
		switch key := &keys[i]; {
		case sums[i] == 0:
		case key.by():
			out.addBy(key, sums[i])
		case key.name == consent.StatusCount:
			addStatus(&out.decided, key.category, key.status, sums[i])
		}
	}
	for i := range out.Days {
		d := &out.Days[i].Tally
		merge(&out.Total, *d)
		if d.Ignored = d.Shown - d.Answers(); d.Ignored < 0 {
			d.Ignored = 0
			out.Overdrawn++
		}
	}
	settle(&out.Total)
	for _, by := range append(slices.Collect(maps.Values(out.By)), out.Layouts, out.Variants) {
		for value, t := range by {
			settle(&t)
			by[value] = t
		}
	}
	return out
}

// settle derives what was ignored.
func settle(t *templates.Tally) { t.Ignored = max(0, t.Shown-t.Answers()) }

// steps merges days so that a chart has at most about 90 bars: weeks from
// Monday above three months, months above twenty.
func steps(days []templates.Step) ([]templates.Step, templates.Unit) {
	switch {
	case len(days) <= 92:
		return days, templates.ByDay
	case len(days) <= 620:
		return group(days, templates.ByWeek, func(t time.Time) bool { return t.Weekday() == time.Monday }), templates.ByWeek
	}
	return group(days, templates.ByMonth, func(t time.Time) bool { return t.Day() == 1 }), templates.ByMonth
}

func group(days []templates.Step, unit templates.Unit, starts func(time.Time) bool) []templates.Step {
	var list []templates.Step
	for i, d := range days {
		if i == 0 || starts(d.From) {
			list = append(list, templates.Step{From: d.From, Unit: unit})
		}
		last := &list[len(list)-1]
		last.To, last.NewNotice = d.To, last.NewNotice || d.NewNotice
		last.Few = last.Few || d.Few
		merge(&last.Tally, d.Tally)
	}
	for i := range list {
		settle(&list[i].Tally)
		if list[i].Few {
			list[i].Tally = templates.Tally{}
		}
	}
	return list
}

// categoryNames lists the site's optional categories as shown, then those that
// were counted but are not asked about any more.
func categoryNames(site *consent.Site, total templates.Tally) []templates.CategoryName {
	var list []templates.CategoryName
	asked := make(map[string]bool)
	for _, c := range site.Policy.Optional() {
		asked[c.ID] = true
		name := templates.CategoryName{ID: c.ID, Title: categoryTitle(site, c.ID)}
		for _, s := range c.Services {
			name.Services = append(name.Services, templates.ServiceName{ID: s.ID, Name: s.Name})
		}
		list = append(list, name)
	}
	for _, id := range slices.Sorted(maps.Keys(total.Status)) {
		if !asked[id] {
			list = append(list, templates.CategoryName{ID: id, Title: categoryTitle(site, id), Retired: true})
		}
	}
	return list
}

// categoryTitle is in English when the site has it, like the rest of the
// dashboard, else in the site's first language.
func categoryTitle(site *consent.Site, id string) string {
	for _, locale := range append([]string{"en"}, site.Locales...) {
		if w := site.Texts[locale].Categories[id]; w.Title != "" {
			return w.Title
		}
	}
	return id
}

// breakdown lists a dimension's values, most shown first. Values of fewer than
// smallest impressions are added up, with the next ones until the sum is large
// enough, so that none of them can be told by subtraction.
func breakdown(id string, values map[string]templates.Tally, smallest int64) templates.Breakdown {
	b := templates.Breakdown{ID: id, Smallest: smallest}
	for value, t := range values {
		b.Rows = append(b.Rows, templates.BreakdownRow{Value: value, Tally: t})
	}
	slices.SortFunc(b.Rows, func(x, y templates.BreakdownRow) int {
		if x.Shown != y.Shown {
			return int(min(1, max(-1, y.Shown-x.Shown)))
		}
		return strings.Compare(x.Value, y.Value)
	})
	var rest templates.BreakdownRow
	for len(b.Rows) > 0 {
		last := b.Rows[len(b.Rows)-1]
		if last.Shown >= smallest && (rest.Folded == 0 || rest.Shown >= smallest) {
			break
		}
		merge(&rest.Tally, last.Tally)
		rest.Folded++
		b.Rows = b.Rows[:len(b.Rows)-1]
	}
	if rest.Folded > 0 {
		settle(&rest.Tally)
		if rest.Shown < smallest {
			rest.Tally = templates.Tally{} // fewer than may be shown of all together
		}
		b.Rows = append(b.Rows, rest)
	}
	return b
}
