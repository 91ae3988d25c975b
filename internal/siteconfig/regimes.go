package siteconfig

import (
	_ "embed"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

//go:embed regimes.yaml
var builtinRegimes []byte

// regimesFile is regimes.yaml.
type regimesFile struct {
	Date  string       `yaml:"date" jsonschema:"required"`
	Rules []placesFile `yaml:"rules"`
}

type placesFile struct {
	Places   []string `yaml:"places" jsonschema:"required"`
	RuleFile `yaml:",inline"`
}

// PlaceRule is one line of the built-in table.
type PlaceRule struct {
	Place string
	RuleFile
}

// Regimes returns the built-in table, in its own order, and the date of the newest
// look at the laws.
func Regimes() (date string, rules []PlaceRule) {
	var f regimesFile
	if problems := Decode("regimes.yaml", builtinRegimes, &f); len(problems) > 0 {
		panic(problems[0].String()) // it is embedded; any test finds it
	}
	for _, group := range f.Rules {
		for _, place := range group.Places {
			rules = append(rules, PlaceRule{place, group.RuleFile})
		}
	}
	return f.Date, rules
}

func (r *RuleFile) fromText(s string) error {
	if !slices.Contains([]string{"opt-in", "opt-out", "notice-only"}, s) {
		return fmt.Errorf("must be opt-in, opt-out or notice-only, not %q", s)
	}
	r.Regime = s
	return nil
}

func (r RuleFile) rule() consent.Rule {
	return consent.Rule{Regime: consent.Regime(r.Regime), GPC: r.GPC, CoolDown: r.CoolDown.Std()}
}

const maxCoolDown = maxMemory

var placePattern = regexp.MustCompile(`^([A-Z]{2}|US-[A-Z]{2})$`)

// regimes lays the owner's rules over the built-in ones.
func (b *builder) regimes() consent.Regimes {
	if b.file.Regime != "local" {
		if b.doc.Has("regimes") && !b.doc.failedAt("regime") {
			b.doc.Fail("regimes", "regimes counts with regime: local only; write that as well, or remove it")
		}
		return consent.Regimes{}
	}
	date, table := Regimes()
	r := consent.Regimes{Date: date, Rules: make(map[string]consent.Rule)}
	for _, p := range table {
		r.Rules[p.Place] = p.rule()
	}
	for _, place := range slices.Sorted(maps.Keys(b.file.Regimes)) {
		own := b.file.Regimes[place]
		b.checkPlace("regimes."+place, place, own)
		r.Rules[place] = own.rule()
	}
	b.checkRemembered("regime", "regime: local")
	if len(b.file.ConsentMode.Regions) > 0 {
		b.doc.Fail("consent_mode.regions", "consent_mode.regions and regime: local are two answers to one question; remove regions, what a visitor's regime permits is granted there too")
	}
	return r
}

func (b *builder) checkPlace(at, place string, own RuleFile) {
	country, _, _ := strings.Cut(place, "-")
	switch {
	case slices.Contains([]string{"EU", "EEA", "EFTA", "UK"}, place):
		b.doc.Fail(at, "%q is no country; there opt-in holds anyway: remove it", place)
	case !placePattern.MatchString(place):
		b.doc.Fail(at, `%q is no place; write a country of ISO 3166-1, such as "BR", or a state of the United States, such as "US-CA"`, place)
	case own.Regime != "" && own.Regime != string(consent.OptIn) && slices.Contains(optInCountries(), country):
		b.doc.Fail(at, "%s: nothing optional may run before a grant in %s; remove it", place, optInArea)
	}
	if own.CoolDown > maxCoolDown {
		b.doc.Fail(at+".cool_down", "cool_down must be at most %s, which is as long as browsers keep a cookie", maxCoolDown)
	}
}

// checkRemembered refuses what lets something run unasked where an objection
// would soon be forgotten.
func (b *builder) checkRemembered(at, what string) {
	switch b.file.Mode {
	case string(consent.ModeRemote):
		b.doc.Fail(at, "%s needs cookies that the server sets: in mode remote Safari forgets a refusal within 7 days, and what was refused would run again; write mode: path", what)
	case string(consent.ModeSubdomain):
		b.doc.Warn(at, "%s in mode subdomain: where Safari keeps cookies for 7 days only, a refusal is forgotten that soon, and what was refused runs again; mode path has no such limit", what)
	}
}

// exempt returns the countries in which a category runs until somebody objects.
func (b *builder) exempt(at string, c CategoryFile) []string {
	if c.Exempt == nil {
		return nil
	}
	if c.ID == consent.Necessary {
		b.doc.Fail(at+".exempt", "what is necessary needs no exemption; remove it")
	}
	if c.Exempt.CNIL == nil && c.Exempt.UK == nil {
		b.doc.Fail(at+".exempt", "%s.exempt has no checklist; write cnil or uk with what is true there, or remove it", at)
	}
	var countries []string
	if c.Exempt.CNIL != nil {
		countries = append(countries, "FR")
		b.checkAllTrue(at+".exempt.cnil", reflect.ValueOf(*c.Exempt.CNIL))
	}
	if c.Exempt.UK != nil {
		countries = append(countries, "GB")
		b.checkAllTrue(at+".exempt.uk", reflect.ValueOf(*c.Exempt.UK))
	}
	for i, s := range c.Services {
		if s.ConsentMode || b.services[s.ID].ConsentMode {
			b.doc.Fail(fmt.Sprintf("%s.services[%d]", at, i), "the service %q passes on what it measures, so that its category is not exempt; move it to another category, or remove exempt", s.ID)
		}
	}
	if b.exemptAt != "" {
		b.doc.Fail(at+".exempt", "only one category can be exempt; the other is %s", b.exemptAt)
	}
	b.exemptAt = at
	b.checkRemembered(at+".exempt", "exempt")
	return countries
}

// checkAllTrue holds a checklist: a condition that is not met ends the exemption.
func (b *builder) checkAllTrue(at string, list reflect.Value) {
	for name, f := range fieldsOf(list) {
		if !list.FieldByIndex(f.index).Bool() && b.doc.Has(join(at, name)) {
			b.doc.Fail(join(at, name), "%s is not met, so that consent is needed; make it true in fact and here, or remove %s", name, at[strings.LastIndex(at, ".")+1:])
		}
	}
}
