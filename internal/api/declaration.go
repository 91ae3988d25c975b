package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/static"
	"github.com/consentry/consentry/templates"
)

// maxVersions bounds how many changes a declaration lists.
const maxVersions = 50

// declared is the declaration in one language, the same for everybody.
type declared struct {
	page   []byte
	script *asset // puts it into a page of the owner's
}

// declare makes the declaration of every language, with the changes between what was
// asked.
func (s *Site) declare(ctx context.Context, asked []question) error {
	versions := s.versions(asked)
	s.declarations = make(map[string]declared)
	for _, locale := range s.Locales {
		var page, inside bytes.Buffer
		if err := templates.Declaration(templates.DeclarationPage{Site: s.Site, Locale: locale, Versions: versions}).Render(ctx, &page); err != nil {
			return err
		}
		if err := components.Declaration(s.Site, locale, versions).Render(ctx, &inside); err != nil {
			return err
		}
		html, err := literal(inside.String())
		if err != nil {
			return err
		}
		css, err := literal(components.DeclarationCSS())
		if err != nil {
			return err
		}
		s.declarations[locale] = declared{page.Bytes(), newAsset(static.Declaration(html, css))}
	}
	return nil
}

// versions lists when what the site asks about changed, newest first.
func (s *Site) versions(asked []question) []components.Version {
	var list []components.Version
	var before map[string]bool
	for _, q := range asked {
		now := listedIn(q.frame)
		version := components.Version{At: q.since}
		if before != nil {
			version.Added, version.Removed = s.without(now, before), s.without(before, now)
		}
		list, before = append(list, version), now
	}
	slices.Reverse(list)
	return list[:min(len(list), maxVersions)]
}

func listedIn(f *consent.Frame) map[string]bool {
	ids := make(map[string]bool)
	for _, c := range f.Categories {
		for _, id := range c.Services {
			ids[id] = true
		}
	}
	return ids
}

// without names the services of one set that the other has not. One that the site
// does not use any more is called by its id.
func (s *Site) without(these, those map[string]bool) (names []string) {
	for id := range these {
		if !those[id] {
			names = append(names, s.serviceName(id))
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

func (s *Site) serviceName(id string) string {
	for _, c := range s.Policy.Categories {
		for _, service := range c.Services {
			if service.ID == id {
				return service.Name
			}
		}
	}
	return id
}

// getDeclaration shows the list as a page, which the site's own pages may frame.
func (a *API) getDeclaration(c echo.Context) error {
	s := siteOf(c)
	page := s.declarations[s.pageLocale(c.Request(), c.QueryParam("locale"))].page
	style := sha256.Sum256([]byte(templates.DeclarationStyle(s.Site)))
	h := c.Response().Header()
	delete(h, echo.HeaderXRequestID) // a cache would repeat it
	// No script, no form; style by its hash, since caches keep the page.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(style[:])+
		"'; form-action 'none'; base-uri 'none'; frame-ancestors "+strings.Join(s.Deployment.Origins, " "))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	setHeader(h, "Cache-Control", shortLife)
	setHeader(h, "Vary", "Accept-Language")
	return c.HTMLBlob(http.StatusOK, page)
}

// getDeclarationScript serves the list for a page of the owner's, by language.
func (a *API) getDeclarationScript(c echo.Context) error {
	locale, ok := strings.CutSuffix(c.Param("file"), ".js")
	d, known := siteOf(c).declarations[locale]
	if !ok || !known {
		return echo.ErrNotFound
	}
	return d.script.serve(c, shortLife)
}
