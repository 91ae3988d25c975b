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
