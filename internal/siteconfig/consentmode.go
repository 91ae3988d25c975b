package siteconfig

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

var regionPattern = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// maxWait is how long Google's tags may be asked to wait, in milliseconds.
const maxWait = 5000

// optInArea is where optInCountries are.
const optInArea = "the European Economic Area, the United Kingdom and Switzerland, and in regions under their law or its equal"

// optInCountries are the ISO 3166-1 codes of the places where storage needs a grant
// first: the European Economic Area, the United Kingdom and Switzerland, and what has
// a code of its own under the same law: the outermost regions of the Union (TFEU,
// articles 349 and 355(1)) and Åland (article 355(4)), which are Union territory;
// Gibraltar, with its own GDPR (Data Protection Act 2004) and cookie rules
// (Communications (Personal Data and Privacy) Regulations 2006); and Jersey, Guernsey
// and the Isle of Man, whose laws were found equal (Commission decisions 2008/393/EC,
// 2003/821/EC and 2004/411/EC, upheld in its report of 15 January 2024).
func optInCountries() []string {
	return strings.Fields("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO GB CH " +
		"GP GF MQ YT RE MF AX GI JE GG IM")
}

func (b *builder) consentMode() consent.ConsentMode {
	f := &b.file.ConsentMode
	for i, region := range f.Regions {
		for j, code := range region.Regions {
			b.checkRegion(fmt.Sprintf("consent_mode.regions[%d].regions[%d]", i, j), code)
		}
	}
	if f.Wait < 0 || f.Wait > maxWait {
		b.doc.Fail("consent_mode.wait", "consent_mode.wait must be between 0 and %d milliseconds, not %d", maxWait, f.Wait)
	}
	b.checkAdvanced()
	b.checkChildren()
	mode := consent.ConsentMode{Wait: f.Wait, Redact: f.Redact, Advanced: consent.Advanced(f.Advanced)}
	for _, region := range f.Regions {
		mode.Regions = append(mode.Regions, consent.RegionDefault(region))
	}
	return mode
}

// checkChildren refuses what would let something run, or call it granted, on a site
// for children.
func (b *builder) checkChildren() {
	if !b.file.ChildDirected {
		return
	}
	const reason = "on a site for children nothing optional is ever granted; remove it, or child_directed"
	if b.file.Gate == consent.GateReport {
		b.doc.Fail("gate", "gate: report holds nothing: %s", reason)
	}
	if len(b.file.ConsentMode.Regions) > 0 {
		b.doc.Fail("consent_mode.regions", "consent_mode.regions grants by default: %s", reason)
	}
	if len(b.file.ConsentMode.Advanced.Services) > 0 {
		b.doc.Fail("consent_mode.advanced", "advanced mode lets Google's tags through: %s", reason)
	}
}

// checkRegion refuses what Google does not know, and regions where a default
// must not grant anything.
func (b *builder) checkRegion(at, code string) {
	const reason = "nothing may be granted by default in " + optInArea
	country, _, _ := strings.Cut(code, "-")
	switch {
	case slices.Contains([]string{"EU", "EEA", "EFTA", "UK"}, code):
		b.doc.Fail(at, "%q is no region that Google's tags know: they take countries and their parts, such as US or US-NV; and %s; remove it", code, reason)
	case !regionPattern.MatchString(code):
		b.doc.Fail(at, `%q is no region; write a country, such as "US", or a part of one, such as "US-NV"`, code)
	case slices.Contains(optInCountries(), country):
		b.doc.Fail(at, "region %q: %s; remove it, and what is not listed stays denied", code, reason)
	}
}

func (b *builder) checkAdvanced() {
	f := &b.file.ConsentMode.Advanced
	const at = "consent_mode.advanced"
	for i, code := range f.Countries {
		place := fmt.Sprintf("%s.countries[%d]", at, i)
		switch {
		case slices.Contains([]string{"EU", "EEA", "EFTA", "UK"}, code) || slices.Contains(optInCountries(), code):
			b.doc.Fail(place, "country %q: advanced mode sends data before a choice, which is not allowed in %s; remove it", code, optInArea)
		case !countryPattern.MatchString(code):
			b.doc.Fail(place, `%q is no country; write two capital letters of ISO 3166-1, such as "US"`, code)
		}
	}
	switch {
	case len(f.Services) > 0 && len(f.Countries) == 0:
		b.doc.Fail(at, "advanced mode needs the countries in which it is used; add countries: [US], or remove services")
	case len(f.Services) == 0 && len(f.Countries) > 0:
		b.doc.Fail(at, "advanced mode needs the services that it is for; add services: [ga4], or remove countries")
	}
	for i, id := range f.Services {
		b.checkAdvancedService(fmt.Sprintf("%s.services[%d]", at, i), id)
	}
}

func (b *builder) checkAdvancedService(at, id string) {
	for _, c := range b.file.Categories {
		for _, s := range c.Services {
			if s.ID != id {
				continue
			}
			if !s.ConsentMode && !b.services[id].ConsentMode {
				b.doc.Fail(at, "the service %q does not obey Google Consent Mode, so it would not know that it is denied; remove it", id)
			}
			return
		}
	}
	b.doc.Fail(at, "the service %q is listed under no category; list it there, or remove it", id)
}
