package experiment

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// runs is how many experiments are simulated.
const runs = 10_000

// tolerance is three standard errors of a rate of one in twenty over that many runs.
var tolerance = 3 * math.Sqrt(Level*(1-Level)/runs)

// world is a small shop's two months: more visitors by day than by night and on
// weekdays than at the weekend, good days and bad ones, and visitors who see the
// banner many times, into the next day, before they answer or leave for good.
type world struct {
	random *rand.Rand
	days   int
	effect float64 // on the chance that somebody answers, while the variant is shown
}

// simulate plays a world under a schedule of 12-hour blocks and returns its pairs.
func (w world) simulate(s Schedule) []Pair {
	blocks, coins := make([]Tally, 2*w.days+2), make([]bool, w.days/2*2+2)
	for n := range coins {
		coins[n] = s.coin(n)
	}
	for day := range w.days {
		mood := 0.45 + 0.08*w.random.NormFloat64()
		if day%7 >= 5 {
			mood -= 0.15
		}
		for slot := range 2 {
			at := 2*day + slot
			variant := coins[day/2*2+slot] == (day%2 == 0)
			for range 6 + 10*slot {
				w.visit(blocks, at, mood, variant)
			}
		}
	}
	pairs := make([]Pair, 0, w.days)
	for n := range w.days / 2 * 2 {
		first, second := blocks[n/2*4+n%2], blocks[n/2*4+n%2+2]
		if coins[n] {
			first, second = second, first
		}
		pairs = append(pairs, Pair{Configured: first, Variant: second})
	}
	return pairs
}

// visit lets somebody see up to six banners, the later ones in the next block.
func (w world) visit(blocks []Tally, at int, mood float64, variant bool) {
	if variant {
		mood += w.effect
	}
	banners := 1 + w.random.IntN(6)
	if w.random.Float64() < mood { // answers the first
		banners = 1
		blocks[at].Accepted++
	}
	for i := range banners {
		blocks[at+i/3].Shown++
	}
}

func newWorld(seed uint64, days int, effect float64) (world, Schedule) {
	random := rand.New(rand.NewPCG(seed, 17))
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = byte(random.Uint32())
	}
	s := Schedule{Seed: secret, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Block: 12 * time.Hour}
	return world{random: random, days: days, effect: effect}, s
}

// everRefuted looks after each pair, which is at least once a day, and reports
// whether a supposed difference was ruled out at any look.
func everRefuted(pairs []Pair, supposed float64) bool {
	w := &wealth{supposed: supposed}
	for _, c := range contrasts(pairs, ByAnswered) {
		if w.bet(c); w.refuted() {
			return true
		}
	}
	return false
}

// naive is what a dashboard without care would do: every banner taken for another
// visitor's, both variants' sums beside each other, 1.96 standard errors, each day.
func naive(pairs []Pair) bool {
	var a, b Tally
	for i, p := range pairs {
		a.Add(p.Configured)
		b.Add(p.Variant)
		if i%2 == 0 || a.Shown == 0 || b.Shown == 0 {
			continue
		}
		x, y := float64(a.Answered())/float64(a.Shown), float64(b.Answered())/float64(b.Shown)
		all := float64(a.Answered()+b.Answered()) / float64(a.Shown+b.Shown)
		if math.Abs(y-x) > 1.96*math.Sqrt(all*(1-all)*(1/float64(a.Shown)+1/float64(b.Shown))) {
			return true
		}
	}
	return false
}

// share is in how many runs of a world something happened.
func share(runs, days int, effect float64, happened func([]Pair) bool) float64 {
	n := 0
	for run := range runs {
		w, s := newWorld(uint64(run), days, effect)
		if happened(w.simulate(s)) {
			n++
		}
	}
	return float64(n) / float64(runs)
}

// Of 10 000 experiments between two variants that differ in nothing, looked at after
// every pair, at most one in twenty ever shows a difference. The same looks at the
// usual test show one in far more of them, so that the simulation can fail.
func TestWhoLooksEveryDayIsMisledAtMostAtTheStatedRate(t *testing.T) {
	broken := 0
	got := share(runs, 60, 0, func(pairs []Pair) bool {
		if naive(pairs) {
			broken++
		}
		return everRefuted(pairs, 0)
	})
	usual := float64(broken) / runs
	t.Logf("a difference where there is none: %.4f of the runs; with the usual test %.4f", got, usual)
	if got > Level+tolerance {
		t.Errorf("%.4f of the runs show a difference that is not there, more than %.2f", got, Level)
	}
	if got < Level/10 {
		t.Errorf("only %.4f of the runs do: the test hardly bets", got)
	}
	if usual < 4*Level {
		t.Errorf("the usual test is misled in only %.4f of the runs: this world is too easy", usual)
	}
}

// A difference that is there is found, and the interval has it at every look in at
// least nineteen of twenty experiments.
func TestADifferenceThatIsThereIsFoundAndInTheInterval(t *testing.T) {
	const few = 500
	found := share(few, 60, 0.2, func(pairs []Pair) bool { return everRefuted(pairs, 0) })
	t.Logf("found in %.3f of the runs", found)
	if found < 0.8 {
		t.Errorf("a large difference is found in %.3f of the runs", found)
	}
	truth, n := 0.0, 0.0
	for run := range few {
		w, s := newWorld(uint64(few+run), 60, 0.2)
		truth, n = truth+mean(contrasts(w.simulate(s), ByAnswered)), n+1
	}
	truth /= n
	missed := share(few, 60, 0.2, func(pairs []Pair) bool { return everRefuted(pairs, truth) })
	t.Logf("true difference %.4f, ever outside the interval in %.4f of the runs", truth, missed)
	if missed > Level+3*math.Sqrt(Level*(1-Level)/few) {
		t.Errorf("the true difference %.4f was outside the interval in %.4f of the runs", truth, missed)
	}
}

// What is said to be needed finds a difference of that size in about four of five
// experiments.
func TestTheNeededPairsFindTheDifferenceTheyWereComputedFor(t *testing.T) {
	const few = 500
	w, s := newWorld(99, 400, 0)
	before := w.simulate(s)
	sum := 0.0
	for run := range few {
		w, s := newWorld(uint64(run), 60, 0.15)
		sum += mean(contrasts(w.simulate(s), ByAnswered))
	}
	difference := sum / few
	n, err := Needed(before, ByAnswered, difference)
	if err != nil {
		t.Fatal("nothing is said:", err)
	}
	found := share(few, n+n%2, 0.15, func(pairs []Pair) bool { return everRefuted(pairs[:n], 0) })
	t.Logf("a difference of %.4f needs %d pairs and is found in %.3f of the runs", difference, n, found)
	if found < 0.65 || found > 0.95 {
		t.Errorf("%d pairs find it in %.3f of the runs", n, found)
	}
}
