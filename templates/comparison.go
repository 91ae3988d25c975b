package templates

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
)

// Comparison is the same figures of another period.
type Comparison struct {
	Period Period
	Total  Tally
	Few    bool // fewer banners than may be shown apart; Total is empty
}

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

// file leads to what the page shows, narrowed and compared as it is.
func (p *SitePage) file(name string) string {
	rest := kept(p.Filter, p.Compare != nil)
	if p.Filter.Value != "" {
		rest = append(rest, beside{{"by", p.Filter.By}, {"value", p.Filter.Value}}...)
	}
	return "/admin/sites/" + p.ID + "/" + name + p.Period.Query() + rest.query()
}

// address is the page's own query with another kind of question.
func (p *SitePage) address(kind string, compare bool) string {
	f := p.Filter
	f.Kind = kind
	return p.Period.Query() + kept(f, compare).query()
}

// beside is what a query says beside the period, as names and values. One value of a
// breakdown is not in it: of another period there may be too few to show it.
type beside [][2]string

func kept(f Filter, compare bool) (list beside) {
	before := ""
	if compare {
		before = "before"
	}
	for _, pair := range (beside{{"kind", f.Kind}, {"layout", f.Layout}, {"notice", f.Notice}, {"compare", before}}) {
		if pair[1] != "" {
			list = append(list, pair)
		}
	}
	return list
}

func (b beside) query() (q string) {
	for _, pair := range b {
		q += "&" + pair[0] + "=" + url.QueryEscape(pair[1])
	}
	return q
}

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
