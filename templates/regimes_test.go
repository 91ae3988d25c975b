package templates_test

import (
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// presumedChoices is the page where things run until somebody objects.
func presumedChoices(site *consent.Site, gpc bool) templates.ChoicesPage {
	shown := withPolicy(site, func(p *consent.Policy) {
		p.Regimes = consent.Regimes{Rules: map[string]consent.Rule{"US": {Regime: consent.OptOut, GPC: true}}}
	})
	p, ruling := choices(shown, "en"), shown.Policy.Ruling("US", gpc, false)
	p.Frame, p.State, p.GPC = p.Frame.Under(ruling, ""), ruling.Standing(shown.Policy, nil, nil, now), gpc
	return p
}

func withPolicy(site *consent.Site, change func(*consent.Policy)) *consent.Site {
	changed, policy := *site, *site.Policy
	change(&policy)
	changed.Policy = consent.NewPolicy(policy)
	return &changed
}
