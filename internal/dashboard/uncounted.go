package dashboard

import (
	"slices"

	"github.com/consentry/consentry/templates"
)

// named is a figure of a tally by its names: in CSV files, in the API and in the JSON
// file of a site's page.
type named struct{ column, api, field string }

// uncounted lists the figures that are not counted under a filter. They are 0 in a
// tally, which says nothing.
func uncounted(f templates.Filter) (list []named) {
	if !f.CountsLater() {
		list = append(list, named{"confirmed", "confirmed", "Confirmed"}, named{"withdrawn", "withdrawn", "Withdrawn"}, named{"widened", "widened", "Widened"},
			named{"one_service", "of_one", "OfOne"}, named{"loaded_once", "loaded_once", "LoadedOnce"}, named{"decisions", "decisions", "Events"}, named{"by_signal", "by_signal", "Signals"})
	}
	if !f.CountsPrograms() {
		list = append(list, named{"answered_elsewhere", "elsewhere", "Elsewhere"}, named{"first_decisions", "first_decisions", "Deciders"},
			named{"automated_banners", "automated_banners", "AutoShown"}, named{"automated_decisions", "automated_decisions", "AutoMade"})
	}
	if f.Narrows() {
		list = append(list, named{"unasked_pages_estimated", "unasked_pages_estimated", "Unasked"},
			named{"automated_unasked_pages_estimated", "automated_unasked_pages_estimated", "AutoUnasked"}, named{"", "categories", "Status"}, named{"", "services", "Services"})
	}
	return list
}

// uncountedAs names them in one of these ways.
func uncountedAs(f templates.Filter, name func(named) string) []string {
	names := []string{}
	for _, one := range uncounted(f) {
		names = append(names, name(one))
	}
	return names
}

// emptied is a table of days without what is not counted under a filter, categories
// among it.
func (t table) emptied(f templates.Filter) table {
	columns := uncountedAs(f, func(n named) string { return n.column })
	pages := slices.Index(t.head, "unasked_pages_estimated") // and all that follows are of all banners
	for _, row := range t.rows {
		for i, name := range t.head {
			if slices.Contains(columns, name) || f.Narrows() && i >= pages {
				row[i] = ""
			}
		}
	}
	return t
}
