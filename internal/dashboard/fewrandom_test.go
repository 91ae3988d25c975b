package dashboard

import (
	"math/rand/v2"
	"testing"

	"github.com/consentry/consentry/templates"
)

// seen is what everybody may read of some days under a filter by each country: of each
// day that is not withheld its banners, -1 of the others, and each country's whole period.
type seen struct {
	days  map[string][]int64
	whole map[string]int64
}

func look(all []int64, countries map[string][]int64, smallest int64) seen {
	s := seen{days: make(map[string][]int64), whole: make(map[string]int64)}
	for country := range countries {
		filter := templates.Filter{By: "country", Value: country}
		f := Rates(byCountry(all, countries), first, first+5, filter)
		if f.tooFew(filter, smallest) {
			continue
		}
		f.withhold(filter, smallest)
		s.whole[country] = f.Total.Shown
		for _, day := range f.Days {
			n := day.Shown
			if day.Few {
				n = -1
			}
			s.days[country] = append(s.days[country], n)
		}
	}
	return s
}

// deduce fills in what is left alone on a line, again and again. nobodyElse says that all
// banners of a day are of a country that has pages of its own.
func (s seen) deduce(all []int64, nobodyElse bool) {
	for again := true; again; {
		again = false
		for country, days := range s.days {
			if at, left := alone(days, s.whole[country]); at >= 0 {
				days[at], again = left, true
			}
		}
		for i := range all {
			var day []int64
			var of []string
			for country, days := range s.days {
				day, of = append(day, days[i]), append(of, country)
			}
			if at, left := alone(day, all[i]); at >= 0 && nobodyElse {
				s.days[of[at]][i], again = left, true
			}
		}
	}
}

// alone finds the only number of a line that is not known, -1 for none, and what is left.
func alone(line []int64, sum int64) (at int, left int64) {
	at, left = -1, sum
	unknown := 0
	for i, n := range line {
		if n < 0 {
			at, unknown = i, unknown+1
			continue
		}
		left -= n
	}
	if unknown != 1 {
		return -1, left
	}
	return at, left
}

// Whoever asks for every country and takes the one from the other, day by day and of the
// whole period, finds no number below the smallest, whatever was counted.
func TestNoWithheldDayFollowsWhateverWasCounted(t *testing.T) {
	const smallest = 10
	random := rand.New(rand.NewPCG(3, 5))
	hidden, open := 0, 0
	for range 3000 {
		countries, all := make(map[string][]int64), make([]int64, 5)
		for i := range 2 + random.IntN(4) {
			days := make([]int64, 5)
			for d := range days {
				days[d] = random.Int64N(4) * random.Int64N(14)
				all[d] += days[d]
			}
			countries[string(rune('A'+i))] = days
		}
		s := look(all, countries, smallest)
		for _, days := range s.days {
			for _, n := range days {
				if n < 0 {
					hidden++
				} else {
					open++
				}
			}
		}
		s.deduce(all, len(s.days) == len(countries))
		for country, days := range s.days {
			left := s.whole[country]
			for i, n := range days {
				if left -= max(0, n); small(n, smallest) {
					t.Fatalf("%v: %d of %s on day %d", countries, n, country, i)
				}
			}
			if small(left, smallest) {
				t.Fatalf("%v: %d are left of %s", countries, left, country)
			}
		}
		for i, left := range all {
			for _, days := range s.days {
				left -= max(0, days[i])
			}
			if left < all[i] && small(left, smallest) { // all of a day are no secret
				t.Fatalf("%v: %d are left of day %d", countries, left, i)
			}
		}
	}
	if hidden < 1000 || open < 1000 {
		t.Errorf("%d hidden and %d open try little", hidden, open)
	}
}
