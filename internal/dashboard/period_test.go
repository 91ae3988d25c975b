package dashboard

import (
	"errors"
	"net/url"
	"testing"
	"time"
)

func TestAPeriodIsReadFromTheAddress(t *testing.T) {
	now := time.Date(2026, 11, 22, 23, 59, 0, 0, time.FixedZone("east", 2*3600)) // 21:59 UTC
	for query, want := range map[string][2]string{
		"":                              {"2026-10-24", "2026-11-23"},
		"days=7":                        {"2026-11-16", "2026-11-23"},
		"days=90":                       {"2026-08-25", "2026-11-23"},
		"from=2026-11-22&to=2026-11-22": {"2026-11-22", "2026-11-23"},
		"from=2024-02-29&to=2024-03-01": {"2024-02-29", "2024-03-02"},
		"from=2021-11-23&to=2026-11-22": {"2021-11-23", "2026-11-23"}, // five years
		"week=last":                     {"2026-11-09", "2026-11-16"}, // this Sunday is not over
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parsePeriod(values, now, time.UTC)
		if err != nil || p.From != day(t, want[0]) || p.To != day(t, want[1]) {
			t.Errorf("%q: %s to %s, %v; want %v", query, p.From, p.To, err, want)
		}
	}
}

// The last week is whole whatever the day is, and is compared with the one before it.
func TestTheLastWeekIsWhole(t *testing.T) {
	for n := range 7 {
		today := time.Date(2026, 11, 16+n, 12, 0, 0, 0, time.UTC)
		p, err := parsePeriod(url.Values{"week": {"last"}}, today, time.UTC)
		if err != nil || p.From != day(t, "2026-11-09") || p.To != day(t, "2026-11-16") || p.Query() != "?week=last" {
			t.Errorf("on %s: %s to %s, %s, %v", today.Weekday(), p.From, p.To, p.Query(), err)
		}
		against, err := parseAgainst(url.Values{"compare": {"before"}}, p)
		if err != nil || against.Period.From != day(t, "2026-11-02") || against.Period.To != p.From {
			t.Errorf("on %s it is compared with %s, %v", today.Weekday(), against.Period, err)
		}
	}
}

func TestAWrongPeriodIsRefused(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, query := range []string{
		"days=8", "days=-7", "days=", "days=7e1", "days=99999999999999999999", "days=7&from=2026-11-01&to=2026-11-02",
		"from=2026-11-01", "to=2026-11-01", "from=&to=", "from=2026-02-30&to=2026-03-01", "from=2026-11-1&to=2026-11-02",
		"from=2026-11-02&to=2026-11-01", "from=2026-11-01&to=2026-11-23", "from=0001-01-01&to=2026-11-22",
		"from=2021-11-20&to=2026-11-22", "from=-9999-01-01&to=9999-12-31", "from=2026-11-01T00:00:00Z&to=2026-11-02",
		"days=7&days=90", "week=", "week=next", "week=last&days=7", "week=last&from=2026-11-01&to=2026-11-02", "week=last&week=last", "from=2026-11-01&to=2026-11-02&to=2026-11-03",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := parsePeriod(values, now, time.UTC); !errors.Is(err, ErrPeriod) {
			t.Errorf("%q was read as %s to %s", query, p.From, p.To)
		}
	}
}
