package dashboard

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrPeriod is a query that names no period. What wraps it says how to mend it.
var ErrPeriod = errors.New("wrong period")

const (
	defaultDays = 30
	longestDays = 5*365 + 2 // five years with up to two leap days
)

// parsePeriod reads ?days=7|30|90, ?week=last, which is the last whole week from Monday
// to Sunday, or ?from=2026-01-01&to=2026-01-31 with both
// days included; nothing at all is 30 days. Days are those of zone and end today.
func parsePeriod(q url.Values, now time.Time, zone *time.Location) (templates.Period, error) {
	p, err := readPeriod(q, consent.DateOf(now, zone).Time())
	p.Zone = zone.String()
	return p, err
}

func readPeriod(q url.Values, today time.Time) (templates.Period, error) {
	if err := once(q, ErrPeriod, "days", "week", "from", "to"); err != nil {
		return templates.Period{}, err
	}
	if q.Has("week") {
		return lastWeek(q, today)
	}
	if q.Has("from") || q.Has("to") {
		if q.Has("days") {
			return templates.Period{}, fmt.Errorf("%w: name either days, or from and to", ErrPeriod)
		}
		return parseDates(q, "from", "to", today)
	}
	days := defaultDays
	if q.Has("days") {
		n, err := strconv.Atoi(q.Get("days"))
		if err != nil || (n != 7 && n != 30 && n != 90) {
			return templates.Period{}, fmt.Errorf("%w: days must be 7, 30 or 90; name other periods with from and to", ErrPeriod)
		}
		days = n
	}
	to := today.AddDate(0, 0, 1)
	return templates.Period{From: to.AddDate(0, 0, -days), To: to, Days: days, Today: today}, nil
}

// once refuses a query in which one of the names stands twice: one of its values would be
// left out.
func once(q url.Values, err error, names ...string) error {
	for _, name := range names {
		if len(q[name]) > 1 {
			return fmt.Errorf("%w: %s is there more than once", err, name)
		}
	}
	return nil
}

func lastWeek(q url.Values, today time.Time) (templates.Period, error) {
	if q.Get("week") != "last" || q.Has("days") || q.Has("from") || q.Has("to") {
		return templates.Period{}, fmt.Errorf("%w: week must be last, with neither days nor from and to", ErrPeriod)
	}
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	return templates.Period{From: monday.AddDate(0, 0, -7), To: monday, Week: true, Today: today}, nil
}

// parseDates reads the first and the last day of a period from two values of a query.
func parseDates(q url.Values, first, final string, today time.Time) (templates.Period, error) {
	from, fromErr := time.Parse(time.DateOnly, q.Get(first))
	last, lastErr := time.Parse(time.DateOnly, q.Get(final))
	switch {
	case fromErr != nil || lastErr != nil:
		return templates.Period{}, fmt.Errorf("%w: %s and %s must both be dates such as 2026-01-31", ErrPeriod, first, final)
	case last.Before(from):
		return templates.Period{}, fmt.Errorf("%w: %s is before %s; swap them", ErrPeriod, final, first)
	case last.After(today):
		return templates.Period{}, fmt.Errorf("%w: %s is in the future; the newest day is today in the site's time zone", ErrPeriod, final)
	case last.Sub(from) >= longestDays*24*time.Hour:
		return templates.Period{}, fmt.Errorf("%w: %s to %s is longer than five years; choose a later %s", ErrPeriod, first, final, first)
	}
	return templates.Period{From: from, To: last.AddDate(0, 0, 1), Today: today}, nil
}
