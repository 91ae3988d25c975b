package consent

import (
	"slices"
	"strings"
	"time"
)

// Ruling is what a site presumes about a visitor before any answer. A site has
// few of them: every gate, frame and page is made for one.
type Ruling struct {
	Regime Regime
	Signal bool          // an honoured signal
	DNT    bool          // it is Do Not Track alone
	Heeds  bool          // Global Privacy Control is honoured
	Memory time.Duration // how long an answer holds; never shorter than the cool-down
	// Presumed has, for each optional category in order: granted or denied, which
	// is not asked about; "" to be asked; Keeps to be asked unless it was refused.
	Presumed []Status
}

// Keeps is a presumption about a category: a refusal stays one although the
// notice has changed since. Otherwise it is asked about.
const Keeps Status = "keeps"

// Ruling returns the one for a visitor at a place, whose browser sends signals.
func (p *Policy) Ruling(place string, gpc, dnt bool) Ruling {
	rule := p.Regimes.At(place)
	r := Ruling{
		Regime: rule.Regime, Signal: p.Signals.Honours(rule, gpc, dnt), DNT: !p.Signals.Honours(rule, gpc, false) && p.Signals.Honours(rule, false, dnt),
		Heeds: p.Signals.Honours(rule, true, false), Memory: max(p.Memory, rule.CoolDown),
	}
	for _, c := range p.Optional() {
		r.Presumed = append(r.Presumed, p.presume(c, place, rule, r.Signal))
	}
	return r
}

func (p *Policy) presume(c Category, place string, rule Rule, signal bool) Status {
	of := Case{Child: p.ChildDirected, Regime: rule.Regime, CoolDown: rule.CoolDown > 0, Signal: signal, Exempt: c.ExemptAt(place), Answer: NoAnswer, Yields: p.Yields(c.ID)}
	j := Judge(of)
	if !j.Ask {
		return j.Status
	}
	if of.Answer = WasDenied; !Judge(of).Ask {
		return Keeps
	}
	return ""
}

// ExemptAt reports whether the category is measurement that needs no consent at
// a place.
func (c *Category) ExemptAt(place string) bool {
	country, _, _ := strings.Cut(place, "-")
	return slices.Contains(c.Exempt, country)
}

// Holds returns the longest that a choice holds anywhere: more than Memory where
// nobody may be asked again sooner.
func (p *Policy) Holds() time.Duration {
	longest := p.Memory
	for _, r := range p.Rulings() {
		longest = max(longest, r.Memory)
	}
	return longest
}

// Rulings returns all that a site has, without repetition. The first asks about
// everything and knows of no signal; a site with one regime has no other.
func (p *Policy) Rulings() []Ruling {
	list := []Ruling{p.Ruling("", false, false)}
	if !p.Local() {
		return list
	}
	places := []string{""}
	for _, c := range p.Optional() {
		places = append(places, c.Exempt...)
	}
	for _, place := range append(places, sortedKeys(p.Regimes.Rules)...) {
		for _, sent := range [...]struct{ gpc, dnt bool }{{}, {gpc: true}, {dnt: true}} { // what is said names the one that counts
			r := p.Ruling(place, sent.gpc, sent.dnt)
			if !slices.ContainsFunc(list, r.Equal) {
				list = append(list, r)
			}
		}
	}
	return list
}

// Local reports whether visitors are treated by where they are, so that two of
// them may be served something different.
func (p *Policy) Local() bool {
	return len(p.Regimes.Rules) > 0 || slices.ContainsFunc(p.Optional(), func(c Category) bool { return len(c.Exempt) > 0 })
}

// Equal reports whether both are the same: whether their IDs are, without hashing.
func (r Ruling) Equal(o Ruling) bool {
	return r.Regime == o.Regime && r.Signal == o.Signal && r.DNT == o.DNT && r.Heeds == o.Heeds && r.Memory == o.Memory && slices.Equal(r.Presumed, o.Presumed)
}

// ID names the ruling among those of its site: a few characters.
func (r Ruling) ID() string {
	return shortDigest(struct {
		Regime   Regime
		Signal   bool
		DNT      bool `json:",omitempty"`
		Heeds    bool
		Memory   int64 // seconds
		Presumed []Status
	}{r.Regime, r.Signal, r.DNT, r.Heeds, int64(r.Memory.Seconds()), r.Presumed})
}
