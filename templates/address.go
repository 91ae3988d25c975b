package templates

import (
	"net/url"
	"strconv"
)

// beside is what a query says, as names and values.
type beside [][2]string

func (b beside) query() (q string) {
	for _, pair := range b {
		q += "&" + pair[0] + "=" + url.QueryEscape(pair[1])
	}
	return q
}

// said leaves out what is empty.
func (b beside) said() (list beside) {
	for _, pair := range b {
		if pair[1] != "" {
			list = append(list, pair)
		}
	}
	return list
}

func (p Period) pairs() beside {
	if p.Days > 0 {
		return beside{{"days", strconv.Itoa(p.Days)}}
	}
	if p.Week {
		return beside{{"week", "last"}}
	}
	return beside{{"from", date(p.From)}, {"to", date(p.last())}}
}

func (f Filter) pairs() beside {
	return beside{{"kind", f.Kind}, {"layout", f.Layout}, {"notice", f.Notice}, {"by", f.By}, {"value", f.Value}}.said()
}

// kept is what stays beside another period. One value of a breakdown does not: of
// another period there may be too few to show it.
func (p *SitePage) kept() beside {
	f := p.Filter
	f.By, f.Value = "", ""
	return append(f.pairs(), p.Against.pairs()...)
}

// besideWeek is what stays beside the last week, which is compared with the one before
// unless something else was chosen.
func (p *SitePage) besideWeek() beside {
	if p.Against.How == "" {
		return append(p.kept(), [2]string{"compare", PeriodBefore})
	}
	return p.kept()
}

// file leads to what the page shows, narrowed and compared as it is.
func (p *SitePage) file(name string) string {
	query := p.narrowed(p.Filter)
	if p.Against.Period.Shared(p.Period) > 0 { // of which the page shows nothing
		query = p.against("")
	}
	return "/admin/sites/" + p.ID + "/" + name + query
}

// asked is the page's own query with another kind of question.
func (p *SitePage) asked(kind string) string {
	f := p.Filter
	f.Kind = kind
	return p.narrowed(f)
}

// narrowed is the page's own query with another filter.
func (p *SitePage) narrowed(f Filter) string {
	return p.Period.Query() + append(f.pairs(), p.Against.pairs()...).query()
}

// against is the page's own query with something else to compare with, "" for nothing.
func (p *SitePage) against(how string) string {
	return p.Period.Query() + append(p.Filter.pairs(), Against{How: how}.pairs()...).query()
}

// beforeOwn is what stays beside own dates to compare with.
func (p *SitePage) beforeOwn() beside {
	return append(append(p.Period.pairs(), p.Filter.pairs()...), [2]string{"compare", OwnDates})
}

// suggested is what the form of own dates begins with: those compared with, else, and
// where these share days with the period, those before it.
func (p *SitePage) suggested() Period {
	if p.Against.How != "" && p.Against.Period.Shared(p.Period) == 0 {
		return p.Against.Period
	}
	return p.Period.Before()
}
