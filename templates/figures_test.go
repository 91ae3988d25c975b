package templates_test

import (
	"math"
	"testing"
	"time"

	"github.com/consentry/consentry/templates"
)

func TestTheIntervalIsWilsons(t *testing.T) {
	// Worked by hand with z = 1.96: 9 of 10 gives 0.596 to 0.982, 0 of 20 gives 0
	// to 0.161, and a large sample is close to p ± z·√(p(1−p)/n).
	for _, c := range []struct {
		split     templates.Split
		low, high float64
	}{
		{templates.Split{Granted: 9, Denied: 1}, 0.5958, 0.9821},
		{templates.Split{Granted: 0, Denied: 20}, 0, 0.1611},
		{templates.Split{Granted: 20}, 0.8389, 1},
		{templates.Split{Granted: 5000, Denied: 5000}, 0.4902, 0.5098},
		{templates.Split{}, 0, 1},
	} {
		low, high := c.split.Interval()
		if math.Abs(low-c.low) > .0001 || math.Abs(high-c.high) > .0001 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.split.Granted, c.split.All(), low, high, c.low, c.high)
		}
	}
}

func TestAPeriodNamesItsDaysAndItsAddress(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		period      templates.Period
		name, query string
	}{
		{templates.Period{From: day("2026-10-24"), To: day("2026-11-23"), Days: 30}, "24 October – 22 November 2026", "?days=30"},
		{templates.Period{From: day("2025-12-31"), To: day("2026-01-02")}, "31 December 2025 – 1 January 2026", "?from=2025-12-31&to=2026-01-01"},
		{templates.Period{From: day("2026-02-28"), To: day("2026-03-01")}, "28 February 2026", "?from=2026-02-28&to=2026-02-28"},
	} {
		if got := c.period.String(); got != c.name {
			t.Errorf("name %q, want %q", got, c.name)
		}
		if got := c.period.Query(); got != c.query {
			t.Errorf("query %q, want %q", got, c.query)
		}
	}
}

// The four shares have one denominator, and what programs did is not in it.
func TestSharesLeaveProgramsOut(t *testing.T) {
	tally := templates.Tally{Shown: 100, Accepted: 40, Chosen: 10, Rejected: 20, Ignored: 30, AutoShown: 900, AutoMade: 50}
	if got := tally.Asked(); got != 100 {
		t.Errorf("denominator %d, want 100", got)
	}
	if (templates.Tally{AutoMade: 1}).Empty() {
		t.Error("a day on which only programs came is not empty")
	}
}
