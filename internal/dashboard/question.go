package dashboard

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// question is what an address asks about one site.
type question struct {
	site    *consent.Site
	period  templates.Period
	filter  templates.Filter
	against templates.Against
}

func (d *Dashboard) question(c echo.Context) (q question, err error) {
	if q.site, q.period, err = d.asked(c); err != nil {
		return q, err
	}
	if q.filter, err = parseFilter(c.QueryParams()); err != nil {
		return q, refuse(http.StatusBadRequest, err)
	}
	if q.against, err = parseAgainst(c.QueryParams(), q.period); err != nil {
		return q, refuse(http.StatusBadRequest, err)
	}
	return q, nil
}

// read is what all pages and files about one site begin with.
func (d *Dashboard) read(c echo.Context) (question, *Figures, error) {
	q, err := d.question(c)
	if err != nil {
		return q, nil, err
	}
	f, err := d.figures(c.Request().Context(), q.site, q.period, q.filter)
	return q, f, err
}

// mixed reports whether days are in the period and in what it is compared with. Of
// these there is no comparison: whoever has both takes one from the other, and what is
// left may be too little to be shown.
func (q question) mixed() bool { return q.against.Period.Shared(q.period) > 0 }

// readBoth is read with what the period is compared with, nil for nothing.
func (d *Dashboard) readBoth(c echo.Context) (question, *Figures, *compared, error) {
	q, f, err := d.read(c)
	if err != nil {
		return q, nil, nil, err
	}
	if q.mixed() {
		return q, nil, nil, refuse(http.StatusBadRequest, fmt.Errorf("%w: the periods share days, and what is in both is not compared; choose dates that end before the one begins, or begin after it ends", ErrPeriod))
	}
	with, err := d.compared(c.Request().Context(), q)
	return q, f, with, err
}

// dates are a period's first and last day as files and addresses have them.
func dates(p templates.Period) (from, to string) {
	return p.From.Format(time.DateOnly), p.To.AddDate(0, 0, -1).Format(time.DateOnly)
}
