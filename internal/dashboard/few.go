package dashboard

import (
	"slices"

	"github.com/consentry/consentry/templates"
)

// rare reports whether what a filter leaves, or what it takes out of all banners,
// is too little to be shown apart. Nothing at all is not.
func rare(t templates.Tally, all, smallest int64) bool {
	rest := all - t.Shown
	return !t.Empty() && (t.Shown < smallest || rest > 0 && rest < smallest)
}

// withhold empties the days that are rare under a filter, and the smallest of the
// others until neither the total nor the days without the filter give one away.
// Whoever subtracts two periods from each other is not kept from it.
func (out *Figures) withhold(smallest int64) {
	var order []int
	for i := range out.Days {
		if !out.Days[i].Empty() {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int {
		if a, b := rare(out.Days[x].Tally, out.all[x], smallest), rare(out.Days[y].Tally, out.all[y], smallest); a != b {
			if a {
				return -1
			}
			return 1
		}
		return int(min(1, max(-1, out.Days[x].Shown-out.Days[y].Shown)))
	})
	var hidden templates.Tally
	var all int64
	for _, i := range order {
		day := &out.Days[i]
		if !rare(day.Tally, out.all[i], smallest) && !rare(hidden, all, smallest) {
			return
		}
		merge(&hidden, day.Tally)
		all += out.all[i]
		day.Tally, day.Few = templates.Tally{}, true
	}
}
