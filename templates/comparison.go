package templates

import (
	"math"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/lang"
)

// Missed is an estimate: Granted are banners after which measurement stayed off.
type Missed struct {
	Category string
	Split
	Unasked Tally // how many pages asked nothing, and how sure that is
}

// OfPages are the bounds of the share of all pages, those that asked nothing among
// them. What was chosen before such a page nobody has told: at the one end all of
// them are measured, at the other none. The intervals of both estimates are in it; ok
// is false where no page is sampled.
func (m *Missed) OfPages() (low, high float64, ok bool) {
	_, unasked, ok := m.Unasked.UnaskedInterval()
	if !ok {
		return 0, 0, false
	}
	banners, others := float64(m.All()), float64(unasked)
	low, high = m.Interval()
	return low * banners / (banners + others), (high*banners + others) / (banners + others), true
}

// Change is a share in both periods.
type Change struct {
	Name, Of    string // what it is a share of
	Before, Now Split
}

// Rows are the shares of banners, the two rates that are asked for first, and the
// opt-in of each category that either period knows of, beside those of now.
func (c *Comparison) Rows(now Tally, categories []CategoryName) (list []Change) {
	before := stack(c.Total)
	for i, part := range stack(now) {
		list = append(list, Change{part.name, "banners", Split{before[i].n, c.Total.Asked() - before[i].n}, Split{part.n, now.Asked() - part.n}})
	}
	rates := func(t Tally) (interaction, acceptance Split) {
		return Split{t.Answers(), t.Ignored}, Split{t.Accepted, t.Answers() - t.Accepted}
	}
	interactionBefore, acceptanceBefore := rates(c.Total)
	interaction, acceptance := rates(now)
	list = append(list, Change{"Interaction rate", "banners", interactionBefore, interaction}, Change{"Acceptance", "answers", acceptanceBefore, acceptance})
	for _, category := range categories {
		was, is := c.Total.Status[category.ID], now.Status[category.ID]
		if was.All()+is.All() > 0 {
			list = append(list, Change{category.Title, "decisions about it", was, is})
		}
	}
	return list
}

// Known reports whether both periods have something to be a share of.
func (c Change) Known() bool { return c.Before.All() > 0 && c.Now.All() > 0 }

// By is the difference of the shares, when it is known.
func (c Change) By() float64 { return c.Now.Rate() - c.Before.Rate() }

// Interval is Newcombe's 95 % hybrid score interval of a difference between two
// shares. https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
func (c Change) Interval() (low, high float64) {
	a, b := c.Now.Rate(), c.Before.Rate()
	aLow, aHigh := c.Now.Interval()
	bLow, bHigh := c.Before.Interval()
	return a - b - math.Hypot(a-aLow, bHigh-b), a - b + math.Hypot(aHigh-a, b-bLow)
}

func (c Change) change() string {
	if !c.Known() {
		return "–"
	}
	return points(c.By())
}

func (c Change) interval() string {
	if !c.Known() {
		return "–"
	}
	low, high := c.Interval()
	return points(low) + " to " + points(high)
}

// links reports whether a value can be looked at alone.
func (b Breakdown) links() bool { return b.ID != "variant" }

// only is the filter that leaves one value of the breakdown.
func (b Breakdown) only(value string) Filter {
	if b.ID == "layout" { // is configured, and can be combined
		return Filter{Layout: value}
	}
	return Filter{By: b.ID, Value: value}
}

// words names every part of a filter that narrows.
func (f Filter) words() string {
	var list []string
	if f.Kind != "" {
		list = append(list, strings.ToLower(f.kindTitle(f.Kind)))
	}
	for _, part := range [][2]string{{"layout", f.Layout}, {"notice", f.Notice}, {f.By, f.Value}} {
		if part[1] != "" {
			list = append(list, dimensionTitle(part[0])+": "+valueTitle(part[0], part[1]))
		}
	}
	return strings.Join(list, ", ")
}

func (f Filter) kindTitle(kind string) string {
	switch {
	case kind == "first":
		return "First time asked"
	case kind == "again":
		return "Asked again"
	case f.Layout != "" || f.Notice != "":
		return "First and again"
	}
	return "All banners"
}

// heading is the page's title, which a printed page carries as well.
func (p *SitePage) heading() string {
	if p.Filter.Narrows() {
		return p.Name + ", only " + p.Filter.words()
	}
	return p.Name
}

func dimensionTitle(id string) string {
	switch id {
	case "locale":
		return "language"
	case "group":
		return "group of pages"
	case "gpc":
		return "Global Privacy Control"
	case "variant":
		return "wording"
	}
	return id
}

func dimensionHead(id string) string {
	title := dimensionTitle(id)
	return strings.ToUpper(title[:1]) + title[1:]
}

func valueTitle(dimension, value string) string {
	switch {
	case dimension == "gpc" && value == "yes":
		return "sent"
	case dimension == "gpc":
		return "not sent"
	case value == "":
		return "as configured"
	case dimension == "country" && value != "unknown":
		return lang.RegionName(value)
	case dimension == "locale":
		return lang.EnglishName(value)
	case dimension == "group" && value == "unknown":
		return "other pages"
	}
	return value
}

// marked reports whether any step has a new notice.
func (p *SitePage) marked() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.NewNotice })
}

// sampled reports whether pages that had nothing to ask were counted.
func (p *SitePage) sampled() bool { return p.Total.Unasked+p.Total.AutoUnasked > 0 }
