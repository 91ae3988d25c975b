package dashboard

import (
	"fmt"
	"reflect"
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

const first = consent.Date(20_000)

// counts builds daily counters.
type counts []consent.Count

func (c *counts) add(day consent.Date, n int64, name string, dimensions ...string) {
	*c = append(*c, consent.Count{Day: day, N: n, Key: consent.CountKey(name, dimensions...)})
}

func sheet(c counts) consent.Sheet { return consent.SheetOf(c) }

func (c *counts) shown(day consent.Date, who, kind string, n int64) {
	c.add(day, n, consent.ShownCount, "who", who, "kind", kind, "layout", "bar", "regime", "opt-in", "variant", "", "notice", "n1")
}

func (c *counts) decided(day consent.Date, who, kind, answer, event, via string, n int64) {
	c.add(day, n, consent.DecidedCount, "who", who, "kind", kind, "answer", answer, "event", event, "via", via,
		"layout", "bar", "regime", "opt-in", "variant", "", "notice", "n1")
}

// One day by hand. 100 banners; on them 40 accepted, 20 rejected and 8 chose: 68
// answers, so 32 were ignored. Answers elsewhere, later changes, single services
// and single loads are decisions too, but no answers to a banner: 68 + 1 + 2 + 3 +
// 4 + 5 + 6 + 7 = 96 decisions, of which 61 were first ones.
func aDay() (c counts) {
	c.shown(first, consent.Human, consent.First, 90)
	c.shown(first, consent.Human, consent.Again, 10)
	c.decided(first, consent.Human, consent.First, consent.Accepted, "given", "banner", 36)
	c.decided(first, consent.Human, consent.Again, consent.Accepted, "renewed", "banner", 4)
	c.decided(first, consent.Human, consent.First, consent.Rejected, "refused", "banner", 18)
	c.decided(first, consent.Human, consent.Again, consent.Rejected, "withdrawn", "banner", 2)
	c.decided(first, consent.Human, consent.First, consent.Chosen, "partial", "banner", 6)
	c.decided(first, consent.Human, consent.Again, consent.Chosen, "partial", "banner", 2)
	c.decided(first, consent.Human, consent.First, consent.Rejected, "refused", "page", 1)
	c.decided(first, consent.Human, consent.Changed, consent.Rejected, "withdrawn", "banner", 2)
	c.decided(first, consent.Human, consent.Changed, consent.Chosen, "renewed", "banner", 3)
	c.decided(first, consent.Human, consent.Changed, consent.Accepted, "given", "banner", 4)
	c.decided(first, consent.Human, consent.OfOne, consent.Chosen, "partial", "placeholder", 5)
	c.decided(first, consent.Human, consent.LoadOnce, consent.Rejected, "partial", "placeholder", 6)
	c.decided(first, consent.Human, consent.Again, consent.Accepted, "given", "api", 7)
	return c
}

func TestADayAddsUpAsByHand(t *testing.T) {
	f := Rates(sheet(aDay()), first, first+1, templates.Filter{})
	sameTally(t, f.Total, templates.Tally{
		Shown: 100, Accepted: 40, Rejected: 20, Chosen: 8, Ignored: 32, Elsewhere: 8, Withdrawn: 2, Confirmed: 3, Widened: 4,
		OfOne: 5, LoadedOnce: 6, Deciders: 61, Events: 96,
	})
	if len(f.Days) != 1 || f.Overdrawn != 0 || f.Total.Asked() != 100 {
		t.Errorf("%d days, %d overdrawn, of %d", len(f.Days), f.Overdrawn, f.Total.Asked())
	}
}

// Who objects to what an exemption allows takes it back, as who withdraws does.
func TestAnObjectionIsAWithdrawal(t *testing.T) {
	var c counts
	c.decided(first, consent.Human, consent.Changed, consent.Rejected, string(consent.Objected), "banner", 1)
	sameTally(t, Rates(sheet(c), first, first+1, templates.Filter{}).Total, templates.Tally{Withdrawn: 1, Events: 1})
}

// Of a country with 3 and 9 banners neither day is shown, nor one that would follow
// from the total; and a day on which only three were of another country is not either.
func TestRareDaysAreWithheldUnderAFilter(t *testing.T) {
	for _, test := range []struct {
		shown, all []int64
		want       []bool
	}{
		{[]int64{3, 9}, []int64{100, 100}, []bool{true, true}},
		{[]int64{3, 20, 40}, []int64{100, 100, 100}, []bool{true, true, false}},
		{[]int64{97, 80, 90}, []int64{100, 200, 300}, []bool{true, true, false}},
		{[]int64{30, 0, 40}, []int64{100, 4, 100}, []bool{false, false, false}},
	} {
		var c counts
		for i := range test.shown {
			c.shown(first+consent.Date(i), consent.Human, consent.First, test.all[i])
			if test.shown[i] > 0 {
				c.add(first+consent.Date(i), test.shown[i], consent.ShownBy, "country", "IS")
			}
		}
		filter := templates.Filter{By: "country", Value: "IS"}
		f := Rates(sheet(c), first, first+consent.Date(len(test.shown)), filter)
		f.withhold(filter, 10)
		for i, day := range f.Days {
			if day.Few != test.want[i] || day.Few && !day.Empty() {
				t.Errorf("%v of %v: day %d is %+v", test.shown, test.all, i, day)
			}
		}
	}
}

func TestRepeatedQuestionsCanBeLookedAtAlone(t *testing.T) {
	f := Rates(sheet(aDay()), first, first+1, templates.Filter{Kind: consent.Again})
	if g := f.Total; g.Shown != 10 || g.Accepted != 4 || g.Rejected != 2 || g.Chosen != 2 || g.Ignored != 2 {
		t.Errorf("counted %+v", g)
	}
}

func TestProgramsAndSignalsAreInNoRate(t *testing.T) {
	c := aDay()
	want := Rates(sheet(c), first, first+1, templates.Filter{}).Total
	c.shown(first, consent.Automated, consent.First, 500)
	c.decided(first, consent.Automated, consent.First, consent.Accepted, "given", "banner", 9)
	c.decided(first, consent.BySignal, "signal", consent.Rejected, "signal", "signal", 3)
	want.AutoShown, want.AutoMade, want.Signals = 500, 9, 3
	sameTally(t, Rates(sheet(c), first, first+1, templates.Filter{}).Total, want)
}

func TestPagesThatAskNothingAreInNoRateAndBehindNoFilter(t *testing.T) {
	c := aDay()
	want := Rates(sheet(c), first, first+1, templates.Filter{}).Total
	for who, pages := range map[string]int{consent.Human: 3, consent.Automated: 1} {
		for range pages {
			page := consent.Unasked{Moment: consent.Moment{Zone: time.UTC}, Of: 100, Automated: who == consent.Automated}
			for _, n := range page.Counts() {
				c = append(c, consent.Count{Day: first, Key: n.Key, N: n.N})
			}
		}
	}
	want.Unasked, want.AutoUnasked = 300, 100
	want.UnaskedSpread, want.AutoUnaskedSpread = 300*99, 100*99
	sameTally(t, Rates(sheet(c), first, first+1, templates.Filter{}).Total, want)
	if of := Rates(sheet(c), first, first+1, templates.Filter{Kind: consent.First}).Total; of.Unasked+of.AutoUnasked != 0 {
		t.Errorf("a filter leaves %+v", of)
	}
}

// Asked before midnight, answered after it: the days cannot show it, the sum can.
func TestAnswersAfterMidnightAreTakenFromTheWholePeriod(t *testing.T) {
	var c counts
	c.shown(first, consent.Human, consent.First, 10)
	c.decided(first, consent.Human, consent.First, consent.Accepted, "given", "banner", 8)
	c.decided(first+1, consent.Human, consent.First, consent.Rejected, "refused", "banner", 1)
	f := Rates(sheet(c), first, first+2, templates.Filter{})
	if f.Days[0].Ignored != 2 || f.Days[1].Ignored != 0 || f.Overdrawn != 1 || f.Total.Ignored != 1 {
		t.Errorf("ignored %d and %d, in all %d; %d overdrawn", f.Days[0].Ignored, f.Days[1].Ignored, f.Total.Ignored, f.Overdrawn)
	}
}

func TestDaysHaveNoGapsAndOthersAreLeftOut(t *testing.T) {
	var c counts
	for d := first - 2; d < first+6; d += 2 {
		c.shown(d, consent.Human, consent.First, 1)
	}
	f := Rates(sheet(c), first, first+4, templates.Filter{})
	if len(f.Days) != 4 || f.Total.Shown != 2 || f.Days[1].Shown != 0 || f.Notices["n1"] != first {
		t.Errorf("%d days, %d shown, first on %d", len(f.Days), f.Total.Shown, f.Notices["n1"])
	}
}

func TestAnUnknownCounterAddsToNoRate(t *testing.T) {
	var c counts
	c.add(first, 9, "postponed", "who", "human")
	c.add(first, 9, consent.ShownBy, "shoe", "blue")
	if f := Rates(sheet(c), first, first+1, templates.Filter{}); !f.Total.Empty() {
		t.Errorf("counted %+v", f.Total)
	}
}

func TestAFilterByOneValueHasItsFunnelAlone(t *testing.T) {
	c := aDay()
	c.add(first, 20, consent.ShownBy, "country", "DE")
	c.add(first, 70, consent.ShownBy, "country", "FR")
	c.add(first, 5, consent.AnsweredBy, "answer", consent.Accepted, "country", "DE")
	c.add(first, 9, consent.AnsweredBy, "answer", consent.Rejected, "country", "DE")
	f := Rates(sheet(c), first, first+1, templates.Filter{By: "country", Value: "DE"})
	sameTally(t, f.Total, templates.Tally{Shown: 20, Accepted: 5, Rejected: 9, Ignored: 6})
}

func TestRareValuesAreAddedUpUntilNobodyCanTellThemApart(t *testing.T) {
	for _, test := range []struct {
		shown map[string]int64
		want  string
	}{
		{map[string]int64{"DE": 500, "FR": 40, "IT": 10}, "DE 500 FR 40 IT 10"},
		{map[string]int64{"DE": 500, "FR": 40, "IT": 6, "ES": 5}, "DE 500 FR 40 (2) 11"},
		{map[string]int64{"DE": 500, "FR": 40, "IT": 9}, "DE 500 (2) 49"}, // IT alone would follow from the total
		{map[string]int64{"IT": 9}, "(1) 0"},
		{nil, ""},
	} {
		values := make(map[string]templates.Tally)
		for id, n := range test.shown {
			values[id] = templates.Tally{Shown: n}
		}
		got := ""
		for _, r := range breakdown("country", values, 10).Rows {
			name := r.Value
			if r.Folded > 0 {
				name = fmt.Sprintf("(%d)", r.Folded)
			}
			if got += fmt.Sprintf(" %s %d", name, r.Shown); got[0] == ' ' {
				got = got[1:]
			}
		}
		if got != test.want {
			t.Errorf("%v: %q, want %q", test.shown, got, test.want)
		}
	}
}

func TestLongPeriodsAreMergedIntoWeeksAndMonths(t *testing.T) {
	for _, test := range []struct {
		days, steps int
		unit        templates.Unit
	}{{30, 30, templates.ByDay}, {92, 92, templates.ByDay}, {93, 14, templates.ByWeek}, {621, 21, templates.ByMonth}} {
		from := day(t, "2026-01-01")
		var list []templates.Step
		for i := range test.days {
			list = append(list, templates.Step{From: from.AddDate(0, 0, i), To: from.AddDate(0, 0, i+1), Tally: templates.Tally{Shown: 3, Accepted: 1}})
		}
		merged, unit := steps(list)
		var shown, ignored int64
		for _, s := range merged {
			shown, ignored = shown+s.Shown, ignored+s.Ignored
		}
		if unit != test.unit || shown != int64(3*test.days) || unit != templates.ByDay && ignored != int64(2*test.days) || !merged[len(merged)-1].To.Equal(from.AddDate(0, 0, test.days)) {
			t.Errorf("%d days: %d steps by %s with %d shown, %d ignored", test.days, len(merged), unit, shown, ignored)
		}
	}
}

func sameTally(t *testing.T, got, want templates.Tally) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// What was counted under one sample and under the next one adds up, and what does not
// say its sample is taken for one in 100.
func TestPagesOfTwoSamplesAddUp(t *testing.T) {
	human := consent.CountKey(consent.UnaskedCount, "who", consent.Human)
	c := []consent.Count{{Day: first, Key: human, N: 200}, {Day: first, Key: human + ";of=10", N: 50}, {Day: first, Key: human + ";of=1", N: 7}, {Day: first, Key: human + ";of=x", N: 100}}
	got := Rates(sheet(c), first, first+1, templates.Filter{}).Total
	if got.Unasked != 357 || got.UnaskedSpread != 300*99+50*9 {
		t.Errorf("%+v", got)
	}
}
