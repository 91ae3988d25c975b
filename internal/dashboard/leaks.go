package dashboard

import (
	"cmp"
	"slices"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// leaks lists the services that were requested without a permission, those first
// that were most often. Numbers below the site's smallest are withheld, not the
// services: which tag a page loads tells of no visitor.
func leaks(site *consent.Site, counted map[string]templates.Leak) []templates.LeakRow {
	var list []templates.LeakRow
	for id, l := range counted {
		row := templates.LeakRow{ID: id, Name: serviceName(site, id), Leak: l}
		if l.People > 0 && l.People < site.Counting.Smallest {
			row.People, row.Few = 0, true
		}
		list = append(list, row)
	}
	slices.SortFunc(list, func(a, b templates.LeakRow) int {
		return cmp.Or(cmp.Compare(b.People, a.People), few(b)-few(a), cmp.Compare(b.Automated, a.Automated), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func few(r templates.LeakRow) int {
	if r.Few {
		return 1
	}
	return 0
}

// serviceName is a service's name, its id where the policy does not list it any more.
func serviceName(site *consent.Site, id string) string {
	for _, c := range site.Policy.Categories {
		for _, s := range c.Services {
			if s.ID == id {
				return s.Name
			}
		}
	}
	return id
}
