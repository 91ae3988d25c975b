package dashboard

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// byCountry is people's banners of some days, by country. What is missing in a day's
// countries is of none that is told.
func byCountry(all []int64, countries map[string][]int64) consent.Sheet {
	var c counts
	for i, n := range all {
		c.shown(first+consent.Date(i), consent.Human, consent.First, n)
		for country, days := range countries {
			if days[i] > 0 {
				c.add(first+consent.Date(i), days[i], consent.ShownBy, "country", country)
			}
		}
	}
	return sheet(c)
}

// Who asks for one country after the other and takes them from the whole must not be
// left with a number below the smallest, of a day or of a country's withheld days.
func TestWhatIsWithheldOfACountryDoesNotFollowFromTheOthers(t *testing.T) {
	all := []int64{98, 100, 120, 110, 90}
	countries := map[string][]int64{
		"DE": {50, 52, 60, 58, 50}, "AT": {45, 36, 40, 32, 25}, "CH": {3, 12, 20, 20, 15},
	}
	shown := make(map[string][]templates.Step)
	for country := range countries {
		f := Rates(byCountry(all, countries), first, first+5, templates.Filter{By: "country", Value: country})
		f.withhold(templates.Filter{By: "country", Value: country}, 10)
		shown[country] = f.Days
	}
	if !shown["CH"][0].Few {
		t.Fatal("three banners are shown")
	}
	// Whatever is left of a line or of a column when all that is shown is taken away.
	for again := true; again; {
		again = false
		for i := range all {
			left, one := all[i], ""
			n := 0
			for country, days := range shown {
				if days[i].Few {
					one, n = country, n+1
				} else {
					left -= days[i].Shown
				}
			}
			if n == 1 {
				again = true
				shown[one][i] = templates.Step{Tally: templates.Tally{Shown: left}}
			}
			if small(left, 10) {
				t.Errorf("day %d: %d follows", i, left)
			}
		}
		for country, days := range shown {
			left, at, n := sum(countries[country]), 0, 0
			for i, day := range days {
				if day.Few {
					at, n = i, n+1
				} else {
					left -= day.Shown
				}
			}
			if n == 1 {
				again = true
				shown[country][at] = templates.Step{Tally: templates.Tally{Shown: left}}
			}
			if small(left, 10) {
				t.Errorf("%s: %d follows", country, left)
			}
		}
	}
	visible := 0
	for _, days := range shown {
		for _, day := range days {
			if !day.Few {
				visible++
			}
		}
	}
	if visible < 6 {
		t.Errorf("%d of 15 figures are left", visible)
	}
}

// Both of two values must withhold the same days, or each tells the other's.
func TestTwoValuesWithholdTheSameDays(t *testing.T) {
	all, yes := []int64{100, 40, 50, 60}, []int64{97, 36, 15, 20}
	no := make([]int64, len(all))
	for i := range all {
		no[i] = all[i] - yes[i]
	}
	days := map[string][]templates.Step{}
	for _, country := range []string{"DE", "AT"} {
		filter := templates.Filter{By: "country", Value: country}
		f := Rates(byCountry(all, map[string][]int64{"DE": yes, "AT": no}), first, first+4, filter)
		f.withhold(filter, 10)
		days[country] = f.Days
	}
	for i := range all {
		if days["DE"][i].Few != days["AT"][i].Few {
			t.Errorf("day %d is withheld of one alone", i)
		}
	}
	if !days["DE"][0].Few || !days["DE"][1].Few || days["DE"][3].Few {
		t.Errorf("withheld: %+v", days["DE"])
	}
}

// A layout in a notice is a part of the layout as well as of all banners.
func TestAFilterIsHeldAgainstEveryWiderOne(t *testing.T) {
	var c counts
	shown := func(kind, layout, notice string, n int64) {
		c.add(first, n, consent.ShownCount, "who", consent.Human, "kind", kind, "layout", layout, "regime", "opt-in", "variant", "", "notice", notice)
	}
	shown(consent.First, "bar", "n1", 1000)
	shown(consent.First, "bar", "n2", 3)
	shown(consent.First, "card", "n1", 500)
	shown(consent.First, "card", "n2", 500)
	shown(consent.Again, "card", "n1", 500)
	for _, test := range []struct {
		filter templates.Filter
		few    bool
	}{
		{templates.Filter{Layout: "bar", Notice: "n1"}, true}, // all bars are 1003
		{templates.Filter{Layout: "bar"}, false},
		{templates.Filter{Notice: "n1"}, false},
		{templates.Filter{Layout: "card", Notice: "n1"}, true}, // all cards less these are the others of n2
		{templates.Filter{Layout: "side"}, false},              // there was none
	} {
		f := Rates(sheet(c), first, first+1, test.filter)
		if f.tooFew(test.filter, 10) != test.few {
			t.Errorf("%+v: %v", test.filter, !test.few)
		}
		f.withhold(test.filter, 10) // of what there was none of, too
	}
}
