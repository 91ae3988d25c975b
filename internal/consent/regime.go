package consent

import (
	"strings"
	"time"
)

// Rule is the law of one place, as far as a site goes by it there.
type Rule struct {
	Regime Regime `json:"regime"`
	// GPC says that the law binds sites to Global Privacy Control.
	GPC bool `json:"gpc"`
	// CoolDown is how long somebody who refused must not be asked again.
	CoolDown time.Duration `json:"cool_down"`
}

// Everywhere is the rule of a place that nobody knows, and of every site that
// has no other.
var everywhere = Rule{Regime: OptIn}

// Regimes say which rule holds where.
type Regimes struct {
	Date  string          // of the newest look at the laws, YYYY-MM-DD
	Rules map[string]Rule // by ISO 3166-1 country, or US state as US-CA
}

// At returns the rule for a place as Place names it: a state's own, else its
// country's, else opt-in.
func (r Regimes) At(place string) Rule {
	if rule, ok := r.Rules[place]; ok {
		return rule
	}
	country, _, _ := strings.Cut(place, "-")
	if rule, ok := r.Rules[country]; ok {
		return rule
	}
	return everywhere
}

// Place names where a visitor is: a country, of the United States the state as
// well, and nothing finer; "" when the country is not known.
func Place(country, region string) string {
	if country == "US" && region != "" {
		return country + "-" + region
	}
	return country
}

// SignalRules say which of the browser's own signals a site honours.
type SignalRules struct {
	// GPCBinding honours Global Privacy Control only where the law binds to it;
	// otherwise it is honoured everywhere.
	GPCBinding bool
	// DNT is what becomes of Do Not Track: one of the DNT constants.
	DNT string
	// Override lets what a visitor permits with a signal in view go before it, for
	// sale and sharing, too; the visitor reads that.
	Override bool
}

// GPCSince is when what Consentry does about Global Privacy Control last changed.
const GPCSince = "2026-11-28"

// What a site does about Do Not Track.
const (
	DNTHonor    = "honor"    // as Global Privacy Control
	DNTIgnore   = "ignore"   // nothing
	DNTDisclose = "disclose" // nothing, and the policy text says so
)

// Honours reports whether a visitor's signals count under rule.
func (s SignalRules) Honours(rule Rule, gpc, dnt bool) bool {
	return gpc && (rule.GPC || !s.GPCBinding) || dnt && s.DNT == DNTHonor
}
