package consent

import (
	"slices"
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
}

// GPCSince is when what Consentry does about Global Privacy Control last changed.
const GPCSince = "2026-11-26"

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

// Remembered is what a visitor's cookies say about one category.
type Remembered string

const (
	NoAnswer   Remembered = "none"
	IsGranted  Remembered = "granted"
	IsDenied   Remembered = "refused"
	WasGranted Remembered = "granted, then the notice changed"
	WasDenied  Remembered = "refused, then the notice changed"
)

// Case is all that decides about one category.
type Case struct {
	Child    bool // the site is for children
	Regime   Regime
	Exempt   bool // measurement that needs no consent where the visitor is
	CoolDown bool // the law forbids asking again while a refusal is remembered
	Signal   bool // an honoured signal: Global Privacy Control or Do Not Track
	Answer   Remembered
	Despite  bool // the answer was given, or taken back, with the signal in view
}

// Show is what a visitor sees who has done nothing on this page.
type Show string

const (
	ShowNothing  Show = "nothing"
	ShowBanner   Show = "the banner"
	ShowSettings Show = "the settings control"
	ShowChoices  Show = "the link Your privacy choices"
)

// Judgement is what follows from a Case.
type Judgement struct {
	Status   Status
	Ask      bool
	Show     Show
	Honoured bool // it is said that the signal was honoured
}

// Judge is the one table of what holds: regime, signal, stored answer, cool-down
// and whether the site is for children. A signal is never a grant, and a refusal
// outlives a change of the notice.
func Judge(c Case) Judgement {
	if c.Child {
		return Judgement{Status: Denied, Show: ShowNothing}
	}
	j := Judgement{Status: Denied, Show: ShowSettings, Honoured: c.Signal}
	if c.Regime == OptOut {
		j.Show = ShowChoices
	}
	open := c.Regime == OptIn && !c.Exempt // nothing holds here until it is answered
	switch c.Answer {
	case IsDenied:
	case IsGranted:
		j.Status = statusOf(!c.Signal || c.Despite)
	case WasDenied:
		j.Ask = open && !c.CoolDown
	default: // nobody has answered what is asked today
		j.Ask = open
		j.Status = statusOf(!open && !c.Signal)
	}
	if j.Ask {
		j.Show = ShowBanner
	}
	return j
}

// Ruling is what a site presumes about a visitor before any answer. A site has
// few of them: every gate, frame and page is made for one.
type Ruling struct {
	Regime Regime
	Signal bool          // an honoured signal
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
	r := Ruling{Regime: rule.Regime, Signal: p.Signals.Honours(rule, gpc, dnt), Memory: max(p.Memory, rule.CoolDown)}
	for _, c := range p.Optional() {
		r.Presumed = append(r.Presumed, p.presume(c, place, rule, r.Signal))
	}
	return r
}

func (p *Policy) presume(c Category, place string, rule Rule, signal bool) Status {
	of := Case{Child: p.ChildDirected, Regime: rule.Regime, CoolDown: rule.CoolDown > 0, Signal: signal, Exempt: c.ExemptAt(place), Answer: NoAnswer}
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
		for _, signal := range [...]bool{false, true} {
			r := p.Ruling(place, signal, false)
			if !slices.ContainsFunc(list, r.equal) {
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

func (r Ruling) equal(o Ruling) bool {
	return r.Regime == o.Regime && r.Signal == o.Signal && r.Memory == o.Memory && slices.Equal(r.Presumed, o.Presumed)
}

// ID names the ruling among those of its site: a few characters.
func (r Ruling) ID() string {
	return shortDigest(struct {
		Regime   Regime
		Signal   bool
		Memory   int64 // seconds
		Presumed []Status
	}{r.Regime, r.Signal, int64(r.Memory.Seconds()), r.Presumed})
}

// SignalMark is the id under which both cookies say that an answer was given, or
// taken back, with a signal in view. No category or service may have it.
const SignalMark = "gpc"

// Standing is what holds for a visitor under the ruling: what the cookies say, a
// signal that they do not know of, and what is presumed about the rest. hint may
// narrow sealed and never widens it; a category on which they disagree counts as
// refused. Either may be nil.
func (r Ruling) Standing(p *Policy, sealed *Sealed, hint *State, now time.Time) State {
	if p.ChildDirected {
		sealed, hint = nil, nil
	}
	s := remembered(sealed, hint, now)
	_, despite := s.Services[SignalMark]
	delete(s.Services, SignalMark)
	for i, c := range p.Optional() {
		choice, known := s.Categories[c.ID]
		digest := p.CategoryDigest(c.ID)
		switch {
		case known && choice.Digest == digest:
		case known && choice.Status == Denied && r.Presumed[i] != "":
			s.Categories[c.ID] = Choice{Status: Denied, Digest: digest}
		case r.Presumed[i] == Granted || r.Presumed[i] == Denied:
			s.Categories[c.ID] = Choice{Status: r.Presumed[i], Digest: digest}
		}
	}
	if r.Signal && !despite {
		s.denyAll()
	}
	if s.Expires.IsZero() {
		s.Expires = now.Add(r.Memory)
	}
	return s
}

// remembered is what the cookies say together. Without a sealed one a hint can
// only refuse.
func remembered(sealed *Sealed, hint *State, now time.Time) State {
	if hint != nil && !now.Before(hint.Expires) {
		hint = nil
	}
	if sealed != nil && !now.Before(time.Unix(sealed.Expires, 0)) {
		sealed = nil
	}
	s := State{Categories: make(map[string]Choice), Services: make(map[string]Status)}
	if sealed == nil {
		if hint != nil {
			s.refuse(*hint)
		}
		return s
	}
	if hint == nil {
		hint = &State{Expires: time.Unix(sealed.Expires, 0).UTC()}
	}
	both := And(sealed.State(), *hint)
	for id, c := range sealed.Categories {
		if _, ok := both.Categories[id]; !ok && c[1] != "" {
			both.Categories[id] = Choice{Status: Denied} // an answer to no question
		}
	}
	if sealed.Services[SignalMark] == "" || hint.Services[SignalMark] == "" {
		delete(both.Services, SignalMark)
	}
	return both
}

func (s State) refuse(hint State) {
	for id, c := range hint.Categories {
		if c.Status != Granted {
			s.Categories[id] = c
		}
	}
	for id, status := range hint.Services {
		if status != Granted && id != SignalMark {
			s.Services[id] = status
		}
	}
}

func (s State) denyAll() {
	for id, c := range s.Categories {
		c.Status = Denied
		s.Categories[id] = c
	}
	for id := range s.Services {
		s.Services[id] = Denied
	}
}
