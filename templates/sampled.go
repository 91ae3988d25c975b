package templates

import "math"

// UnaskedInterval is the 95 % interval of Unasked, in whole pages rounded outward;
// ok is false where no page said so, which no interval can be drawn about.
func (t Tally) UnaskedInterval() (low, high int64, ok bool) {
	return sampledInterval(t.Unasked, t.UnaskedSpread)
}

// AutoUnaskedInterval is UnaskedInterval of AutoUnasked.
func (t Tally) AutoUnaskedInterval() (low, high int64, ok bool) {
	return sampledInterval(t.AutoUnasked, t.AutoUnaskedSpread)
}

// sampledInterval is where the number of pages lies of which each was drawn with a
// known chance, one in w, when those drawn stand for pages (the sum of their w) and
// spread is the sum of their w·(w−1). It is Wilson's score interval with the chance
// known and the number unknown: all N for which (pages−N)² ≤ z²·c·N, where c·N is
// the variance of what is drawn of N pages and c = spread/pages, w−1 when all were
// drawn with the same chance. For a chance near 0 it is the score interval of a
// Poisson mean; for 1, where every page is counted, it is the number itself.
// https://doi.org/10.1080/01621459.1927.10502953
// https://doi.org/10.1198/000313002317572736 (as a Poisson mean's, among others)
func sampledInterval(pages, spread int64) (low, high int64, ok bool) {
	if pages <= 0 {
		return 0, 0, false
	}
	n, middle := float64(pages), z95*z95*float64(spread)/float64(pages)/2
	half := math.Sqrt(2 * middle * (n + middle/2))
	return int64(math.Floor(n + middle - half)), int64(math.Ceil(n + middle + half)), true
}

// pagesWithin writes an interval of pages, "" where there is none or every page is
// counted.
func pagesWithin(low, high int64, ok bool) string {
	if !ok || low == high {
		return ""
	}
	return grouped(low) + " – " + grouped(high)
}
