package siteconfig

import (
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// builtin is what a category means unless the owner says otherwise. Its texts
// stand in the locale files.
type builtin struct{ purposes, signals []string }

func builtinCategory(id string) (builtin, bool) {
	switch id {
	case consent.Necessary:
		return builtin{purposes: []string{"service-provision"}}, true
	case "analytics":
		return builtin{purposes: []string{"audience-measurement"}, signals: []string{"analytics_storage"}}, true
	case "share":
		return builtin{purposes: []string{"social-sharing"}}, true
	case "marketing":
		return builtin{purposes: []string{"advertising"}, signals: []string{"ad_storage", "ad_user_data", "ad_personalization"}}, true
	}
	return builtin{}, false
}

func (b *builder) categories() []consent.Category {
	var out []consent.Category
	seen, homes, signals := map[string]bool{}, map[string]string{}, map[string]string{}
	for i, c := range b.file.Categories {
		at := fmt.Sprintf("categories[%d]", i)
		b.checkID(at+".id", c.ID)
		if c.ID == "" {
			continue // reported as missing or empty already
		}
		if seen[c.ID] {
			b.doc.Fail(at+".id", "the category %q is listed twice; merge the two", c.ID)
			continue
		}
		seen[c.ID] = true
		b.checkReserved(at+".id", c.ID)
		category := consent.Category{
			ID: c.ID, Material: c.Material,
			Purposes: b.purposes(at, c), Signals: b.signals(at, c, signals), Services: b.servicesOf(at, c, homes),
			Exempt: b.exempt(at, c), SaleShare: b.saleShare(at, c),
		}
		if len(c.Services) == 0 && c.ID != consent.Necessary {
			b.doc.Warn(at, "the category %q has no services, so visitors are asked about nothing; list its services or remove it", c.ID)
		}
		out = append(out, category)
	}
	if !seen[consent.Necessary] {
		standard, _ := builtinCategory(consent.Necessary)
		out = append(out, consent.Category{ID: consent.Necessary, Purposes: standard.purposes, Signals: []string{}, Services: []consent.Service{}})
	}
	return out
}

// saleShare is the owner's own word, if there is one.
func (b *builder) saleShare(at string, c CategoryFile) consent.SaleShare {
	switch {
	case !b.doc.Has(at + ".sale_share"):
		return ""
	case c.ID == consent.Necessary:
		b.doc.Fail(at+".sale_share", "what is necessary is not asked about, so that no signal can take it back; remove sale_share, or list what sells or shares under another category")
	case c.SaleShare && c.Exempt != nil:
		b.doc.Fail(at+".sale_share", "what sells or shares is not exempt: measurement for the publisher alone passes nothing on; remove exempt")
	case c.SaleShare:
		return consent.SellsOrShares
	}
	return consent.KeepsToItself
}

// checkReserved refuses an id that means something else in the cookies.
func (b *builder) checkReserved(at, id string) {
	if consent.IsSignalMark(id) {
		b.doc.Fail(at, "the id %q is Consentry's own; choose another", id)
	}
}

func (b *builder) purposes(at string, c CategoryFile) []string {
	standard, ok := builtinCategory(c.ID)
	for i, id := range c.Purposes {
		b.checkID(fmt.Sprintf("%s.purposes[%d]", at, i), id)
	}
	if len(c.Purposes) > 0 {
		return slices.Clone(c.Purposes)
	}
	if !ok {
		b.doc.Fail(at, `the category %q has no purposes; add "purposes: [audience-measurement]" with ids that say what its data is used for`, c.ID)
	}
	return nonNil(standard.purposes)
}

// signals notes in taken which category a key follows: it can follow only one.
func (b *builder) signals(at string, c CategoryFile, taken map[string]string) []string {
	signals := c.Signals
	if signals == nil {
		standard, _ := builtinCategory(c.ID)
		signals = standard.signals
	}
	for _, s := range signals {
		if other, ok := taken[s]; ok {
			b.doc.Fail(at+".signals", "the signal %q follows the category %q already; keep it in one of the two", s, other)
		}
		taken[s] = c.ID
	}
	return nonNil(signals)
}

// servicesOf notes in homes which category a service stands under.
func (b *builder) servicesOf(at string, c CategoryFile, homes map[string]string) []consent.Service {
	services := []consent.Service{}
	for i, f := range c.Services {
		place := fmt.Sprintf("%s.services[%d]", at, i)
		if f.ID == "" {
			continue // reported as missing or empty already
		}
		if home, ok := homes[f.ID]; ok {
			b.doc.Fail(place, "the service %q is listed already, under the category %q; keep one", f.ID, home)
			continue
		}
		homes[f.ID] = c.ID
		services = append(services, b.service(place, f))
	}
	return services
}

// service lays what the file says over the catalogue's entry of that id.
func (b *builder) service(at string, f ServiceFile) consent.Service {
	known, ok := b.services[f.ID]
	if !ok && b.bare(at) {
		b.doc.Fail(at, "the service %q is not in the catalogue%s List all with: consentry catalogue", f.ID, ending(suggest(f.ID, serviceNames(b.services))))
		return consent.Service{}
	}
	b.checkID(at+".id", f.ID)
	b.checkReserved(at+".id", f.ID)
	checkService(b.doc, at, f)
	own := f.service()
	if !ok {
		checkComplete(b.doc, at, f, suggest(f.ID, serviceNames(b.services)))
		return own
	}
	return overlay(known, own, f)
}

// bare reports whether the item is only an id, written as a word or a mapping.
func (b *builder) bare(at string) bool {
	for _, name := range []string{"name", "company", "country", "policy_url", "hosts", "cookies"} {
		if b.doc.Has(join(at, name)) {
			return false
		}
	}
	return true
}

// ending closes the sentence before the next one.
func ending(hint string) string {
	if hint == "" {
		return "."
	}
	return hint
}
