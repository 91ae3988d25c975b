package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

func (d *Dashboard) getOverview(c echo.Context) error {
	sites := d.sites(c)
	zone, zones := zoneOf(sites, d.Now())
	period, err := d.period(c, zone)
	if err != nil {
		return err
	}
	period.Zone = zones
	page := templates.OverviewPage{Frame: figuresFrame(c), Period: period, Proofs: d.proofsFor(c)}
	for _, site := range sites {
		_, f, err := d.ownFunnel(c, site, period)
		if err != nil {
			return err
		}
		page.Sites = append(page.Sites, templates.SiteRow{ID: site.ID, Name: site.Name, Total: f.Total})
		if v := page.Viewer; v.Records || v.Configures {
			page.Needs = append(page.Needs, d.needs(c.Request().Context(), v, site, f))
		}
	}
	return show(c, http.StatusOK, templates.Overview(page))
}

// ownFunnel is a site's figures of a period, which ends by the site's own today, as on
// its page, when it is told in days.
func (d *Dashboard) ownFunnel(c echo.Context, site *consent.Site, p templates.Period) (templates.Period, *Figures, error) {
	if p.Days > 0 || p.Week {
		own, err := d.period(c, site.Counting.Location())
		if err != nil {
			return p, nil, err
		}
		p = own
	}
	f, err := d.funnel(c.Request().Context(), site, p)
	return p, f, err
}

// zoneOf is where the day is that all sites have reached, and what the days of all of
// them are called.
func zoneOf(sites []*consent.Site, now time.Time) (zone *time.Location, name string) {
	for _, site := range sites {
		own := site.Counting.Location()
		switch {
		case zone == nil:
			zone, name = own, own.String()
		case own.String() != name:
			name = "each site’s time zone"
		}
		if consent.DateOf(now, own) < consent.DateOf(now, zone) {
			zone = own
		}
	}
	if zone == nil {
		return time.UTC, time.UTC.String()
	}
	return zone, name
}

func (d *Dashboard) getSite(c echo.Context) error {
	q, f, err := d.read(c)
	few := errors.Is(err, ErrFew)
	if err != nil && !few {
		return err
	}
	site := q.site
	page := templates.SitePage{
		Frame: figuresFrame(c), ID: site.ID, Name: site.Name, Period: q.period, Filter: q.filter, Against: q.against, Few: few,
	}
	if few {
		return show(c, http.StatusOK, templates.Site(page))
	}
	page.Total, page.Overdrawn = f.Total, f.Overdrawn
	page.Categories, page.Breakdowns, page.Missed = categoryNames(site, f.Total), breakdowns(f, site.Counting.Smallest), missed(site, f.Total)
	page.Paste = templates.Paste{Tag: gateTag(site), Command: "consentry snippet " + site.ID}
	page.Reports, page.Seen = site.Deployment.Gate == consent.GateReport, d.Seen(site.ID)
	if q.period.To.After(q.period.Today) && !q.filter.Narrows() {
		if page.Live, err = d.live(c.Request().Context(), site); err != nil {
			return err
		}
	}
	mark(f.Days, f.Notices)
	page.Steps, page.Unit = steps(f.Days)
	if page.Compare, err = d.beside(c.Request().Context(), q, page.Steps); err != nil {
		return err
	}
	return show(c, http.StatusOK, templates.Site(page))
}

// asked reads which site and period a request is about.
func (d *Dashboard) asked(c echo.Context) (*consent.Site, templates.Period, error) {
	for _, site := range d.sites(c) {
		if site.ID == c.Param("site") {
			period, err := d.period(c, site.Counting.Location())
			return site, period, err
		}
	}
	return nil, templates.Period{}, refuse(http.StatusNotFound, ErrSite)
}

func (d *Dashboard) period(c echo.Context, zone *time.Location) (templates.Period, error) {
	asked, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil { // what cannot be read would be left out, and another period shown than was asked for
		return templates.Period{}, refuse(http.StatusBadRequest, fmt.Errorf("%w: the address cannot be read after its question mark", ErrPeriod))
	}
	period, err := parsePeriod(asked, d.Now(), zone)
	if errors.Is(err, ErrPeriod) {
		return period, refuse(http.StatusBadRequest, err)
	}
	return period, err
}

func (d *Dashboard) figures(ctx context.Context, site *consent.Site, p templates.Period, f templates.Filter) (*Figures, error) {
	leave, err := d.enterRoom(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	from, to := consent.DateOf(p.From, time.UTC), consent.DateOf(p.To, time.UTC)
	sheet, err := d.Store.Days(ctx, site.ID, from, to)
	if err != nil {
		return nil, fmt.Errorf("read counters of %s: %w", site.ID, err)
	}
	figures := Rates(sheet, from, to, f)
	if f != (templates.Filter{Kind: f.Kind}) { // which question it was tells of nobody
		smallest := max(1, site.Counting.Smallest)
		if figures.tooFew(f, smallest) {
			return nil, refuse(http.StatusNotFound, ErrFew)
		}
		figures.withhold(f, smallest)
	}
	return figures, nil
}

// funnel is figures without what is permitted and what it differs by.
func (d *Dashboard) funnel(ctx context.Context, site *consent.Site, p templates.Period) (*Figures, error) {
	leave, err := d.enterRoom(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	from, to := consent.DateOf(p.From, time.UTC), consent.DateOf(p.To, time.UTC)
	sheet, err := d.Store.Days(ctx, site.ID, from, to, consent.ShownCount, consent.DecidedCount, consent.LeakCount)
	if err != nil {
		return nil, fmt.Errorf("read counters of %s: %w", site.ID, err)
	}
	return Rates(sheet, from, to, templates.Filter{}), nil
}

// gateTag is what an owner pastes first into the head of the site's pages.
func gateTag(site *consent.Site) string {
	return `<script src="` + site.Base() + `/gate.js"></script>`
}
