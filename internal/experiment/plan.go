package experiment

import (
	"errors"
	"math"
)

// MostPairs is how many pairs nobody waits for.
const MostPairs = 2000

// fewestSeen are pairs below which a spread is a guess.
const fewestSeen = 4

// Why it is not known how many pairs it takes.
var (
	ErrTooFewSeen = errors.New("too few pairs were counted to tell how much they differ by themselves")
	ErrTooMany    = errors.New("it takes more pairs than anybody waits for")
)

// Needed estimates how many pairs it takes until a difference is shown, if there
// is one of this size, in four of five experiments. The spread between pairs is
// taken from those that there are; it also works with pairs of a time in which
// nothing was compared. Errors: ErrTooFewSeen, ErrTooMany.
func Needed(pairs []Pair, measure string, difference float64) (n int, err error) {
	list := contrasts(pairs, measure)
	if len(list) < fewestSeen || difference <= 0 {
		return 0, ErrTooFewSeen
	}
	centre, squares, weight := mean(list), 0.0, 0.0
	for _, c := range list {
		x := c.weight * (c.difference - centre)
		squares += x * x
		weight += c.weight
	}
	spread := math.Sqrt(squares / float64(len(list)-1))
	effect := difference * weight / float64(len(list)) / max(spread, 1e-12)
	if !enough(MostPairs, effect) {
		return 0, ErrTooMany
	}
	low, high := 0, MostPairs
	for high-low > 1 {
		if middle := (low + high) / 2; enough(middle, effect) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, nil
}

// enough reports whether n pairs show an effect, in units of the spread, on the path
// that nine of ten experiments with equal pairs surpass: its mean is a little lower
// than the effect. Pairs are never equal, which makes it about four of five.
func enough(n int, effect float64) bool {
	const nineOfTen = 1.2816 // standard normal quantile
	effect -= nineOfTen / math.Sqrt(float64(n))
	if effect <= 0 {
		return false
	}
	w := &wealth{}
	for i := range n {
		w.bet(contrast{difference: effect + float64(1-2*(i%2)), weight: 1})
	}
	return w.refuted()
}
