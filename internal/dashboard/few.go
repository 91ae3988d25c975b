package dashboard

import (
	"cmp"
	"slices"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// wider lists the filters of which f is a part, none at all first: everybody may ask
// for their figures as well, and subtract.
func wider(f templates.Filter) []templates.Filter {
	list := []templates.Filter{{}}
	for _, one := range []templates.Filter{
		{Kind: f.Kind}, {Layout: f.Layout}, {Notice: f.Notice},
		{Kind: f.Kind, Layout: f.Layout}, {Kind: f.Kind, Notice: f.Notice}, {Layout: f.Layout, Notice: f.Notice},
	} {
		if one != f && !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// addApart adds a counter of people's banners to what small numbers are told by.
func (out *Figures) addApart(c *counter, day int, n int64, f templates.Filter) {
	value := c.value
	switch {
	case c.name == consent.ShownCount && c.who == consent.Human:
		for i, one := range wider(f) {
			if c.passes(one) {
				out.wider[i][day] += n
			}
		}
		if f.Value != "" {
			return
		}
		value = ownValue(templates.Filter{Kind: c.kind, Layout: c.layout, Notice: c.notice}, f)
	case c.name != consent.ShownBy || f.Value == "" || c.dimension != f.By:
		return
	}
	if out.apart[value] == nil {
		out.apart[value] = make([]int64, len(out.Days))
	}
	out.apart[value][day] += n
}

// ownValue is what of has of that which f filters by.
func ownValue(of, f templates.Filter) string {
	if f.Value != "" {
		return of.Value
	}
	value := ""
	if f.Layout != "" {
		value = of.Layout
	}
	if f.Notice != "" {
		value += "/" + of.Notice
	}
	if f.Kind != "" {
		value += "/" + of.Kind
	}
	return value
}

// combines reports whether a filter is by several things at once. What they sort has
// more sums than those of its days: each may be filtered by alone. So nothing of it is
// shown, of a day or of a period, where any of it is too little.
func combines(f templates.Filter) bool {
	by := 0
	for _, one := range []string{f.Kind, f.Layout, f.Notice} {
		if one != "" {
			by++
		}
	}
	return by > 1
}

// tooFew reports whether a filter leaves too little of the whole period to be shown,
// by itself or as what is missing in a wider one. Nothing at all is not too little.
func (out *Figures) tooFew(f templates.Filter, smallest int64) bool {
	if f.Value == "" && out.Total.Empty() {
		return false
	}
	for _, days := range out.wider {
		if rare(out.Total, sum(days), smallest) {
			return true
		}
	}
	shown := out.shown(smallest)
	return !slices.Contains(shown, ownValue(f, f)) || combines(f) && len(shown) < len(out.apart)
}

// shown lists the values that a breakdown of the period shows by themselves.
func (out *Figures) shown(smallest int64) (list []string) {
	totals := make(map[string]templates.Tally)
	for value, days := range out.apart {
		totals[value] = templates.Tally{Shown: sum(days)}
	}
	for _, row := range breakdown("", totals, smallest).Rows {
		if row.Folded == 0 {
			list = append(list, row.Value)
		}
	}
	slices.Sort(list)
	return list
}

// rare reports whether what a filter leaves, or what it takes out of all banners,
// is too little to be shown apart. Nothing at all is not.
func rare(t templates.Tally, all, smallest int64) bool {
	return !t.Empty() && (t.Shown < smallest || small(all-t.Shown, smallest))
}

func small(n, smallest int64) bool { return n > 0 && n < smallest }

// withhold empties the days of which too little was counted under a filter, and as
// many others as keep it from following from what is shown: from the day without the
// filter less all other values of it, and from the period less its other days. The
// days that are taken out for the latter are the same whichever value is asked for.
// Whoever subtracts two periods from each other is not kept from it.
func (out *Figures) withhold(f templates.Filter, smallest int64) {
	hidden, known := out.hidden(smallest, combines(f))[ownValue(f, f)]
	for i := range out.Days {
		day := &out.Days[i]
		few := known && hidden[i] || day.Shown < smallest && !day.Empty()
		for _, all := range out.wider {
			few = few || rare(day.Tally, all[i], smallest)
		}
		if few {
			day.Tally, day.Few = templates.Tally{}, true
		}
	}
}

// hidden says of each value that a breakdown shows on which days it is withheld; all: of a
// day of which any is withheld, all are.
func (out *Figures) hidden(smallest int64, all bool) map[string][]bool {
	values := out.shown(smallest)
	v := out.veiled(values)
	for i := range out.Days {
		list := out.small(values, i, v.rest[i], smallest)
		if all && len(list) > 0 {
			list = values
		}
		v.hide(i, list)
	}
	order := make([]int, len(out.Days))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(out.wider[0][x], out.wider[0][y]) })
	order = slices.DeleteFunc(order, func(i int) bool { return out.wider[0][i] == 0 })
	for more := 1; !v.keeps(smallest) && len(order) > 0; more += 1 + more/8 { // one by one of a short period
		order = v.hideWhole(order, more)
	}
	return v.byValue(values)
}

// small lists the values that are too small on a day, and the next ones until all of
// them and the rest together are not.
func (out *Figures) small(values []string, day int, together, smallest int64) (list []string) {
	order := slices.Clone(values)
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(out.apart[a][day], out.apart[b][day]) })
	for _, value := range order {
		if n := out.apart[value][day]; n > 0 && (n < smallest || small(together, smallest)) {
			list = append(list, value)
			together += n
		}
	}
	return list
}

func sum(list []int64) (all int64) {
	for _, n := range list {
		all += n
	}
	return all
}
