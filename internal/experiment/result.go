package experiment

import "math"

// Result is what pairs say about the variant's difference to the site as it is
// configured, in shares of 1.
type Result struct {
	Pairs      int     // that say something
	Difference float64 // weighted mean
	// Low and High bound an interval that, of 20 experiments, 19 have around the
	// true difference at every single look. It takes the difference for the same at
	// all hours. -1 and 1 while nothing can be said.
	Low, High float64
}

// Shown reports whether a difference is shown: no difference is outside the
// interval. This needs no assumption beyond the coin.
func (r Result) Shown() bool { return r.Low > 0 || r.High < 0 }

// Analyse compares by a measure, without the pairs that were not served.
func Analyse(pairs []Pair, measure string) Result {
	list := contrasts(evidence(pairs), measure)
	r := Result{Pairs: len(list), Low: -1, High: 1}
	if len(list) == 0 {
		return r
	}
	r.Difference = mean(list)
	r.Low, r.High = bound(list, r.Difference, -1), bound(list, r.Difference, 1)
	if against(0, list).refuted() { // as the bounds say, but for their rounding
		if r.Difference > 0 {
			r.Low = max(r.Low, math.SmallestNonzeroFloat64)
		} else {
			r.High = min(r.High, -math.SmallestNonzeroFloat64)
		}
	}
	return r
}

func mean(list []contrast) float64 {
	sum, weight := 0.0, 0.0
	for _, c := range list {
		sum += c.weight * c.difference
		weight += c.weight
	}
	return sum / weight
}

// bound looks between the mean and an end for the last supposed difference that is
// not refuted.
func bound(list []contrast, held, end float64) float64 {
	if !against(end, list).refuted() {
		return end
	}
	refuted := end
	for math.Abs(refuted-held) > 1e-6 {
		middle := (held + refuted) / 2
		if against(middle, list).refuted() {
			refuted = middle
		} else {
			held = middle
		}
	}
	return refuted
}
