package dashboard

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

// compareAt reads a whole address as it is read at an instant in a zone.
func compareAt(t *testing.T, query string, now time.Time, zone *time.Location) (from, last string, days int, err error) {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePeriod(q, now, zone)
	if err != nil {
		t.Fatalf("%q has no period: %v", query, err)
	}
	a, err := parseAgainst(q, p)
	if err == nil && a.How != "" && (a.Period.Zone != zone.String() || a.Period.Today != p.Today) {
		t.Errorf("%q: days of %s, today %s", query, a.Period.Zone, a.Period.Today)
	}
	from, last = dates(a.Period)
	return from, last, a.Period.Length(), err
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestAnyTwoPeriodsCanBeCompared(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for query, want := range map[string]struct {
		from, last string
		days       int
	}{
		"days=7&compare=before":                                            {"2026-11-09", "2026-11-15", 7},
		"from=2026-11-22&to=2026-11-22&compare=before":                     {"2026-11-21", "2026-11-21", 1},
		"from=2026-03-01&to=2026-03-31&compare=before":                     {"2026-01-29", "2026-02-28", 31}, // the clock goes forward in it
		"days=7&compare=year":                                              {"2025-11-16", "2025-11-22", 7},
		"from=2026-10-25&to=2026-10-25&compare=year":                       {"2025-10-25", "2025-10-25", 1}, // a day of 25 hours
		"from=2025-12-31&to=2026-01-01&compare=year":                       {"2024-12-31", "2025-01-01", 2},
		"from=2024-02-29&to=2024-02-29&compare=year":                       {"2023-02-28", "2023-02-28", 1},
		"from=2024-02-01&to=2024-02-29&compare=year":                       {"2023-02-01", "2023-02-28", 28},
		"from=2024-02-29&to=2024-03-01&compare=year":                       {"2023-02-28", "2023-03-01", 2},
		"from=2025-02-01&to=2025-03-31&compare=year":                       {"2024-02-01", "2024-03-31", 60}, // 59 days beside a leap year's
		"from=2025-02-28&to=2025-02-28&compare=year":                       {"2024-02-28", "2024-02-28", 1},
		"from=2023-11-23&to=2026-11-22&compare=year":                       {"2022-11-23", "2025-11-22", 1096},
		"days=7&compare=own&against_from=2024-02-29&against_to=2024-03-01": {"2024-02-29", "2024-03-01", 2},
		"days=7&compare=own&against_from=2026-03-28&against_to=2026-03-30": {"2026-03-28", "2026-03-30", 3}, // 71 hours
		"days=7&compare=own&against_from=2026-11-16&against_to=2026-11-22": {"2026-11-16", "2026-11-22", 7}, // the period itself
		"days=7&compare=own&against_from=2026-11-22&against_to=2026-11-22": {"2026-11-22", "2026-11-22", 1}, // today
		"days=7&compare=own&against_from=2021-11-23&against_to=2026-11-22": {"2021-11-23", "2026-11-22", 1826},
		// Later than the period.
		"from=2026-01-01&to=2026-01-31&compare=own&against_from=2026-11-01&against_to=2026-11-02": {"2026-11-01", "2026-11-02", 2},
	} {
		from, last, days, err := compareAt(t, query, now, berlin(t))
		if err != nil || from != want.from || last != want.last || days != want.days {
			t.Errorf("%q: %s to %s, %d days, %v; want %v", query, from, last, days, err, want)
		}
	}
	for _, query := range []string{"", "compare="} {
		if from, last, days, err := compareAt(t, query, now, time.UTC); err != nil || days != 0 {
			t.Errorf("%q: %s to %s, %v", query, from, last, err)
		}
	}
}

// At half past eleven in the evening in Berlin the newest day is the one that ends
// there, in spring 23 hours long and in autumn 25, and never that of UTC.
func TestTheNewestDayToCompareWithIsTheSites(t *testing.T) {
	for instant, newest := range map[string]string{
		"2026-03-28T22:30:00Z": "2026-03-28", // 23:30
		"2026-03-28T23:00:00Z": "2026-03-29", // midnight, the clock goes forward at two
		"2026-03-29T21:59:59Z": "2026-03-29", // 23:59:59 in summer time
		"2026-03-29T22:00:00Z": "2026-03-30",
		"2026-10-24T22:00:00Z": "2026-10-25", // the clock goes back at three
		"2026-10-25T22:30:00Z": "2026-10-25", // 23:30, 24 and a half hours later
		"2026-10-25T23:00:00Z": "2026-10-26",
	} {
		now, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			t.Fatal(err)
		}
		day, next := newest, day(t, newest).AddDate(0, 0, 1).Format(time.DateOnly)
		if _, _, _, err := compareAt(t, "compare=own&against_from="+day+"&against_to="+day, now, berlin(t)); err != nil {
			t.Errorf("%s: %s is refused: %v", instant, day, err)
		}
		if _, _, _, err := compareAt(t, "compare=own&against_from="+day+"&against_to="+next, now, berlin(t)); !errors.Is(err, ErrPeriod) || !strings.Contains(err.Error(), "against_to is in the future") {
			t.Errorf("%s: %s, tomorrow: %v", instant, next, err)
		}
	}
}

func TestAWrongComparisonIsRefusedWithWhatToDo(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const both = "against_from and against_to must both be dates such as 2026-01-31"
	for query, says := range map[string]string{
		"compare=after":                                                       "compare must be before, year or own",
		"compare=own":                                                         both,
		"compare=own&against_from=2026-11-01":                                 both,
		"compare=own&against_to=2026-11-01":                                   both,
		"compare=own&against_from=&against_to=":                               both,
		"compare=own&against_from=2026-02-29&against_to=2026-03-01":           both, // no leap year
		"compare=own&against_from=2026-11-1&against_to=2026-11-02":            both,
		"compare=own&against_from=2026-11-01T00:00:00Z&against_to=2026-11-02": both,
		"compare=own&against_from=2026-11-02&against_to=2026-11-01":           "against_to is before against_from; swap them",
		"compare=own&against_from=2026-11-22&against_to=2026-11-23":           "against_to is in the future",
		"compare=own&against_from=2027-01-01&against_to=2027-01-02":           "against_to is in the future",
		"compare=own&against_from=2021-11-20&against_to=2026-11-22":           "longer than five years; choose a later against_from",
		"compare=own&against_from=0001-01-01&against_to=2026-11-22":           "longer than five years",
		"compare=own&against_from=-9999-01-01&against_to=2026-11-22":          both,
		"compare=before&against_from=2026-11-01&against_to=2026-11-02":        "belong to compare=own",
		"compare=year&against_to=":                                            "belong to compare=own",
		"against_from=2026-11-01&against_to=2026-11-02":                       "belong to compare=own",
		"from=0001-01-01&to=0001-01-02&compare=year":                          "choose newer dates",
		"from=0001-01-01&to=0001-01-02&compare=before":                        "choose newer dates",
		"compare=own&against_from=0000-01-01&against_to=0000-01-02":           "choose newer dates",
	} {
		_, _, _, err := compareAt(t, query, now, time.UTC)
		if !errors.Is(err, ErrPeriod) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", query, err, says)
		}
	}
}
