package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// moment is what a request tells for counting.
func (s *Site) moment(c echo.Context, now time.Time) consent.Moment {
	country := placeOf(c).Country
	return consent.Moment{
		Time: now, Zone: s.Counting.Location(), Country: country,
		Group: s.Counting.Group(s.pagePath(c.Request())),
	}
}

// postUnasked counts a page that had nothing to ask, which stands for many. It
// comes from sendBeacon, without a body or a preflight.
func (a *API) postUnasked(c echo.Context) error {
	s := siteOf(c)
	if _, err := pageOrigin(c.Request(), s); err != nil {
		return err
	}
	if s.counting() { // an older gate may still be in a cache
		page := consent.Unasked{
			Moment: s.moment(c, a.now()), Of: s.Counting.Sample,
			Automated: c.QueryParam("webdriver") == "true" || classify(c.Request().Header).Family == "bot",
		}
		if err := a.Store.AddCounts(c.Request().Context(), s.ID, page.Counts()); err != nil {
			return err
		}
	}
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	return c.NoContent(http.StatusNoContent)
}

// pagePath is the path of the page that a script's request comes from, "" when
// the browser does not say it. It is matched against the owner's list and then
// forgotten.
func (s *Site) pagePath(r *http.Request) string {
	page, err := url.Parse(r.Referer())
	if err != nil || !slices.Contains(s.Deployment.Origins, page.Scheme+"://"+page.Host) || s.Deployment.Mode != consent.ModePath {
		return ""
	}
	if page.Path == "" {
		return "/"
	}
	return page.Path
}

// noticeOf is the notice that a rendering shows and in which wording, today's when
// nobody knows.
func (a *API) noticeOf(ctx context.Context, s *Site, rendering string) (notice, variant string) {
	if asked, err := a.asked(ctx, s, s.audience, rendering); err == nil {
		return asked.Notice, asked.Variant()
	}
	return s.frame.Notice, s.Variant
}
