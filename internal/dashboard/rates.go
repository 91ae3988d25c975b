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
	Overdrawn int     // days with more answers than banners
	all       []int64 // people's banners of each day, without the filter
	// By has, for each of consent.Breakdowns, the funnel of each value.
	By map[string]map[string]templates.Tally
	// Notices has the first day on which each notice was shown in the period.
	Notices map[string]consent.Date
	Layouts map[string]templates.Tally
	// Variants has the funnel of each wording that was tried.
	Variants map[string]templates.Tally
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
		By: make(map[string]map[string]templates.Tally), Notices: make(map[string]consent.Date),
		Layouts: make(map[string]templates.Tally), Variants: make(map[string]templates.Tally),
	}
	for d := from; d < to; d++ {
		out.Days = append(out.Days, templates.Step{From: d.Time(), To: (d + 1).Time(), Unit: templates.ByDay})
	}
	out.all = make([]int64, len(out.Days))
	keys, sums := make([]counter, len(sheet.Keys)), make([]int64, len(sheet.Keys))
	for i, key := range sheet.Keys {
		keys[i] = parseCounter(key)
	}
	for _, c := range sheet.Cells {
		if c.Day < from || c.Day >= to {
			continue
		}
		sums[c.Key] += c.N
		if key := &keys[c.Key]; key.name == consent.ShownCount && key.who == consent.Human {
			out.all[c.Day-from] += c.N
		}
		if key := &keys[c.Key]; key.byDay(f) {
			out.add(key, c.Day, &out.Days[c.Day-from].Tally, c.N, f)
		}
	}
	for i := range keys {
		if keys[i].by() && sums[i] != 0 {
			out.addBy(&keys[i], sums[i])
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

// counter is a parsed counter key.
type counter struct {
	name, who, kind, answer, event, via, layout, variant, notice string
	status                                                       consent.Status
	category, service, dimension, value                          string
}

func parseCounter(key string) counter {
	name, d := consent.ParseCountKey(key)
	c := counter{
		name: name, who: d["who"], kind: d["kind"], answer: d["answer"], event: d["event"], via: d["via"],
		layout: d["layout"], variant: d["variant"], notice: d["notice"],
		status: consent.Status(d["status"]), category: d["category"], service: d["service"],
	}
	for _, dimension := range consent.Breakdowns() {
		if value, ok := d[dimension]; ok {
			c.dimension, c.value = dimension, value
		}
	}
	return c
}

// by reports whether a counter is of a breakdown.
func (c *counter) by() bool { return c.name == consent.ShownBy || c.name == consent.AnsweredBy }

// byDay reports whether the days need a counter, under a filter.
func (c *counter) byDay(f templates.Filter) bool {
	return !c.by() || f.Value != "" && c.dimension == f.By && c.value == f.Value
}

// isAnswer reports whether a decision answers an impression.
func (c *counter) isAnswer() bool {
	return (c.kind == consent.First || c.kind == consent.Again) && c.via == consent.ViaBanner
}

// passes reports whether a filter lets a counter of the cross through.
func (c *counter) passes(f templates.Filter) bool {
	return (f.Kind == "" || f.Kind == c.kind) && (f.Layout == "" || f.Layout == c.layout) &&
		(f.Notice == "" || f.Notice == c.notice)
}

func (out *Figures) add(c *counter, day consent.Date, t *templates.Tally, n int64, f templates.Filter) {
	switch c.name {
	case consent.ShownBy, consent.AnsweredBy:
		c.funnel(t, n)
	case consent.ShownCount, consent.DecidedCount:
		if c.name == consent.ShownCount && c.who == consent.Human {
			if first, ok := out.Notices[c.notice]; !ok || day < first {
				out.Notices[c.notice] = day
			}
		}
		if f.Value == "" && c.passes(f) {
			c.cross(t, n)
			out.addSetup(c, n)
		}
	case consent.UnaskedCount:
		if f.Narrows() {
			return
		}
		if c.who == consent.Automated {
			t.AutoUnasked += n
		} else {
			t.Unasked += n
		}
	case consent.StatusCount:
		if !f.Narrows() {
			addStatus(&t.Status, c.category, c.status, n)
			addStatus(&t.Services, c.service, c.status, n)
		}
	}
}

// funnel adds a person's impression or answer.
func (c *counter) funnel(t *templates.Tally, n int64) {
	switch {
	case c.name == consent.ShownCount || c.name == consent.ShownBy:
		t.Shown += n
	case c.answer == consent.Accepted:
		t.Accepted += n
	case c.answer == consent.Rejected:
		t.Rejected += n
	case c.answer == consent.Chosen:
		t.Chosen += n
	}
}

// cross adds a counter that tells who, how and where.
func (c *counter) cross(t *templates.Tally, n int64) {
	shown := c.name == consent.ShownCount
	switch {
	case c.who == consent.Automated && shown:
		t.AutoShown += n
	case c.who == consent.Automated:
		t.AutoMade += n
	case c.who == consent.BySignal:
		t.Signals += n
	case shown:
		t.Shown += n
	default:
		c.decision(t, n)
	}
}

func (c *counter) decision(t *templates.Tally, n int64) {
	t.Events += n
	if c.kind == consent.First {
		t.Deciders += n
	}
	switch {
	case c.isAnswer():
		c.funnel(t, n)
	case c.kind == consent.First || c.kind == consent.Again:
		t.Elsewhere += n
	case c.kind == consent.OfOne:
		t.OfOne += n
	case c.kind == consent.LoadOnce:
		t.LoadedOnce += n
	case c.event == string(consent.Withdrawn) || c.event == string(consent.Objected):
		t.Withdrawn += n
	case c.event == string(consent.Renewed):
		t.Confirmed += n
	default:
		t.Widened += n
	}
}

// addBy adds to the breakdowns.
func (out *Figures) addBy(c *counter, n int64) {
	by := out.By[c.dimension]
	if by == nil {
		by = make(map[string]templates.Tally)
		out.By[c.dimension] = by
	}
	t := by[c.value]
	c.funnel(&t, n)
	by[c.value] = t
}

// addSetup adds to what an owner configures, of which the cross knows all.
func (out *Figures) addSetup(c *counter, n int64) {
	if c.who != consent.Human || c.name == consent.DecidedCount && !c.isAnswer() {
		return
	}
	for by, value := range map[*map[string]templates.Tally]string{&out.Layouts: c.layout, &out.Variants: c.variant} {
		t := (*by)[value]
		c.funnel(&t, n)
		(*by)[value] = t
	}
}

func addStatus(to *map[string]templates.Split, id string, status consent.Status, n int64) {
	if id == "" {
		return
	}
	if *to == nil {
		*to = make(map[string]templates.Split)
	}
	s := (*to)[id]
	if status == consent.Granted {
		s.Granted += n
	} else {
		s.Denied += n
	}
	(*to)[id] = s
}

// merge adds b to a.
func merge(a *templates.Tally, b templates.Tally) {
	to, from := a.Numbers(), b.Numbers()
	for i := range to {
		*to[i] += *from[i]
	}
	mergeSplits(&a.Status, b.Status)
	mergeSplits(&a.Services, b.Services)
}

func mergeSplits(a *map[string]templates.Split, b map[string]templates.Split) {
	for id, s := range b {
		if *a == nil {
			*a = make(map[string]templates.Split)
		}
		sum := (*a)[id]
		(*a)[id] = templates.Split{Granted: sum.Granted + s.Granted, Denied: sum.Denied + s.Denied}
	}
}

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
