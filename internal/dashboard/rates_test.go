package dashboard

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

func day(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// counts builds hourly counters of one day.
type counts struct {
	day  time.Time
	list []consent.Count
}

func (c *counts) shown(hour int, auto string, n int64) {
	c.add(hour, n, consent.CountKey(consent.ShownCount, "auto", auto, "locale", "en", "layout", "bar", "regime", "opt-in", "device", "phone", "kind", "new"))
}

func (c *counts) decided(hour int, auto, outcome, surface string, n int64) {
	c.add(hour, n, consent.CountKey(consent.DecidedCount, "auto", auto, "outcome", outcome, "surface", surface, "locale", "en", "device", "desktop"))
}

func (c *counts) status(hour int, auto, category, status string, n int64) {
	c.add(hour, n, consent.CountKey(consent.StatusCount, "auto", auto, "category", category, "status", status))
}

func (c *counts) add(hour int, n int64, key string) {
	c.list = append(c.list, consent.Count{Hour: c.day.Add(time.Duration(hour) * time.Hour), Key: key, N: n})
}

// One day by hand. 100 banners; on them 40 accepted, 20 rejected, 5 chose and 3
// gave the same answer again: 68 answers, so 32 ignored it. A choice on the page
// without JavaScript and one at a placeholder are decisions too, but no answers
// to a banner. The shares are out of 40 + 7 + 21 + 32 = 100.
func TestADayAddsUpAsByHand(t *testing.T) {
	c := counts{day: day(t, "2026-11-22")}
	c.shown(0, "no", 60)
	c.shown(23, "no", 40)
	c.decided(0, "no", consent.Accepted, "banner", 30)
	c.decided(5, "no", consent.Accepted, "preferences", 10)
	c.decided(5, "no", consent.Rejected, "banner", 20)
	c.decided(6, "no", consent.Chosen, "preferences", 5)
	c.decided(7, "no", consent.Reconfirmed, "preferences", 3)
	c.decided(8, "no", consent.Chosen, "placeholder", 2)
	c.decided(8, "no", consent.Rejected, "page", 1)
	c.decided(9, "no", consent.TookBack, "preferences", 4)
	c.decided(9, "no", consent.LoadedOnce, "placeholder", 6)
	days, total, overdrawn := Rates(c.list, c.day, c.day.AddDate(0, 0, 1))
	if len(days) != 1 || overdrawn != 0 {
		t.Fatalf("%d days, %d overdrawn", len(days), overdrawn)
	}
	want := templates.Tally{
		Shown: 100, Accepted: 40, Chosen: 7, Rejected: 21, Confirmed: 3, Withdrawn: 4, LoadedOnce: 6,
		Answers: 30 + 10 + 20 + 5 + 3, Ignored: 32,
	}
	sameTally(t, days[0].Tally, want)
	sameTally(t, total, want)
	if got := total.Asked(); got != 40+7+21+32 {
		t.Errorf("the shares' denominator is %d, want 100", got)
	}
}

// Certain and suspected programs stay out of everything but their own figures.
func TestProgramsAreCountedApart(t *testing.T) {
	c := counts{day: day(t, "2026-11-22")}
	c.shown(1, "yes", 500)
	c.shown(1, "no", 10)
	c.decided(1, "yes", consent.Accepted, "banner", 7)
	c.decided(1, "suspect", consent.Rejected, "banner", 2)
	c.decided(1, "no", consent.Accepted, "banner", 4)
	c.status(1, "yes", "analytics", "granted", 7)
	c.status(1, "suspect", "analytics", "denied", 2)
	c.status(1, "no", "analytics", "granted", 4)
	_, total, _ := Rates(c.list, c.day, c.day.AddDate(0, 0, 1))
	sameTally(t, total, templates.Tally{Shown: 10, Accepted: 4, Answers: 4, Ignored: 6, AutoShown: 500, AutoMade: 9,
		Status: map[string]templates.Split{"analytics": {Granted: 4}}})
}

// The opt-in rate is granted out of granted and denied: 30 of 40 is 75 %.
func TestTheOptInRateIsOfDecisions(t *testing.T) {
	c := counts{day: day(t, "2026-11-22")}
	c.shown(1, "no", 1000)
	c.status(1, "no", "analytics", "granted", 30)
	c.status(2, "no", "analytics", "denied", 10)
	c.status(2, "no", "share", "denied", 40)
	_, total, _ := Rates(c.list, c.day, c.day.AddDate(0, 0, 1))
	if got := total.Status["analytics"].Rate(); got != .75 {
		t.Errorf("analytics %v, want 0.75", got)
	}
	if got := total.Status["share"].Rate(); got != 0 {
		t.Errorf("share %v, want 0", got)
	}
	if total.Status["marketing"].All() != 0 {
		t.Error("a category that nobody decided about has decisions")
	}
}

// A banner shown before midnight and answered after it makes a day with more
// answers than banners. Ignored is 0 there, and the page says so.
func TestIgnoredIsNeverBelowZero(t *testing.T) {
	first, second := counts{day: day(t, "2026-11-21")}, counts{day: day(t, "2026-11-22")}
	first.shown(23, "no", 5)
	first.decided(23, "no", consent.Accepted, "banner", 2)
	second.decided(0, "no", consent.Rejected, "banner", 1)
	days, total, overdrawn := Rates(append(first.list, second.list...), first.day, second.day.AddDate(0, 0, 1))
	if overdrawn != 1 || days[0].Ignored != 3 || days[1].Ignored != 0 {
		t.Errorf("ignored %d and %d with %d overdrawn, want 3 and 0 with 1", days[0].Ignored, days[1].Ignored, overdrawn)
	}
	if total.Ignored != 3 {
		t.Errorf("the period ignored %d, want the sum of its days, 3", total.Ignored)
	}
}

func TestDaysHaveNoGapsAndHoursOutsideAreLeftOut(t *testing.T) {
	from, to := day(t, "2026-02-27"), day(t, "2026-03-02")
	var list []consent.Count
	for _, hour := range []time.Time{from.Add(-time.Hour), from, to.Add(-time.Hour), to} {
		list = append(list, consent.Count{Hour: hour, N: 1, Key: consent.CountKey(consent.ShownCount, "auto", "no")})
	}
	days, total, _ := Rates(list, from, to)
	if len(days) != 3 || days[1].From != day(t, "2026-02-28") || days[2].To != to {
		t.Fatalf("days %v", days)
	}
	if total.Shown != 2 || days[0].Shown != 1 || days[1].Shown != 0 || days[2].Shown != 1 {
		t.Errorf("shown %d, %d, %d", days[0].Shown, days[1].Shown, days[2].Shown)
	}
}

// A counter of a later version, or without the mark, never becomes a person's.
func TestAnUnknownCounterAddsToNoRate(t *testing.T) {
	from := day(t, "2026-11-22")
	list := []consent.Count{
		{Hour: from, N: 9, Key: "sightings;auto=no;name=x"},
		{Hour: from, N: 9, Key: consent.CountKey(consent.DecidedCount, "auto", "no", "outcome", "postponed", "surface", "page")},
		{Hour: from, N: 9, Key: "shown"},
	}
	_, total, _ := Rates(list, from, from.AddDate(0, 0, 1))
	sameTally(t, total, templates.Tally{AutoShown: 9})
}

func TestLongPeriodsAreMergedIntoWeeksAndMonths(t *testing.T) {
	for _, c := range []struct {
		days, steps int
		unit        templates.Unit
		firstTo     string
	}{
		{92, 92, templates.ByDay, "2026-01-02"},
		{93, 14, templates.ByWeek, "2026-01-05"}, // 1 January 2026 is a Thursday: 4 days, then 89 in 13 weeks
		{730, 24, templates.ByMonth, "2026-02-01"},
	} {
		from := day(t, "2026-01-01")
		to := from.AddDate(0, 0, c.days)
		var list []consent.Count
		for d := from; d.Before(to); d = d.AddDate(0, 0, 1) {
			list = append(list, consent.Count{Hour: d, N: 1, Key: consent.CountKey(consent.ShownCount, "auto", "no")})
		}
		days, _, _ := Rates(list, from, to)
		merged, unit := steps(days)
		if len(merged) != c.steps || unit != c.unit || merged[0].To != day(t, c.firstTo) {
			t.Errorf("%d days: %d steps by %s, the first to %s", c.days, len(merged), unit, merged[0].To)
		}
		var sum int64
		for _, s := range merged {
			sum += s.Shown
		}
		if sum != int64(c.days) || !merged[len(merged)-1].To.Equal(to) {
			t.Errorf("%d days: merging kept %d and ends at %s", c.days, sum, merged[len(merged)-1].To)
		}
	}
}

func sameTally(t *testing.T, got, want templates.Tally) {
	t.Helper()
	for id, s := range want.Status {
		if got.Status[id] != s {
			t.Errorf("%s: %+v, want %+v", id, got.Status[id], s)
		}
	}
	if len(got.Status) != len(want.Status) {
		t.Errorf("%d categories, want %d", len(got.Status), len(want.Status))
	}
	type numbers struct{ shown, accepted, chosen, rejected, confirmed, withdrawn, once, answers, ignored, autoShown, autoMade int64 }
	of := func(t templates.Tally) numbers {
		return numbers{t.Shown, t.Accepted, t.Chosen, t.Rejected, t.Confirmed, t.Withdrawn, t.LoadedOnce, t.Answers, t.Ignored, t.AutoShown, t.AutoMade}
	}
	if of(got) != of(want) {
		t.Errorf("%+v, want %+v", of(got), of(want))
	}
}

// BenchmarkRates sums 90 days of a busy site: 40 counters an hour.
func BenchmarkRates(b *testing.B) {
	from := time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	var list []consent.Count
	for hour := range 90 * 24 {
		for i := range 40 {
			key := consent.CountKey(consent.ShownCount, "auto", "no", "locale", string(rune('a'+i)), "layout", "bar", "regime", "opt-in", "device", "phone", "kind", "new")
			list = append(list, consent.Count{Hour: from.Add(time.Duration(hour) * time.Hour), Key: key, N: 3})
		}
	}
	for b.Loop() {
		Rates(list, from, from.AddDate(0, 0, 90))
	}
}
