package siteconfig

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// Known is the catalogue, for finding out whose something is that was seen. The zero
// Known has nothing.
type Known struct{ services knownServices }

// Match is a service of the catalogue that something may belong to.
type Match struct {
	ID, Name string
	Category string // that it usually stands under
}

// ReadKnown reads the catalogue as Catalogue does.
func ReadKnown(catalogue fs.FS) (Known, []Problem) {
	known, problems := readCatalogue(catalogue)
	return Known{known}, problems
}

// Matches lists the services that talk to a registrable domain, or leave something
// under a masked name on the site's own, by id.
func (k Known) Matches(kind, name string) (list []Match) {
	for _, id := range slices.Sorted(maps.Keys(k.services.services)) {
		s := k.services.services[id]
		alone := consent.Policy{Categories: []consent.Category{{Services: []consent.Service{s}}}}
		if kind == consent.SeenHost && talksTo(s, name) || kind != consent.SeenHost && alone.Lists(kind, name) {
			list = append(list, Match{ID: id, Name: s.Name, Category: k.services.categories[id]})
		}
	}
	return list
}

func talksTo(s consent.Service, domain string) bool {
	return slices.ContainsFunc(s.Hosts, func(pattern string) bool {
		host, _, _ := strings.Cut(strings.TrimPrefix(pattern, "*."), "/")
		host, _, _ = strings.Cut(host, ":")
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// Has reports whether the catalogue has a service.
func (k Known) Has(id string) bool { _, ok := k.services.services[id]; return ok }

// CategoryOf is the category that a service usually stands under, "" when unknown.
func (k Known) CategoryOf(id string) string { return k.services.categories[id] }
