package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// pageOrigin checks that a script's request comes from a page of the site and
// returns its origin. Browsers send Origin with every POST; one that is missing,
// null or another's is refused, so that no other site can decide for a visitor.
func pageOrigin(r *http.Request, s *Site) (string, error) {
	origin := r.Header.Get("Origin")
	if len(r.Header.Values("Origin")) != 1 || !slices.Contains(s.Deployment.Origins, origin) {
		return "", ErrOrigin
	}
	if fetch := r.Header.Get("Sec-Fetch-Site"); fetch != "" && s.Deployment.Mode == consent.ModePath && fetch != "same-origin" {
		return "", ErrOrigin
	}
	return origin, nil
}

// formOrigin does the same for the page without JavaScript, which posts to its
// own origin. Some browsers send null under a strict referrer policy; that is
// believed only when they also say that the request is of the same origin. Browsers
// that show text alone send none at all: what names one of our pages as the one
// before is believed then, since no page of another origin can make a browser say it.
func formOrigin(r *http.Request, own string) error {
	fetch := r.Header.Get("Sec-Fetch-Site")
	switch origin := r.Header.Get("Origin"); {
	case origin == own:
		return nil
	case origin == "null" && fetch == "same-origin":
		return nil
	case origin == "" && (fetch == "" || fetch == "same-origin") && strings.HasPrefix(r.Referer(), own+"/"):
		return nil
	}
	return ErrOrigin
}

// postedForm reads the fields of a form from its body alone, each once: nothing in
// an address may answer what was left open on the page.
func postedForm(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, fmt.Errorf("%w: a field is repeated", ErrForm)
		}
	}
	return r.PostForm, nil
}

// ownOrigin is the origin under which this request reached Consentry.
func ownOrigin(c echo.Context) string {
	if secure(c) {
		return "https://" + bareHost(c.Request().Host)
	}
	return "http://" + bareHost(c.Request().Host)
}

// allowCORS answers a page of another origin in modes B and C, by exact origin;
// credentials go in B only, because C has no cookies.
func allowCORS(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, h := siteOf(c), c.Response().Header()
		if s.Deployment.Mode == consent.ModePath {
			return next(c)
		}
		h.Add("Vary", "Origin")
		if origin := c.Request().Header.Get("Origin"); slices.Contains(s.Deployment.Origins, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			if s.Deployment.Mode == consent.ModeSubdomain {
				h.Set("Access-Control-Allow-Credentials", "true")
			}
		}
		return next(c)
	}
}

func (a *API) preflight(c echo.Context) error {
	h := c.Response().Header()
	if h.Get("Access-Control-Allow-Origin") == "" {
		return ErrOrigin
	}
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	h.Set("Access-Control-Max-Age", "7200")
	return c.NoContent(http.StatusNoContent)
}
