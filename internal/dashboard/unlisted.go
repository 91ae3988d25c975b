package dashboard

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/templates"
)

// ErrUnlisted is a form about something that was not seen on the site, or that its
// file lists meanwhile: 404.
var ErrUnlisted = errors.New("this was not seen on the site, or its file lists it by now")

// getUnlisted shows what was seen and is not listed, and for one of it the form of a
// service of its own.
func (d *Dashboard) getUnlisted(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	page := templates.UnlistedPage{}
	if name := c.QueryParam("name"); name != "" {
		seen, ok := d.sighting(site, c.QueryParam("kind"), name)
		if !ok {
			return refuse(http.StatusNotFound, ErrUnlisted)
		}
		page.Own = ownService(seen)
	}
	return d.showUnlisted(c, http.StatusOK, site, page)
}

func (d *Dashboard) showUnlisted(c echo.Context, status int, site *consent.Site, page templates.UnlistedPage) error {
	page.Nonce, page.Viewer, page.ID, page.Name, page.File = nonce(c), frame(c), site.ID, site.Name, site.Source
	page.Reports = site.Deployment.Gate == consent.GateReport
	page.Categories = homes(site)
	for _, s := range d.Seen(site.ID) {
		row := templates.UnlistedRow{Sighting: s}
		for _, m := range d.Catalogue.Matches(s.Kind, s.Name) {
			if site.Policy.CategoryOf(m.ID) == "" {
				row.Matches = append(row.Matches, templates.ServiceMatch(m))
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return show(c, status, templates.Unlisted(page))
}

// homes are the categories that a service can be listed under.
func homes(site *consent.Site) []string {
	var list []string
	for _, c := range site.Policy.Categories {
		list = append(list, c.ID)
	}
	for _, id := range []string{"analytics", "share", "marketing"} { // that come with texts
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

func (d *Dashboard) sighting(site *consent.Site, kind, name string) (consent.Sighting, bool) {
	seen := d.Seen(site.ID)
	i := slices.IndexFunc(seen, func(s consent.Sighting) bool { return s.Kind == kind && s.Name == name })
	if i < 0 {
		return consent.Sighting{}, false
	}
	return seen[i], true
}

// postUnlisted lists what was seen in the site's file.
func (d *Dashboard) postUnlisted(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	seen, ok := d.sighting(site, c.FormValue("kind"), c.FormValue("name"))
	if !ok || d.Declare == nil {
		return refuse(http.StatusNotFound, ErrUnlisted)
	}
	declared, page := d.declaration(c, seen)
	err = d.Declare(c.Request().Context(), site, declared, func() error {
		return d.noteOn(c, site.ID, by(c, consent.AuditListed, declared.Service.ID, declared.Category))
	})
	switch {
	case err == nil:
		d.Log.Info("a service was listed", "site", site.ID, "service", declared.Service.ID, "category", declared.Category)
		return c.Redirect(http.StatusSeeOther, "/admin/sites/"+site.ID+"/unlisted")
	case errors.Is(err, siteconfig.ErrDeclaration):
		page.Problem = sentence(err)
		return d.showUnlisted(c, http.StatusUnprocessableEntity, site, page)
	case errors.Is(err, siteconfig.ErrListByHand), errors.Is(err, siteconfig.ErrUnwritable):
		page.Problem, page.Lines, page.Own = sentence(err), declared.Lines(), nil
		return d.showUnlisted(c, http.StatusConflict, site, page)
	}
	return err
}

// declaration reads what a form says about something that was seen, and the page
// that shows the form again.
func (d *Dashboard) declaration(c echo.Context, seen consent.Sighting) (siteconfig.Declaration, templates.UnlistedPage) {
	value := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	declared := siteconfig.Declaration{Category: value("category")}
	if id := value("service"); id != "" {
		declared.Service.ID = id
		if declared.Category == "" {
			declared.Category = d.Catalogue.CategoryOf(id)
		}
		return declared, templates.UnlistedPage{}
	}
	own := ownService(seen)
	own.ID, own.Category, own.Service, own.Company = value("id"), declared.Category, value("service-name"), value("company")
	own.Country, own.Policy, own.Purpose, own.Duration = strings.ToUpper(value("country")), value("policy"), value("purpose"), value("duration")
	if kept := value("kept"); kept != "" && seen.Kind == consent.SeenStorage {
		own.Kept = kept
	}
	declared.Service = serviceOf(*own)
	return declared, templates.UnlistedPage{Own: own}
}

// serviceOf is a service of which nothing but what was seen is known, and what its
// owner says about it.
func serviceOf(own templates.OwnService) siteconfig.ServiceFile {
	s := siteconfig.ServiceFile{
		ID: own.ID, Name: own.Service, Company: own.Company, Country: own.Country, PolicyURL: own.Policy, Hosts: []string{}, Cookies: []siteconfig.StoredFile{},
	}
	if own.Seen.Kind == consent.SeenHost {
		s.Hosts = []string{own.Seen.Name, "*." + own.Seen.Name}
		return s
	}
	s.Cookies = append(s.Cookies, siteconfig.StoredFile{Name: pattern(own.Seen.Name), Kind: own.Kept, Provider: own.Company, Purpose: own.Purpose, Duration: own.Duration})
	return s
}

// pattern is a masked name as a site file can say it: with an end that may be any.
func pattern(masked string) string {
	if i := strings.IndexByte(masked, '*'); i >= 0 {
		return masked[:i+1]
	}
	return masked
}

// ownService begins the form of a service of its own.
func ownService(seen consent.Sighting) *templates.OwnService {
	own := &templates.OwnService{Seen: seen, ID: idFrom(seen.Name), Kept: "cookie"}
	if seen.Kind == consent.SeenStorage {
		own.Kept = "local"
	}
	return own
}

// idFrom proposes an id, "" when nothing of a name can stand in one.
func idFrom(name string) string {
	id := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
	id = strings.TrimRight(id[:min(len(id), 32)], "-")
	if !consent.ValidID(id) {
		return ""
	}
	return id
}

func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
