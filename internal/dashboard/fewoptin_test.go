package dashboard

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// answer adds n answers from a country. permits and denies are lists as a key has them;
// without either the key is an old one.
func (c *counts) answer(country, answer, permits, denies string, n int64) {
	dimensions := []string{"answer", answer}
	for status, list := range map[consent.Status]string{consent.Granted: permits, consent.Denied: denies} {
		for _, id := range consent.Listed(list) {
			c.add(first, n, consent.StatusCount, "category", id, "status", string(status))
		}
	}
	if permits != "" {
		dimensions = append(dimensions, consent.PermitsList, permits)
	}
	if denies != "" {
		dimensions = append(dimensions, consent.DeniesList, denies)
	}
	if country != "" {
		c.add(first, n, consent.AnsweredBy, append(dimensions, "country", country)...)
	}
}

// fromCountries is, of each country, banners shown and who accepts, rejects, permits
// analytics alone and permits share buttons alone.
func fromCountries(of map[string][5]int64) (c counts) {
	for country, n := range of {
		c.add(first, n[0], consent.ShownBy, "country", country)
		for i, answer := range [][3]string{
			{consent.Accepted, "analytics+share", ""}, {consent.Rejected, "", "analytics+share"},
			{consent.Chosen, "analytics", "share"}, {consent.Chosen, "share", "analytics"},
		} {
			if n[i+1] > 0 {
				c.answer(country, answer[0], answer[1], answer[2], n[i+1])
			}
		}
	}
	return c
}

// shownOptIn is what a breakdown by country shows of each row's categories.
func shownOptIn(c counts, f templates.Filter, smallest int64) map[string]string {
	out := make(map[string]string)
	for _, b := range breakdowns(Rates(sheet(c), first, first+1, f), smallest) {
		for _, row := range b.Rows {
			text := ""
			for _, id := range []string{"analytics", "share"} {
				if s, ok := row.Status[id]; ok {
					text += fmt.Sprintf(" %s %d of %d", id, s.Granted, s.All())
				}
				if slices.Contains(row.Withheld, id) {
					text += " " + id + " few"
				}
			}
			out[row.Value] += text
		}
	}
	return out
}

// By hand: 40 + 15 of 40 + 20 + 15 + 12 permit analytics in Germany. 30 accepted before it
// was counted what an answer permits: they accepted, and tell of no category.
func TestOptInOfACountryAddsUpAsByHand(t *testing.T) {
	c := fromCountries(map[string][5]int64{"DE": {200, 40, 20, 15, 12}, "FR": {90, 10, 30, 0, 0}})
	c.answer("DE", consent.Accepted, "", "", 30)
	f := Rates(sheet(c), first, first+1, templates.Filter{})
	want := map[string]templates.Tally{
		"DE": {Shown: 200, Accepted: 70, Rejected: 20, Chosen: 27, Ignored: 83, Status: map[string]templates.Split{"analytics": {Granted: 55, Denied: 32}, "share": {Granted: 52, Denied: 35}}},
		"FR": {Shown: 90, Accepted: 10, Rejected: 30, Ignored: 50, Status: map[string]templates.Split{"analytics": {Granted: 10, Denied: 30}, "share": {Granted: 10, Denied: 30}}},
	}
	if got := f.By["country"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	all := map[string]string{"DE": " analytics 55 of 87 share 52 of 87", "FR": " analytics 10 of 40 share 10 of 40"}
	if got := shownOptIn(c, templates.Filter{}, 10); !reflect.DeepEqual(got, all) {
		t.Errorf("shows %v, want %v", got, all)
	}
	if again := shownOptIn(c, templates.Filter{}, 1); !reflect.DeepEqual(again, all) {
		t.Errorf("where nothing is few: %v", again)
	}
}

func TestOptInOfFewChoosersIsWithheld(t *testing.T) {
	for name, test := range map[string]struct {
		of   map[string][5]int64
		want map[string]string
	}{
		"three in Austria, which Germany would tell": {
			map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "AT": {90, 20, 20, 3, 12}},
			map[string]string{"DE": " analytics few share few", "AT": " analytics few share few"},
		},
		"three in Austria, hidden behind the smallest other": {
			map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "FR": {800, 90, 90, 20, 20}, "AT": {90, 20, 20, 3, 12}},
			map[string]string{"DE": " analytics 140 of 270 share 130 of 270", "FR": " analytics few share few", "AT": " analytics few share few"},
		},
		"a few in each of three, enough in all": {
			map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "AT": {90, 20, 20, 6, 5}, "CH": {80, 20, 20, 5, 6}, "IT": {70, 20, 20, 9, 9}},
			map[string]string{"DE": " analytics 140 of 270 share 130 of 270", "AT": " analytics few share few", "CH": " analytics few share few", "IT": " analytics few share few"},
		},
		"nobody chose: the answers say it all": {
			map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "AT": {90, 2, 1, 0, 0}},
			map[string]string{"DE": " analytics 140 of 270 share 130 of 270", "AT": " analytics 2 of 3 share 2 of 3"},
		},
		"all who chose chose the same": {
			map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "AT": {90, 2, 1, 0, 14}},
			map[string]string{"DE": " analytics 140 of 270 share 130 of 270", "AT": " analytics 2 of 17 share 16 of 17"},
		},
		"rare values stand in one row, and so does what they permit": {
			map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "AT": {9, 0, 0, 5, 4}, "CH": {8, 0, 0, 5, 1}, "IT": {7, 0, 0, 1, 6}},
			map[string]string{"DE": " analytics 140 of 270 share 130 of 270", "": " analytics 11 of 22 share 11 of 22"},
		},
		"and is withheld where it is few": {
			map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "AT": {9, 1, 1, 2, 1}, "CH": {8, 0, 0, 5, 1}},
			map[string]string{"DE": " analytics few share few", "": " analytics few share few"},
		},
	} {
		if got := shownOptIn(fromCountries(test.of), templates.Filter{}, 10); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// Three who answered without a banner, two of whom permit analytics, would be what is
// left of the opt-in of all.
func TestAnswersElsewhereDoNotFollowFromAllCountries(t *testing.T) {
	of := map[string][5]int64{"DE": {900, 100, 100, 40, 30}, "FR": {800, 90, 90, 20, 20}}
	c := fromCountries(of)
	c.answer("", consent.Chosen, "analytics", "share", 2)
	c.answer("", consent.Rejected, "", "analytics+share", 1)
	if got := shownOptIn(c, templates.Filter{}, 10); got["DE"] != " analytics 140 of 270 share 130 of 270" || got["FR"] != " analytics few share few" {
		t.Errorf("three are told: %v", got)
	}
	c.answer("", consent.Accepted, "analytics+share", "", 20)
	c.answer("", consent.Rejected, "", "analytics+share", 20)
	if got := shownOptIn(c, templates.Filter{}, 10); got["FR"] != " analytics 110 of 220 share 110 of 220" {
		t.Errorf("of 43: %v", got)
	}
}

// Beside 84 answers that tell of analytics, 3 do not. Had nobody who chose permitted it,
// those who accepted less those who permit it would be the 3.
func TestAnswersThatDoNotTellDoNotFollowFromThoseThatDo(t *testing.T) {
	for chose, want := range map[[2]int64]string{
		{0, 14}:  " analytics few share few",
		{12, 14}: " analytics 52 of 96 share 54 of 96",
	} {
		c := fromCountries(map[string][5]int64{"DE": {200, 40, 30, chose[0], chose[1]}})
		c.answer("DE", consent.Accepted, "", "", 3)
		if got := shownOptIn(c, templates.Filter{}, 10); got["DE"] != want {
			t.Errorf("%v: %v, want %v", chose, got, want)
		}
	}
	c := fromCountries(map[string][5]int64{"DE": {200, 2, 1, 0, 0}})
	c.answer("DE", consent.Accepted, "", "", 60)
	if got := shownOptIn(c, templates.Filter{}, 10); got["DE"] != " analytics few share few" {
		t.Errorf("the first three that tell are told: %v", got)
	}
}

// Whoever knows everything that is shown, of both categories and of all, and tries every
// way in which the rest can have chosen, is left with as many ways for a row of few as
// the smallest number, or as its choosers. Only where nothing is shown that the answers
// do not tell is there nothing more to withhold.
func TestWhatIsWithheldOfARowDoesNotFollowFromTheOthers(t *testing.T) {
	const smallest = 4
	random := rand.New(rand.NewPCG(7, 11))
	withheld, shown := 0, 0
	for range 4000 {
		rows := make([][5]int64, 2+random.IntN(3))
		of := make(map[string][5]int64)
		for i := range rows {
			rows[i] = [5]int64{100, random.Int64N(9), random.Int64N(9), random.Int64N(9) * random.Int64N(2), random.Int64N(9) * random.Int64N(2)}
			of[string(rune('A'+i))] = rows[i]
		}
		got := breakdowns(Rates(sheet(fromCountries(of)), first, first+1, templates.Filter{}), smallest)[0]
		known := make([]int64, len(rows)) // who chose analytics, -1 where it is withheld
		left, open := int64(0), false
		for _, row := range got.Rows {
			i := int(row.Value[0] - 'A')
			split, tells := row.Status["analytics"]
			share, too := row.Status["share"]
			if tells != too || tells && split.Granted-rows[i][1] != rows[i][3] || tells && share.Granted-rows[i][1] != rows[i][4] {
				t.Fatalf("%v shows %+v", rows[i], row)
			}
			if known[i] = rows[i][3]; rows[i][3]+rows[i][4] > 0 && tells {
				open = true
				shown++
			}
			if slices.Contains(row.Withheld, "analytics") {
				left += known[i]
				known[i] = -1
				withheld++
			}
		}
		if !open {
			continue
		}
		for i, row := range rows {
			if known[i] >= 0 {
				if small(row[3], smallest) || small(row[4], smallest) {
					t.Errorf("%v is shown among %v", row, rows)
				}
			} else if ways := waysOf(rows, known, i, left); (small(row[3], smallest) || small(row[4], smallest)) && int64(ways) <= min(smallest, row[3]+row[4]) {
				t.Errorf("%v among %v, known %v: %d ways", row, rows, known, ways)
			}
		}
	}
	if withheld < 2000 || shown < 500 {
		t.Errorf("%d withheld and %d shown try little", withheld, shown)
	}
}

// waysOf counts what one withheld row may come to, when all of them come to left.
func waysOf(rows [][5]int64, known []int64, one int, left int64) (ways int) {
	for n := range rows[one][3] + rows[one][4] + 1 {
		rest := make([]int64, 0, len(rows))
		for i, row := range rows {
			if i != one && known[i] < 0 {
				rest = append(rest, row[3]+row[4])
			}
		}
		if fills(rest, left-n) {
			ways++
		}
	}
	return ways
}

// fills reports whether parts of these can come to n.
func fills(most []int64, n int64) bool {
	if len(most) == 0 {
		return n == 0
	}
	for part := range most[0] + 1 {
		if fills(most[1:], n-part) {
			return true
		}
	}
	return false
}

// A key that no server of ours has written adds to nothing but what it names, and is
// withheld where it is few as others are.
func TestOddListsOfCategoriesHarmNothing(t *testing.T) {
	c := fromCountries(map[string][5]int64{"DE": {900, 100, 100, 40, 30}})
	for _, list := range []string{"+", "++analytics", "<b>", "="} {
		c.add(first, 10, consent.AnsweredBy, "answer", consent.Accepted, consent.PermitsList, list, "country", "DE")
	}
	if got := Rates(sheet(c), first, first+1, templates.Filter{}).By["country"]["DE"]; got.Accepted != 140 || got.Status["analytics"] != (templates.Split{Granted: 150, Denied: 130}) {
		t.Errorf("came to %+v", got)
	}
	c.add(first, 3, consent.AnsweredBy, "answer", consent.Chosen, consent.PermitsList, "<b>", "country", "DE")
	row := breakdowns(Rates(sheet(c), first, first+1, templates.Filter{}), 10)[0].Rows[0]
	if _, shown := row.Status["<b>"]; shown || !slices.Contains(row.Withheld, "<b>") {
		t.Errorf("three are told: %+v", row)
	}
}
