package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// parseAgainst reads what p is compared with: ?compare=before, as many days that end
// where p begins; compare=year, the same dates one year earlier; or compare=own with
// against_from and against_to, both days included, which may be any up to today.
func parseAgainst(q url.Values, p templates.Period) (templates.Against, error) {
	against := templates.Against{How: q.Get("compare")}
	if against.How != templates.OwnDates && (q.Has("against_from") || q.Has("against_to")) {
		return against, fmt.Errorf("%w: against_from and against_to belong to compare=own", ErrPeriod)
	}
	err := once(q, ErrPeriod, "compare", "against_from", "against_to")
	if err != nil {
		return against, err
	}
	switch against.How {
	case "":
		return against, nil
	case templates.PeriodBefore:
		against.Period = p.Before()
	case templates.YearBefore:
		against.Period = yearBefore(p)
	case templates.OwnDates:
		against.Period, err = parseDates(q, "against_from", "against_to", p.Today)
	default:
		err = fmt.Errorf("%w: compare must be before, year or own", ErrPeriod)
	}
	if err == nil && against.Period.From.Year() < 1 {
		err = fmt.Errorf("%w: the calendar does not go back that far; choose newer dates", ErrPeriod)
	}
	against.Period.Zone, against.Period.Today = p.Zone, p.Today
	return against, err
}

// yearBefore has the same first and last day one year earlier. It is a day shorter or
// longer than p where a leap day is in one of them alone.
func yearBefore(p templates.Period) templates.Period {
	return templates.Period{From: sameDay(p.From), To: sameDay(p.To.AddDate(0, 0, -1)).AddDate(0, 0, 1)}
}

// sameDay is a date one year earlier, 28 February for a leap day.
func sameDay(t time.Time) time.Time {
	earlier := t.AddDate(-1, 0, 0)
	if earlier.Month() != t.Month() {
		return earlier.AddDate(0, 0, -1)
	}
	return earlier
}

// compared is the period that another is compared with.
type compared struct {
	period  templates.Period
	figures *Figures // nil when too few banners were shown in it to show them apart
}

// compared is what a question asks to be compared with, nil for nothing.
func (d *Dashboard) compared(ctx context.Context, q question) (*compared, error) {
	if q.against.How == "" {
		return nil, nil
	}
	figures, err := d.figures(ctx, q.site, q.against.Period, q.filter)
	if err != nil && !errors.Is(err, ErrFew) {
		return nil, err
	}
	return &compared{q.against.Period, figures}, nil
}

// beside is what a site's page shows of another period beside its own steps, nil for
// nothing.
func (d *Dashboard) beside(ctx context.Context, q question, steps []templates.Step) (*templates.Comparison, error) {
	if q.mixed() {
		return &templates.Comparison{Period: q.against.Period}, nil
	}
	with, err := d.compared(ctx, q)
	shown := with.page(steps)
	if shown != nil {
		shown.Breakdowns = with.breakdowns(q.site.Counting.Smallest)
	}
	return shown, err
}

// page is what a page whose period has these steps shows of it.
func (c *compared) page(steps []templates.Step) *templates.Comparison {
	switch {
	case c == nil:
		return nil
	case c.figures == nil:
		return &templates.Comparison{Period: c.period, Few: true}
	}
	shown := &templates.Comparison{Period: c.period, Total: c.figures.Total}
	if !c.figures.Total.Empty() {
		shown.Steps = alongside(c.figures.Days, steps)
	}
	return shown
}

// alongside puts days together to steps as long as others are, the first from the first
// day on. A step for which there are not days enough is left out: it would look like
// less.
func alongside(days []templates.Step, steps []templates.Step) (list []templates.Step) {
	for _, s := range steps {
		n := int(s.To.Sub(s.From) / (24 * time.Hour))
		if n > len(days) {
			break
		}
		list = append(list, group(days[:n], s.Unit, func(time.Time) bool { return false })...)
		days = days[n:]
	}
	return list
}

// breakdowns are those of the period, none where there are no figures.
func (c *compared) breakdowns(smallest int64) []templates.Breakdown {
	if c.total() == nil {
		return nil
	}
	return breakdowns(c.figures, smallest)
}

// total is nil where there are no figures.
func (c *compared) total() *templates.Tally {
	if c == nil || c.figures == nil {
		return nil
	}
	return &c.figures.Total
}

// days are those of the period. Where there are no figures each says so.
func (c *compared) days() []templates.Step {
	if c.figures != nil {
		return c.figures.Days
	}
	days := Rates(consent.Sheet{}, consent.DateOf(c.period.From, time.UTC), consent.DateOf(c.period.To, time.UTC), templates.Filter{}).Days
	for i := range days {
		days[i].Few = true
	}
	return days
}
