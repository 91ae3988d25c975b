package experiment

import "math"

// wealth is what one has who began with 1 and bet on the sign of every contrast
// beyond a supposed difference, half on plus and half on minus, spread over several
// stakes. A bet of stake s wins e^(s·u)/cosh(s·u), whose mean over a fair coin is 1
// for every size of u; u is the contrast by the root mean square of those so far,
// which a sign has no part in. If the supposed difference is the true one of every
// pair, wealth is a nonnegative martingale that begins with 1.
type wealth struct {
	supposed float64
	squares  float64
	n        int
	logs     [2 * len(stakes)]float64
}

// stakes suit differences of a tenth to twice of the spread between pairs.
var stakes = [...]float64{0.1, 0.17, 0.3, 0.5, 0.85, 1.4, 2.4}

func (w *wealth) bet(c contrast) {
	x := c.weight * (c.difference - w.supposed)
	w.squares += x * x
	w.n++
	if x == 0 {
		return
	}
	u := x / math.Sqrt(w.squares/float64(w.n))
	for i, stake := range stakes {
		s := stake * u
		// log cosh without overflow.
		logCosh := math.Abs(s) + math.Log1p(math.Exp(-2*math.Abs(s))) - math.Ln2
		w.logs[2*i] += s - logCosh
		w.logs[2*i+1] += -s - logCosh
	}
}

// log is the natural logarithm of what one has.
func (w *wealth) log() float64 {
	most := math.Inf(-1)
	for _, l := range w.logs {
		most = max(most, l)
	}
	sum := 0.0
	for _, l := range w.logs {
		sum += math.Exp(l - most)
	}
	return most + math.Log(sum/float64(len(w.logs)))
}

// against is the wealth of whoever bets against a supposed difference.
func against(supposed float64, list []contrast) *wealth {
	w := &wealth{supposed: supposed}
	for _, c := range list {
		w.bet(c)
	}
	return w
}

// Level is how often, at most, a difference is shown that is not there: in one of
// twenty experiments, however often each is looked at.
const Level = 0.05

// refuted reports whether a supposed difference can be ruled out.
func (w *wealth) refuted() bool { return w.log() >= -math.Log(Level) }
