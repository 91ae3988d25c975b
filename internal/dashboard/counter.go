package dashboard

import (
	"strconv"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// counter is a parsed counter key.
type counter struct {
	name, who, kind, answer, event, via, layout, variant, notice string
	status                                                       consent.Status
	category, service, dimension, value                          string
	of                                                           int64    // pages that each of a sample stands for
	permits, denies                                              []string // categories
}

func parseCounter(key string) counter {
	name, d := consent.ParseCountKey(key)
	c := counter{
		name: name, who: d["who"], kind: d["kind"], answer: d["answer"], event: d["event"], via: d["via"],
		layout: d["layout"], variant: d["variant"], notice: d["notice"],
		status: consent.Status(d["status"]), category: d["category"], service: d["service"],
		permits: consent.Listed(d[consent.PermitsList]), denies: consent.Listed(d[consent.DeniesList]),
	}
	if name == consent.UnaskedCount {
		c.of = weight(d["of"])
	}
	for _, dimension := range consent.Breakdowns() {
		if value, ok := d[dimension]; ok {
			c.dimension, c.value = dimension, value
		}
	}
	return c
}

// usualSample is what counters are taken for that do not say how many pages one of
// the sample stands for: the sample of who sets none.
const usualSample = 100

func weight(of string) int64 {
	n, err := strconv.ParseInt(of, 10, 32)
	if err != nil || n < 1 {
		return usualSample
	}
	return n
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
			t.AutoUnaskedSpread += n * (c.of - 1)
		} else {
			t.Unasked += n
			t.UnaskedSpread += n * (c.of - 1)
		}
	case consent.LeakCount:
		if !f.Narrows() {
			out.addLeak(c, n)
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
	out.addPermits(c, &t, n)
	by[c.value] = t
}

// addPermits adds what an answer tells about categories to the value of its breakdown.
func (out *Figures) addPermits(c *counter, t *templates.Tally, n int64) {
	for _, category := range c.permits {
		out.addPermit(c, t, category, consent.Granted, n)
	}
	for _, category := range c.denies {
		out.addPermit(c, t, category, consent.Denied, n)
	}
}

func (out *Figures) addPermit(c *counter, t *templates.Tally, category string, status consent.Status, n int64) {
	addStatus(&t.Status, category, status, n)
	if c.answer != consent.Chosen {
		return
	}
	by := out.choosers[c.dimension]
	if by == nil {
		by = make(map[string]map[string]templates.Split)
		out.choosers[c.dimension] = by
	}
	of := by[c.value]
	addStatus(&of, category, status, n)
	by[c.value] = of
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

// addLeak adds a page's request to a service that nobody had permitted.
func (out *Figures) addLeak(c *counter, n int64) {
	l := out.Leaks[c.service]
	if c.who == consent.Automated {
		l.Automated += n
	} else {
		l.People += n
	}
	out.Leaks[c.service] = l
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
