package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

func (d *Dashboard) getOverview(c echo.Context) error {
	period, err := d.period(c)
	if err != nil {
		return err
	}
	page := templates.OverviewPage{Nonce: nonce(c), Period: period, Proofs: d.proofs(c.Request().Context())}
	for _, site := range d.Sites() {
		f, err := d.figures(c.Request().Context(), site, period)
		if err != nil {
			return err
		}
		page.Sites = append(page.Sites, templates.SiteRow{ID: site.ID, Name: site.Name, Total: f.total})
	}
	return show(c, http.StatusOK, templates.Overview(page))
}

func (d *Dashboard) getSite(c echo.Context) error {
	site, period, err := d.asked(c)
	if err != nil {
		return err
	}
	f, err := d.figures(c.Request().Context(), site, period)
	if err != nil {
		return err
	}
	page := templates.SitePage{
		Nonce: nonce(c), ID: site.ID, Name: site.Name, Period: period, Total: f.total,
		Categories: categoryNames(site, f.total), Overdrawn: f.overdrawn,
		Paste:   templates.Paste{Tag: gateTag(site), Command: "consentry snippet " + site.ID},
		Reports: site.Deployment.Gate == consent.GateReport, Seen: d.Seen(site.ID),
	}
	page.Steps, page.Unit = steps(f.days)
	return show(c, http.StatusOK, templates.Site(page))
}

func (d *Dashboard) getCSV(c echo.Context) error {
	site, period, err := d.asked(c)
	if err != nil {
		return err
	}
	f, err := d.figures(c.Request().Context(), site, period)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="consentry-%s-%s-%s.csv"`, site.ID,
		period.From.Format("20060102"), period.To.AddDate(0, 0, -1).Format("20060102")))
	return writeCSV(c.Response(), f.days, categoryNames(site, f.total))
}

// asked reads which site and period a request is about.
func (d *Dashboard) asked(c echo.Context) (*consent.Site, templates.Period, error) {
	period, err := d.period(c)
	if err != nil {
		return nil, period, err
	}
	for _, site := range d.Sites() {
		if site.ID == c.Param("site") {
			return site, period, nil
		}
	}
	return nil, period, refuse(http.StatusNotFound, ErrSite)
}

func (d *Dashboard) period(c echo.Context) (templates.Period, error) {
	period, err := parsePeriod(c.QueryParams(), d.Now())
	if errors.Is(err, ErrPeriod) {
		return period, refuse(http.StatusBadRequest, err)
	}
	return period, err
}

type figures struct {
	days      []templates.Step
	total     templates.Tally
	overdrawn int
}

func (d *Dashboard) figures(ctx context.Context, site *consent.Site, p templates.Period) (f figures, err error) {
	counts, err := d.Store.Counts(ctx, site.ID, p.From, p.To)
	if err != nil {
		return f, fmt.Errorf("read counters of %s: %w", site.ID, err)
	}
	f.days, f.total, f.overdrawn = Rates(counts, p.From, p.To)
	return f, nil
}

// gateTag is what an owner pastes first into the head of the site's pages.
func gateTag(site *consent.Site) string {
	return `<script src="` + site.Base() + `/gate.js"></script>`
}
