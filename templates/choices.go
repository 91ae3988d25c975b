package templates

import (
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

// Outcome is what the visitor is told about the choice that was just sent.
type Outcome int

const (
	Unsent  Outcome = iota // nothing was sent
	Saved                  // it is recorded
	Failed                 // it could not be recorded, nothing was switched on
	Changed                // the notice has changed meanwhile, please choose again
)

// ChoicesPage is the page on which a visitor decides without JavaScript.
//
// Both of its forms post to "choices" beside it: id, rendering, locale, back,
// control, and for control save c.<category> and s.<service>, each "granted". A
// category that is not sent is denied. A service that is not sent follows its
// category: its switch can add to a denied category and takes nothing from a
// granted one, because without a script one switch cannot move another.
type ChoicesPage struct {
	Nonce     string
	Site      *consent.Site
	Locale    string     // one of Site.Locales
	ID        consent.ID // the decision that a form would send, fresh for each page
	Rendering string
	Back      string        // same-site path, checked by the caller
	State     consent.State // what holds now: zero without a valid choice
	Decided   time.Time     // when it was decided, zero without a valid choice
	Receipt   string        // address of the newest receipt, may be empty
	GPC       bool          // the request carries Sec-GPC: 1
	Outcome   Outcome
	Now       time.Time
}

func (p *ChoicesPage) texts() consent.Texts { return p.Site.Texts[p.Locale] }

func (p *ChoicesPage) fill(text string) string {
	return fill(text, "{site}", p.Site.Name, "{date}", lang.Of(p.Locale).Moment(p.Decided))
}

func (p *ChoicesPage) decided() bool { return !p.Decided.IsZero() }

// answered reports whether the visitor has answered today's question about a
// category; a changed one is asked anew.
func (p *ChoicesPage) answered(category string) bool {
	for _, id := range p.State.Asks(p.Site.Policy, p.Now) {
		if id == category {
			return false
		}
	}
	return true
}

// preset is a category's switch: the answer that holds, else what the regime
// presumes, which a browser's signal turns off.
func (p *ChoicesPage) preset(category string) bool {
	if p.decided() && p.answered(category) {
		return p.wholly(category)
	}
	return p.Site.Policy.Regime != consent.OptIn && !p.GPC
}

// wholly reports whether a category is permitted with every service in it.
// Only then may its switch be on, which stands for all of them.
func (p *ChoicesPage) wholly(category string) bool {
	for _, c := range p.Site.Policy.Optional() {
		if c.ID != category {
			continue
		}
		for _, s := range c.Services {
			if !p.State.PermitsService(p.Site.Policy, s.ID, p.Now) {
				return false
			}
		}
	}
	return p.State.Permits(p.Site.Policy, category, p.Now)
}

func (p *ChoicesPage) permits(service string) bool {
	return p.State.PermitsService(p.Site.Policy, service, p.Now)
}

// anything reports whether there is something to withdraw.
func (p *ChoicesPage) anything() bool {
	for _, c := range p.Site.Policy.Optional() {
		if p.State.Permits(p.Site.Policy, c.ID, p.Now) {
			return true
		}
		for _, s := range c.Services {
			if p.permits(s.ID) {
				return true
			}
		}
	}
	return false
}

// holding is one line of what holds now.
type holding struct {
	Name string
	On   bool
	Part bool // a service that differs from the category above it
}

func (p *ChoicesPage) holdings() []holding {
	var list []holding
	for _, c := range p.Site.Policy.Optional() {
		on := p.State.Permits(p.Site.Policy, c.ID, p.Now)
		list = append(list, holding{Name: title(p.texts(), c.ID), On: on})
		for _, s := range c.Services {
			if p.permits(s.ID) != on {
				list = append(list, holding{Name: serviceName(p.Site.Policy, s.ID), On: !on, Part: true})
			}
		}
	}
	return list
}

// company is who receives what a service learns, and where.
func company(s consent.Service) string {
	if s.Country == "" {
		return s.Company
	}
	return s.Company + ", " + s.Country
}

func names(services []consent.Service) string {
	list := make([]string, len(services))
	for i, s := range services {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}

// phrase translates what the policy says about a cookie, as far as it is known.
func (p *ChoicesPage) phrase(english string) string {
	return lang.Of(p.Locale).Phrase(p.texts().Phrases, english)
}
