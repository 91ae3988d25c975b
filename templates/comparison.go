package templates

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Missed is an estimate: Granted are banners after which measurement stayed off.
type Missed struct {
	Category string
	Split
}

type change struct {
	Name        string
	Before, Now Split
}

func (c *Comparison) rows(p SitePage) (list []change) {
	before := stack(c.Total)
	for i, now := range stack(p.Total) {
		list = append(list, change{now.name, Split{before[i].n, c.Total.Asked() - before[i].n}, Split{now.n, p.Total.Asked() - now.n}})
	}
	return list
}

func (c change) change() string {
	if c.Before.All() == 0 || c.Now.All() == 0 {
		return "–"
	}
	return fmt.Sprintf("%+.1f", 100*(c.Now.Rate()-c.Before.Rate()))
}

// interval is Newcombe's 95 % hybrid score interval of a difference between two
// shares. https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
func (c change) interval() string {
	if c.Before.All() == 0 || c.Now.All() == 0 {
		return "–"
	}
	a, b := c.Now.Rate(), c.Before.Rate()
	aLow, aHigh := c.Now.Interval()
	bLow, bHigh := c.Before.Interval()
	return fmt.Sprintf("%+.1f to %+.1f", 100*(a-b-math.Hypot(a-aLow, bHigh-b)), 100*(a-b+math.Hypot(aHigh-a, b-bLow)))
}

// links reports whether a value can be looked at alone.
func (b Breakdown) links() bool { return b.ID != "layout" && b.ID != "variant" }

func kindTitle(kind string) string {
	switch kind {
	case "first":
		return "First time asked"
	case "again":
		return "Asked again"
	}
	return "All banners"
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
	}
	return value
}

// marked reports whether any step has a new notice.
func (p *SitePage) marked() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.NewNotice })
}

// sampled reports whether pages that had nothing to ask were counted.
func (p *SitePage) sampled() bool { return p.Total.Unasked+p.Total.AutoUnasked > 0 }
