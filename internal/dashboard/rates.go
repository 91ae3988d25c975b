package dashboard

import (
	"maps"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// Rates sums a site's hourly counters into UTC days from from to to (exclusive),
// without gaps, and into one total. Counters outside are left out.
//
// Programs are apart: whatever carries auto yes or suspect adds to AutoShown and
// AutoMade alone. Ignored is shown minus the answers given on the banner or its
// settings, each day by itself and never below 0; overdrawn tells on how many
// days it would have been. The total's is the sum of the days', so that rows add up.
func Rates(counts []consent.Count, from, to time.Time) (days []templates.Step, total templates.Tally, overdrawn int) {
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		days = append(days, templates.Step{From: day, To: day.AddDate(0, 0, 1), Unit: templates.ByDay})
	}
	keys := make(map[string]counter)
	for _, c := range counts {
		if c.Hour.Before(from) || !c.Hour.Before(to) {
			continue
		}
		key, known := keys[c.Key]
		if !known {
			key = parseCounter(c.Key)
			keys[c.Key] = key
		}
		key.add(&days[int(c.Hour.Sub(from)/(24*time.Hour))].Tally, c.N)
	}
	for i := range days {
		d := &days[i].Tally
		if d.Ignored = d.Shown - d.Answers; d.Ignored < 0 {
			d.Ignored = 0
			overdrawn++
		}
		merge(&total, *d)
	}
	return days, total, overdrawn
}

// counter is a parsed counter key, as far as the rates need it.
type counter struct {
	name, outcome, category string
	auto, onBanner, granted bool
}

func parseCounter(key string) counter {
	name, d := consent.ParseCountKey(key)
	return counter{
		name: name, outcome: d["outcome"], category: d["category"],
		auto:     d["auto"] != "no",
		onBanner: d["surface"] == "banner" || d["surface"] == "preferences",
		granted:  d["status"] == string(consent.Granted),
	}
}

func (c counter) add(t *templates.Tally, n int64) {
	switch {
	case c.name == consent.ShownCount && c.auto:
		t.AutoShown += n
	case c.name == consent.ShownCount:
		t.Shown += n
	case c.name == consent.DecidedCount && c.auto:
		t.AutoMade += n
	case c.name == consent.DecidedCount:
		c.addDecision(t, n)
	case c.name == consent.StatusCount && !c.auto:
		c.addStatus(t, n)
	}
}

func (c counter) addDecision(t *templates.Tally, n int64) {
	switch c.outcome {
	case consent.Accepted:
		t.Accepted += n
	case consent.Rejected:
		t.Rejected += n
	case consent.Chosen:
		t.Chosen += n
	case consent.Reconfirmed:
		t.Confirmed += n
	case consent.TookBack:
		t.Withdrawn += n
		return
	case consent.LoadedOnce:
		t.LoadedOnce += n
		return
	}
	if c.onBanner {
		t.Answers += n
	}
}

func (c counter) addStatus(t *templates.Tally, n int64) {
	if t.Status == nil {
		t.Status = make(map[string]templates.Split)
	}
	s := t.Status[c.category]
	if c.granted {
		s.Granted += n
	} else {
		s.Denied += n
	}
	t.Status[c.category] = s
}

// merge adds b to a.
func merge(a *templates.Tally, b templates.Tally) {
	a.Shown += b.Shown
	a.Accepted += b.Accepted
	a.Chosen += b.Chosen
	a.Rejected += b.Rejected
	a.Confirmed += b.Confirmed
	a.Withdrawn += b.Withdrawn
	a.LoadedOnce += b.LoadedOnce
	a.Answers += b.Answers
	a.Ignored += b.Ignored
	a.AutoShown += b.AutoShown
	a.AutoMade += b.AutoMade
	for id, s := range b.Status {
		if a.Status == nil {
			a.Status = make(map[string]templates.Split)
		}
		sum := a.Status[id]
		a.Status[id] = templates.Split{Granted: sum.Granted + s.Granted, Denied: sum.Denied + s.Denied}
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
		last.To = d.To
		merge(&last.Tally, d.Tally)
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
		list = append(list, templates.CategoryName{ID: c.ID, Title: categoryTitle(site, c.ID)})
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
