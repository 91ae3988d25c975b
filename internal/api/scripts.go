package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/static"
)

func (a *API) getGate(c echo.Context) error {
	s := siteOf(c)
	if s.advanced == nil && len(s.others) == 0 {
		return s.gate.serve(c, s.gateLife(a.Now()))
	}
	visitors := s.audienceOf(s.rulingOf(c))
	if a.forgotten(c, s) {
		visitors = s.audience
	}
	if a.ObserveSignal != nil && visitors.ruling.Signal {
		a.ObserveSignal(s.ID, string(visitors.ruling.Regime))
	}
	if s.isAdvanced(c) {
		return visitors.advanced.serve(c, perVisitor)
	}
	return visitors.gate.serve(c, perVisitor)
}

// forgotten reports whether a browser has lost the readable half of a choice: the
// gate, which sees no other, must not presume anything then.
func (a *API) forgotten(c echo.Context, s *Site) bool {
	sealed, hint := s.jar.Read(c.Request(), secure(c), a.Now())
	return sealed != nil && (hint == nil || !a.Now().Before(hint.Expires))
}

// isAdvanced reports whether the visitor is known to be where the owner uses
// advanced mode, and has not asked to be left alone: by Global Privacy Control in any
// case, by Do Not Track where the site honours it.
func (s *Site) isAdvanced(c echo.Context) bool {
	if s.rulingOf(c).Signal || hasOne(c.Request().Header.Values("Sec-Gpc")) {
		return false
	}
	return slices.Contains(s.Deployment.ConsentMode.Advanced.Countries, placeOf(c).Country)
}

// getFrozen serves a gate under its digest, gate.<digest>.js for subresource
// integrity: today's build or an older one that the store kept.
func (a *API) getFrozen(c echo.Context) error {
	digest, ok := strings.CutPrefix(c.Param("script"), "gate.")
	digest, js := strings.CutSuffix(digest, ".js")
	if !ok || !js {
		return echo.ErrNotFound
	}
	if current := siteOf(c).gate; digest == current.digest {
		return current.serve(c, immutable)
	}
	return a.serveStored(c, "gate", digest)
}

// getScript serves one of the other scripts, of today's rendering or of an
// earlier one, which a page held in some cache may still name.
func (a *API) getScript(kind string) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, rendering := siteOf(c), c.Param("rendering")
		locale, ok := strings.CutSuffix(c.Param("file"), ".js")
		if !ok {
			return echo.ErrNotFound
		}
		if !isNamed(s.Rendering, rendering) {
			return a.serveOlder(c, kind, rendering, locale)
		}
		script := s.scripts[locale][kind]
		if script == nil {
			return echo.ErrNotFound
		}
		return script.serve(c, immutable)
	}
}

func (a *API) serveOlder(c echo.Context, kind, rendering, locale string) error {
	digest, err := a.rendering(c.Request().Context(), siteOf(c), rendering)
	if err != nil {
		return err
	}
	stored, err := a.Store.Artefact(c.Request().Context(), siteOf(c).ID, digest)
	if err != nil {
		return err
	}
	var doc renderingDoc
	if stored.Kind != "rendering" {
		return echo.ErrNotFound
	}
	if err := json.Unmarshal(stored.Body, &doc); err != nil {
		return fmt.Errorf("read rendering: %w", err)
	}
	return a.serveStored(c, kind, doc.Locales[locale][kind])
}

// rendering returns the digest of the stored rendering that is called name.
func (a *API) rendering(ctx context.Context, s *Site, name string) (string, error) {
	if len(name) != nameLength {
		return name, nil
	}
	list, err := a.Store.Artefacts(ctx, s.ID, "rendering")
	if err != nil {
		return "", fmt.Errorf("list renderings: %w", err)
	}
	for _, one := range list {
		if isNamed(one.Digest, name) {
			return one.Digest, nil
		}
	}
	return "", echo.ErrNotFound
}

func (a *API) serveStored(c echo.Context, kind, digest string) error {
	stored, err := a.Store.Artefact(c.Request().Context(), siteOf(c).ID, digest)
	if err != nil {
		return err
	}
	if stored.Kind != kind || consent.Digest(stored.Body) != digest {
		return echo.ErrNotFound
	}
	return newAsset(stored.Body).serve(c, immutable)
}

func (a *API) getOpenAPI(c echo.Context) error { return document(c, "application/json", openAPI) }

// getGPC says that the site abides by Global Privacy Control, as far as it has to
// at least. https://www.w3.org/TR/gpc/#gpc-support-resource
func (a *API) getGPC(c echo.Context) error {
	return document(c, "application/json", []byte(`{"gpc":true,"lastUpdate":"`+consent.GPCSince+`"}`+"\n"))
}

func (a *API) getTypes(c echo.Context) error {
	return document(c, "application/typescript; charset=utf-8", static.Types())
}

func document(c echo.Context, media string, body []byte) error {
	h := c.Response().Header()
	delete(h, echo.HeaderXRequestID) // a cache would repeat it
	setHeader(h, "Cache-Control", shortLife)
	return c.Blob(http.StatusOK, media, body)
}
