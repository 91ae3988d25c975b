package dashboard

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/templates"
)

// getStudio shows a site in one look, with what the lint says about its file.
func (d *Dashboard) getStudio(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	look, choices := lookOf(c, site)
	page := templates.StudioPage{Nonce: nonce(c), Viewer: frame(c), ID: site.ID, Name: site.Name, Look: look, Choices: choices, File: site.Source, Findings: d.findings(site)}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; frame-src 'self'") // the preview itself
	return show(c, http.StatusOK, templates.Studio(page))
}

// getStudioPage is what stands in the studio's frame.
func (d *Dashboard) getStudioPage(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	look, _ := lookOf(c, site)
	shown := inLook(site, look)
	// As every page of ours, but that the studio frames it.
	c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce(c)+"'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'")
	switch look.Layer {
	case "choices":
		form, err := templates.ChoicesForm(c.Request().Context(), shown, look.Locale)
		if err != nil {
			return err
		}
		ruling := shown.Policy.Ruling(somewhere, false, false)
		frame := consent.NewFrame(shown.Policy, "", "", nil, nil, consent.ServerVersion{}).Under(ruling, "")
		p := templates.ChoicesPage{Form: form, Frame: frame, Nonce: nonce(c), Locale: look.Locale, Now: d.Now()}
		p.State = ruling.Standing(shown.Policy, nil, nil, p.Now)
		_, _ = rand.Read(p.ID[:]) // never fails since Go 1.24
		return show(c, http.StatusOK, templates.Choices(p))
	case "receipt":
		return show(c, http.StatusOK, templates.Receipt(d.exampleReceipt(shown, look.Locale, nonce(c))))
	case "declaration":
		return show(c, http.StatusOK, templates.Declaration(templates.DeclarationPage{
			Nonce: nonce(c), Site: shown, Locale: look.Locale, Versions: []components.Version{{At: d.Now()}},
		}))
	}
	return show(c, http.StatusOK, templates.StudioLayer(templates.StudioFrame{Nonce: nonce(c), Site: shown, Look: look}))
}

// exampleReceipt is what a visitor reads who has just refused everything.
func (d *Dashboard) exampleReceipt(site *consent.Site, locale, nonce string) templates.ReceiptPage {
	p, now := site.Policy, d.Now()
	r := &consent.Record{
		Site: site.ID, Controller: p.Controller, Event: consent.Refused, Time: consent.At(now), Notice: consent.NoticeRef{Digest: p.NoticeDigest(), Locale: locale},
		Validity: consent.Validity{Expires: consent.At(now.Add(p.Memory))},
	}
	_, _ = rand.Read(r.ID[:]) // never fails since Go 1.24
	for _, c := range p.Categories {
		status := consent.Denied
		if c.ID == consent.Necessary {
			status = consent.Granted
		}
		r.Decisions = append(r.Decisions, consent.RecordDecision{Category: c.ID, Status: status, Scope: consent.Keep})
	}
	return templates.ReceiptPage{
		Nonce: nonce, Site: site, Locale: locale, Back: "/", Choices: site.Base() + "/choices",
		Entries: []templates.ReceiptEntry{{ID: r.ID, Time: now, Record: r}},
	}
}

func (d *Dashboard) site(c echo.Context) (*consent.Site, error) {
	for _, site := range d.sites(c) {
		if site.ID == c.Param("site") {
			return site, nil
		}
	}
	return nil, refuse(http.StatusNotFound, ErrSite)
}

// lookOf reads the look from the query. What is none of the options is as the
// site has it.
func lookOf(c echo.Context, site *consent.Site) (templates.Look, []templates.StudioChoice) {
	choices := []templates.StudioChoice{
		{Name: "layer", Label: "Layer", Chosen: "banner", Options: []string{"banner", "preferences", "choices", "placeholder", "receipt", "declaration"}},
		{Name: "layout", Label: "Layout", Chosen: site.Appearance.Layout, Options: []string{"bar", "card", "dialog"}},
		{Name: "scheme", Label: "Colours", Chosen: site.Appearance.Scheme, Options: []string{"auto", "light", "dark"}},
		{Name: "locale", Label: "Language", Chosen: site.Locales[0], Options: site.Locales},
		{Name: "device", Label: "Device", Chosen: "desktop", Options: []string{"phone", "tablet", "desktop"}},
		{Name: "regime", Label: "Regime", Chosen: string(consent.OptIn), Options: []string{string(consent.OptIn), string(consent.OptOut), string(consent.NoticeOnly)}},
	}
	for i, choice := range choices {
		if asked := c.QueryParam(choice.Name); slices.Contains(choice.Options, asked) {
			choices[i].Chosen = asked
		}
	}
	return templates.Look{
		Layer: choices[0].Chosen, Layout: choices[1].Chosen, Scheme: choices[2].Chosen,
		Locale: choices[3].Chosen, Device: choices[4].Chosen, Regime: consent.Regime(choices[5].Chosen),
	}, choices
}

// somewhere is where a look's regime holds: no country has this code.
const somewhere = "ZZ"

// inLook is the site as it would be with this layout and these colours, and with
// this regime somewhere.
func inLook(site *consent.Site, look templates.Look) *consent.Site {
	shown, policy := *site, *site.Policy
	policy.Regimes = consent.Regimes{Rules: map[string]consent.Rule{somewhere: {Regime: look.Regime}}}
	shown.Policy = consent.NewPolicy(policy)
	shown.Appearance.Layout, shown.Appearance.Scheme = look.Layout, look.Scheme
	return &shown
}

func findings(problems []siteconfig.Problem) (list []templates.Finding) {
	for _, p := range problems {
		list = append(list, templates.Finding{Place: fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column), Text: p.Message, Hard: !p.Warning})
	}
	return list
}
