package experiment

import (
	"errors"
	"math"
	"testing"
	"time"
)

var berlinMidnight = time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)

// Both blocks of a pair are at the same hours of two days in a row, with one variant
// each, and At finds them again at any minute.
func TestAPairHasBothVariantsAtTheSameHours(t *testing.T) {
	for _, length := range []time.Duration{2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		s := Schedule{Seed: []byte("seed"), Start: berlinMidnight, Block: length}
		covered := make(map[time.Time]bool)
		for n := range 40 {
			pair := s.Pair(n)
			if pair[0].Variant == pair[1].Variant || !pair[1].From.Equal(pair[0].From.Add(day)) || pair[1].To.Sub(pair[1].From) != length {
				t.Fatalf("pair %d of %s: %+v", n, length, pair)
			}
			for _, b := range pair {
				if covered[b.From] {
					t.Fatalf("two blocks of %s begin at %s", length, b.From)
				}
				covered[b.From] = true
				for _, at := range []time.Time{b.From, b.To.Add(-time.Minute)} {
					if got, ok := s.At(at); !ok || got != b {
						t.Fatalf("at %s: %+v, not %+v", at, got, b)
					}
				}
			}
			if s.Complete(pair[1].To) != n+1 || s.Complete(pair[1].To.Add(-time.Second)) > n {
				t.Fatalf("pair %d of %s is not complete at its end: %d", n, length, s.Complete(pair[1].To))
			}
		}
	}
	s := Schedule{Seed: []byte("seed"), Start: berlinMidnight, Block: 12 * time.Hour}
	if _, ok := s.At(berlinMidnight.Add(-time.Second)); ok || s.Complete(berlinMidnight.Add(-100*day)) != 0 {
		t.Error("there is a block before the start")
	}
	if before := s.Pair(-1); before[1].To.After(berlinMidnight) {
		t.Errorf("the pair before the first one is %+v", before)
	}
}

// The coin is fair over many pairs, the same for the same seed, and another's with
// another seed.
func TestTheCoinIsFair(t *testing.T) {
	a := Schedule{Seed: []byte("one"), Start: berlinMidnight, Block: day}
	b := Schedule{Seed: []byte("two"), Start: berlinMidnight, Block: day}
	heads, alike := 0, 0
	for n := range 10_000 {
		if a.coin(n) {
			heads++
		}
		if a.coin(n) == b.coin(n) {
			alike++
		}
	}
	for what, n := range map[string]int{"heads": heads, "alike": alike} {
		if n < 4800 || n > 5200 {
			t.Errorf("%s in %d of 10000", what, n)
		}
	}
}

// The first hour of a block belongs to none, and everything else to one.
func TestTheFirstHourOfABlockIsLeftOut(t *testing.T) {
	s := Schedule{Seed: []byte("seed"), Start: berlinMidnight, Block: 6 * time.Hour}
	hours := make(map[time.Time]Tally)
	for h := range 96 {
		hours[berlinMidnight.Add(time.Duration(h)*time.Hour)] = Tally{Shown: 1 << (h % 6)}
	}
	for n, p := range s.Collect(0, 8, hours) {
		if p.Configured.Shown != 62 || p.Variant.Shown != 62 {
			t.Errorf("pair %d: %+v", n, p)
		}
	}
}

// The bet is fair: over both signs of a contrast wealth stays what it was, whatever
// the sizes of this one and of those before.
func TestTheBetIsFair(t *testing.T) {
	list := []contrast{{0.03, 40}, {-0.2, 3}, {0, 10}, {0.11, 400}, {1, 1}}
	for n := range list {
		before := math.Exp(against(0, list[:n]).log())
		up, down := list[n], list[n]
		down.difference = -down.difference
		w := against(0, append(list[:n:n], up)).log()
		v := against(0, append(list[:n:n], down)).log()
		if after := (math.Exp(w) + math.Exp(v)) / 2; math.Abs(after-before) > 1e-9 {
			t.Errorf("after %d contrasts: %g, not %g", n+1, after, before)
		}
	}
}

// steady is n pairs with the same difference but for an alternating bit.
func steady(n int, difference, bit float64) (list []Pair) {
	for i := range n {
		d := difference + bit*float64(1-2*(i%2))
		list = append(list, Pair{Configured: Tally{Shown: 10_000, Accepted: 4000}, Variant: Tally{Shown: 10_000, Accepted: 4000 + int64(10_000*d)}})
	}
	return list
}

// A difference is shown exactly when 0 is outside the interval, which shrinks around
// the true one.
func TestTheIntervalShrinksAroundTheDifference(t *testing.T) {
	width := 2.0
	for _, n := range []int{12, 24, 48, 96, 192} {
		r := Analyse(steady(n, 0.05, 0.03), ByAccepted)
		if math.Abs(r.Difference-0.05) > 1e-9 || r.Low > 0.05 || r.High < 0.05 || r.High-r.Low >= width {
			t.Fatalf("%d pairs: %+v", n, r)
		}
		width = r.High - r.Low
		if want := against(0, contrasts(steady(n, 0.05, 0.03), ByAccepted)).refuted(); r.Shown() != want {
			t.Errorf("%d pairs: shown %t, refuted %t", n, r.Shown(), want)
		}
	}
	if width > 0.02 {
		t.Errorf("after 192 pairs the interval is still %.4f wide", width)
	}
	if r := Analyse(steady(192, -0.05, 0.03), ByAccepted); !r.Shown() || r.High >= 0 {
		t.Errorf("a loss is not shown: %+v", r)
	}
}

// Beyond the end of an interval everything is refuted too, so that the search for it
// misses nothing.
func TestWhatIsBeyondTheIntervalIsRefuted(t *testing.T) {
	for seed := range uint64(10) {
		w, s := newWorld(seed, 40, 0.1)
		list := contrasts(w.simulate(s), ByAnswered)
		r := Analyse(w.simulate(s), ByAnswered)
		r.Difference = mean(list)
		r.Low, r.High = bound(list, r.Difference, -1), bound(list, r.Difference, 1)
		for i := range 100 {
			out := float64(i+1) / 100
			for _, supposed := range []float64{r.High + out*(1-r.High), r.Low - out*(r.Low+1)} {
				if !against(supposed, list).refuted() && supposed > -1 && supposed < 1 {
					t.Fatalf("seed %d: %.4f is outside %.4f to %.4f and not refuted", seed, supposed, r.Low, r.High)
				}
			}
		}
	}
}

// With too little to go by nothing is claimed.
func TestTooFewPairsSayNothing(t *testing.T) {
	for _, pairs := range [][]Pair{nil, {{}}, steady(3, 0.3, 0.001)} {
		r := Analyse(pairs, ByAccepted)
		if r.Shown() || r.Low != -1 || r.High != 1 {
			t.Errorf("%d pairs: %+v", len(pairs), r)
		}
		if n, err := Needed(pairs, ByAccepted, 0.03); !errors.Is(err, ErrTooFewSeen) {
			t.Errorf("%d pairs: %d are said to be needed, %v", len(pairs), n, err)
		}
	}
}

// Smaller differences need more pairs, and none that nobody could wait for is named.
func TestSmallDifferencesNeedMorePairs(t *testing.T) {
	last := 0
	for _, difference := range []float64{0.1, 0.05, 0.03, 0.01} {
		n, err := Needed(steady(20, 0, 0.04), ByAccepted, difference)
		if err != nil || n <= last {
			t.Errorf("a difference of %.2f needs %d (%v), not more than %d", difference, n, err, last)
		}
		last = n
	}
	if n, err := Needed(steady(20, 0, 0.04), ByAccepted, 0.0001); !errors.Is(err, ErrTooMany) {
		t.Errorf("a hundredth of a point needs %d pairs, %v", n, err)
	}
}
