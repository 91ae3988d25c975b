package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/doctor"
	"github.com/consentry/consentry/templates"
)

const (
	// examineIn is how long a browser waits for a site's answers in all.
	examineIn = 15 * time.Second
	// maxPage is how long a page's address may be, in bytes.
	maxPage = 2000
	// countedDays is over how many days the page tells what was counted.
	countedDays = 7
)

// ErrPage is an address that is no page's of the site.
var ErrPage = errors.New("this is no page of the site")

// getInstallation asks for a page to look at.
func (d *Dashboard) getInstallation(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	return d.showInstallation(c, http.StatusOK, site, templates.InstallationPage{Page: site.Deployment.Origins[0] + "/"})
}

// postInstallation looks at a page of the site as consentry doctor does. It asks
// nothing but what the site's file names.
func (d *Dashboard) postInstallation(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	page, status := d.look(c, site)
	return d.showInstallation(c, status, site, page)
}

// look looks at the page that a form names, and says what came of it: a checklist, or
// the problem that there was.
func (d *Dashboard) look(c echo.Context, site *consent.Site) (page templates.InstallationPage, status int) {
	page.Page = c.FormValue("page")
	at, err := pageOf(site, page.Page)
	if err != nil {
		page.Problem = "This is no page of the site. Give a whole address under one of its origins, or a path such as /shop."
		return page, http.StatusUnprocessableEntity
	}
	page.Page = at.String()
	ctx, end := context.WithTimeout(c.Request().Context(), examineIn)
	defer end()
	select {
	case d.examining <- struct{}{}:
		defer func() { <-d.examining }()
	case <-ctx.Done():
		page.Problem = "Another page is being looked at. Try again in a moment."
		return page, http.StatusServiceUnavailable
	}
	if page.Findings, err = d.Examine(ctx, site, at); err != nil {
		page.Problem = "The page could not be looked at: " + err.Error()
		return page, http.StatusOK
	}
	page.Looked = d.Now()
	return page, http.StatusOK
}

// countedPeriod is the days over which the page tells what was counted, today included.
func (d *Dashboard) countedPeriod(site *consent.Site) templates.Period {
	until := consent.DateOf(d.Now(), site.Counting.Location()).Time().AddDate(0, 0, 1)
	return templates.Period{From: until.AddDate(0, 0, -countedDays), To: until}
}

// pageOf reads the address of a page, whole or as a path of the first origin.
func pageOf(site *consent.Site, text string) (*url.URL, error) {
	base, err := url.Parse(site.Deployment.Origins[0] + "/")
	if err != nil || len(text) > maxPage {
		return nil, ErrPage
	}
	at, err := base.Parse(text)
	if err != nil || !(doctor.Reach{Origins: site.Deployment.Origins}).Names(at) {
		return nil, ErrPage
	}
	at.Fragment, at.RawFragment = "", ""
	return at, nil
}

// showInstallation shows the page with what was counted without asking anybody.
func (d *Dashboard) showInstallation(c echo.Context, status int, site *consent.Site, page templates.InstallationPage) error {
	page.Nonce, page.Viewer, page.ID, page.Name, page.Days = nonce(c), frame(c), site.ID, site.Name, countedDays
	page.Gate = site.Deployment.Gate
	counted, err := d.funnel(c.Request().Context(), site, d.countedPeriod(site))
	if err != nil {
		d.Log.Error("a site's counters cannot be read", "site", site.ID, "error", err)
	} else {
		page.Counted, page.Leaks, page.Smallest = &counted.Total, leaks(site, counted.Leaks), max(1, site.Counting.Smallest)
	}
	return show(c, status, templates.Installation(page))
}
