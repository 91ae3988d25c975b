package templates_test

import (
	"math"
	"testing"

	"github.com/consentry/consentry/templates"
)

// drawn is what stands for pages of which n were in a sample of one in w.
func drawn(n, w int64) templates.Tally {
	return templates.Tally{Unasked: n * w, UnaskedSpread: n * w * (w - 1)}
}

func TestTheIntervalOfASampleIsTheScoreInterval(t *testing.T) {
	// Worked by hand: of 3 pages in a sample of one in 100, 300 + 190.16 ± √(2·190.16·(300+95.08)),
	// which is 100 times what Wilson's method gives a Poisson mean of 3, 1.02 to 8.82, but
	// for the 99 in place of 100.
	for _, c := range []struct {
		t         templates.Tally
		low, high int64
		ok        bool
	}{
		{drawn(3, 100), 102, 878, true},
		{drawn(1, 100), 17, 563, true},
		{drawn(10_000, 100), 980_687, 1_019_693, true},
		{drawn(40, 1), 40, 40, true}, // every page is counted
		{templates.Tally{}, 0, 0, false},
		// Half of the pages from before the owner set another sample.
		{templates.Tally{Unasked: 2000, UnaskedSpread: 1000*99 + 1000*9}, 1451, 2757, true},
	} {
		low, high, ok := c.t.UnaskedInterval()
		if low != c.low || high != c.high || ok != c.ok {
			t.Errorf("%d: %d to %d, %t; want %d to %d", c.t.Unasked, low, high, ok, c.low, c.high)
		}
	}
}

// Of all samples that have a page in them, by their exact chances, 95 of 100 have the
// true number in their interval, give or take the jumps that few pages make; more of one in two, where the
// jumps are large.
func TestTheIntervalOfASampleHasTheTruthInItAsOftenAsItSays(t *testing.T) {
	for _, w := range []int64{2, 10, 100, 1000} {
		for _, expected := range []int64{2, 5, 20, 300} {
			average := 0.0
			const around = 20
			for step := int64(0); step < around; step++ {
				pages := expected*w + step*w/around
				average += covered(pages, w) / around
			}
			if average < .94 || average > .97 && w > 2 {
				t.Errorf("one in %d, about %d drawn: %.3f", w, expected, average)
			}
		}
	}
}

// covered is the chance that the interval has the number of pages in it, where one is
// drawn at all.
func covered(pages, w int64) (chance float64) {
	logFactorial := func(n int64) float64 { f, _ := math.Lgamma(float64(n) + 1); return f }
	p := 1 / float64(w)
	for n := int64(1); n <= pages; n++ {
		if low, high, _ := drawn(n, w).UnaskedInterval(); low <= pages && pages <= high {
			chance += math.Exp(logFactorial(pages) - logFactorial(n) - logFactorial(pages-n) + float64(n)*math.Log(p) + float64(pages-n)*math.Log(1-p))
		}
	}
	return chance / (1 - math.Pow(1-p, float64(pages)))
}

// What nobody has told is between all and nothing, and the bounds say so.
func TestTheLossOfAllPagesIsBounded(t *testing.T) {
	missed := templates.Missed{Split: templates.Split{Granted: 600, Denied: 400}, Unasked: drawn(20, 100)}
	low, high, ok := missed.OfPages()
	_, pages, _ := missed.Unasked.UnaskedInterval()
	banners, upper := missed.Interval()
	wantLow, wantHigh := banners*1000/float64(1000+pages), (upper*1000+float64(pages))/float64(1000+pages)
	if !ok || math.Abs(low-wantLow) > 1e-9 || math.Abs(high-wantHigh) > 1e-9 || low > .6*1000/3000 || high < (600+2000)/3000. {
		t.Errorf("%.4f to %.4f, %t; want %.4f to %.4f", low, high, ok, wantLow, wantHigh)
	}
	missed.Unasked = templates.Tally{}
	if _, _, ok := missed.OfPages(); ok {
		t.Error("bounds without a sample")
	}
}
