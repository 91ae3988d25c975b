package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

func (a *API) getChoices(c echo.Context) error {
	s := siteOf(c)
	outcome := templates.Unsent
	if c.QueryParam("saved") == "1" {
		outcome = templates.Saved
	}
	return a.showChoices(c, s, choicesView{
		locale: s.pageLocale(c.Request(), c.QueryParam("locale")), back: s.backFrom(c.QueryParam("back")), outcome: outcome, status: http.StatusOK,
	})
}

type choicesView struct {
	locale, back string
	outcome      templates.Outcome
	status       int
}

func (a *API) showChoices(c echo.Context, s *Site, v choicesView) error {
	now, ruling := a.Now(), s.rulingOf(c)
	p := templates.ChoicesPage{
		Form: s.scripts[v.locale]["page"].plain, Frame: s.audienceOf(ruling).frame, Nonce: pageHeaders(c, s), Locale: v.locale, Rendering: s.Rendering,
		Back: s.backURL(v.back), Outcome: v.outcome, Now: now, GPC: ruling.Signal && !ruling.DNT, DNT: ruling.DNT,
	}
	_, _ = rand.Read(p.ID[:]) // never fails since Go 1.24
	sealed, hint := s.jar.Read(c.Request(), secure(c), now)
	if sealed != nil && !s.Policy.ChildDirected {
		p.Decided = unix(sealed.Issued)
		p.Receipt = s.Base() + s.receiptPath(sealed.Record) + "?locale=" + v.locale
		p.Since = s.since(sealed, v.locale)
	}
	p.State = ruling.Standing(s.Policy, sealed, hint, now)
	c.Response().WriteHeader(v.status)
	return templates.Choices(p).Render(c.Request().Context(), c.Response())
}

// postChoices takes the form's decision and sends the visitor back.
func (a *API) postChoices(c echo.Context) error {
	s := siteOf(c)
	if err := formOrigin(c.Request(), ownOrigin(c)); err != nil {
		return err
	}
	form, err := postedForm(c.Request())
	if err != nil {
		return err
	}
	d, err := formDecision(s, form)
	if err != nil {
		return err
	}
	t := attempt{decision: d, origin: ownOrigin(c)}
	t.sealed, t.hint = s.jar.Read(c.Request(), secure(c), a.Now())
	v, err := a.decide(c, s, t)
	if outcome, status := outcomeOf(err); outcome != templates.Unsent {
		return a.showChoices(c, s, choicesView{locale: s.pageLocale(c.Request(), d.Locale), back: s.backFrom(form.Get("back")), outcome: outcome, status: status})
	}
	if err != nil {
		return err
	}
	if err := a.setCookies(c, s, v); err != nil {
		return err
	}
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	return c.Redirect(http.StatusSeeOther, s.backURL(s.backFrom(form.Get("back"))))
}

// explainChoices is an explanation: of what else keeps a choice from being saved.
func (a *API) explainChoices(c echo.Context, status int) error {
	s := siteOf(c)
	form, _ := postedForm(c.Request()) // for language and way back, if they can be read
	return a.showChoices(c, s, choicesView{
		locale: s.pageLocale(c.Request(), form.Get("locale")), back: s.backFrom(form.Get("back")), outcome: templates.Failed, status: status,
	})
}

// outcomeOf tells which failures are answered with the page whoever asks, with a fresh
// form.
func outcomeOf(err error) (templates.Outcome, int) {
	switch {
	case errors.Is(err, consent.ErrSuperseded):
		return templates.Changed, http.StatusConflict
	case errors.Is(err, consent.ErrUnavailable):
		return templates.Failed, http.StatusServiceUnavailable
	case errors.Is(err, consent.ErrBusy):
		return templates.Failed, http.StatusTooManyRequests
	}
	return templates.Unsent, 0
}

// formDecision reads the form's fields. Checkboxes that are off are not sent:
// a category without one is denied, and a service adds to a denied category.
func formDecision(s *Site, form url.Values) (consent.Decision, error) {
	id, err := consent.ParseID(form.Get("id"))
	if err != nil {
		return consent.Decision{}, fmt.Errorf("%w: id", ErrForm)
	}
	if !slices.Contains([]string{"accept-all", "reject-all", "save", "withdraw"}, form.Get("control")) {
		return consent.Decision{}, fmt.Errorf("%w: control", ErrForm)
	}
	d := consent.Decision{
		ID: id, Rendering: form.Get("rendering"), Locale: form.Get("locale"), Layout: "page", Surface: "page",
		Control: form.Get("control"), Layer: 2, Scope: consent.Keep,
		Categories: make(map[string]consent.Status), Services: make(map[string]consent.Status),
	}
	if d.Control == "accept-all" || d.Control == "reject-all" {
		d.Layer = 1
	}
	for _, category := range s.Policy.Optional() {
		granted := d.Control == "accept-all" || d.Control == "save" && form.Get("c."+category.ID) == "granted"
		d.Categories[category.ID] = consent.Denied
		if granted {
			d.Categories[category.ID] = consent.Granted
		}
		for _, service := range category.Services {
			if !granted && d.Control == "save" && form.Get("s."+service.ID) == "granted" {
				d.Services[service.ID] = consent.Granted
			}
		}
	}
	return d, nil
}
