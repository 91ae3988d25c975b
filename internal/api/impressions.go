package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// maxLeaked is how many services one impression may name.
const maxLeaked = 100

// impression is the body of POST impressions.
type impression struct {
	Rendering string   `json:"rendering"`
	Locale    string   `json:"locale"`
	Layout    string   `json:"layout"`
	Again     bool     `json:"again"`
	WebDriver bool     `json:"webdriver"`
	Leaked    []string `json:"leaked"` // services that the page had asked by then, and that nobody permitted
}

func (a *API) postImpression(c echo.Context) error {
	s := siteOf(c)
	if _, err := pageOrigin(c.Request(), s); err != nil {
		return err
	}
	var body impression
	if err := decodeJSON(c.Request(), &body); err != nil {
		return err
	}
	if err := s.checkImpression(body); err != nil {
		return err
	}
	header := c.Request().Header
	ua := classify(header)
	shown := consent.Impression{
		Moment: s.moment(c, a.now()), Locale: body.Locale, Layout: body.Layout, Regime: s.rulingOf(c).Regime, Form: ua.Form,
		Again: body.Again, Leaked: s.optional(body.Leaked),
		GPC: hasOne(header.Values("Sec-Gpc")), Automated: body.WebDriver || ua.Family == "bot",
	}
	shown.Notice, shown.Variant = a.noticeOf(c.Request().Context(), s, body.Rendering)
	if err := a.Store.AddCounts(c.Request().Context(), s.ID, shown.Counts()); err != nil {
		return err
	}
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	return c.NoContent(http.StatusNoContent)
}

func (s *Site) checkImpression(body impression) error {
	look := s.showing(body.Rendering)
	if look == nil {
		look = s
	}
	switch {
	case !s.isName(body.Rendering) || !slices.Contains(s.Locales, body.Locale) || body.Layout != look.Appearance.Layout:
		return fmt.Errorf("%w: rendering, locale or layout is unknown", consent.ErrInvalid)
	case len(body.Leaked) > maxLeaked:
		return fmt.Errorf("%w: more than %d services", consent.ErrInvalid, maxLeaked)
	}
	return nil
}

// optional returns those of ids that are services which have to be permitted, each
// once. Others are left out: an older banner may know services that are gone.
func (s *Site) optional(ids []string) (known []string) {
	for _, c := range s.Policy.Optional() {
		for _, service := range c.Services {
			if slices.Contains(ids, service.ID) {
				known = append(known, service.ID)
			}
		}
	}
	return known
}
