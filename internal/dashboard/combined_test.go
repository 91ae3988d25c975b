package dashboard

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ofCards has, of each kind, bars and cards of some days.
func ofCards(bars, cards map[string][]int64) consent.Sheet {
	var c counts
	for layout, of := range map[string]map[string][]int64{"bar": bars, "card": cards} {
		for kind, days := range of {
			for i, n := range days {
				if n > 0 {
					c.add(first+consent.Date(i), n, consent.ShownCount, "who", consent.Human, "kind", kind, "layout", layout, "regime", "opt-in", "variant", "", "notice", "n1")
				}
			}
		}
	}
	return sheet(c)
}

// Three bars were shown to people who were asked for the first time. They are all bars
// less those of who was asked again, which are all who were less their cards: so nothing
// of two filters at once is shown where any of what they sort is too little.
func TestNothingFollowsFromTwoFiltersAtOnce(t *testing.T) {
	s := ofCards(map[string][]int64{consent.First: {3}, consent.Again: {60}}, map[string][]int64{consent.First: {70}, consent.Again: {80}})
	for _, kind := range []string{consent.First, consent.Again} {
		for _, layout := range []string{"bar", "card"} {
			filter := templates.Filter{Kind: kind, Layout: layout}
			if !Rates(s, first, first+1, filter).tooFew(filter, 10) {
				t.Errorf("%+v is shown", filter)
			}
		}
	}
	for _, alone := range []templates.Filter{{Layout: "bar"}, {Layout: "card"}, {Notice: "n1"}} {
		if f := Rates(s, first, first+1, alone); f.tooFew(alone, 10) {
			t.Errorf("%+v is not shown", alone)
		}
	}
}

// Of a day likewise, and the other days do not tell it: of what is withheld enough is
// left of each.
func TestNoDayFollowsFromTwoFiltersAtOnce(t *testing.T) {
	s := ofCards(map[string][]int64{consent.First: {3, 30, 40, 20}, consent.Again: {60, 60, 60, 60}}, map[string][]int64{consent.First: {70, 70, 70, 70}, consent.Again: {80, 85, 80, 80}})
	for _, kind := range []string{consent.First, consent.Again} {
		for _, layout := range []string{"bar", "card"} {
			filter := templates.Filter{Kind: kind, Layout: layout}
			f := Rates(s, first, first+4, filter)
			if f.tooFew(filter, 10) {
				t.Fatalf("%+v is not shown at all", filter)
			}
			f.withhold(filter, 10)
			for i, few := range []bool{true, false, false, true} {
				if f.Days[i].Few != few {
					t.Errorf("%+v, day %d: %v", filter, i, !few)
				}
			}
		}
	}
}
