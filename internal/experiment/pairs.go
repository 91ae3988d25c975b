package experiment

import "time"

// Tally is what people did in one hour or block.
type Tally struct {
	Shown                      int64 // banners
	Accepted, Chosen, Rejected int64 // answers on them
	Varied                     int64 // of Shown, those of the variant
}

// Add sums up.
func (t *Tally) Add(u Tally) {
	t.Shown += u.Shown
	t.Accepted += u.Accepted
	t.Chosen += u.Chosen
	t.Rejected += u.Rejected
	t.Varied += u.Varied
}

// Answered counts answers of every kind.
func (t Tally) Answered() int64 { return t.Accepted + t.Chosen + t.Rejected }

// Measures are what two variants can be compared by: a share of the banners shown.
// It is chosen before the start, since who compares many things finds something.
const (
	ByAnswered = "answered"
	ByAccepted = "accepted"
)

// hits is the numerator of a measure.
func (t Tally) hits(measure string) int64 {
	if measure == ByAccepted {
		return t.Accepted
	}
	return t.Answered()
}

// Pair is what was counted in a pair's two blocks, each as a whole: everything that
// happened in its hours, also on pages that still showed the other variant.
type Pair struct{ Configured, Variant Tally }

// Collect adds up the hours of pairs from to to (exclusive). hours holds what was
// counted, by the hour's name as consent.HourOf gives it.
func (s Schedule) Collect(from, to int, hours map[time.Time]Tally) []Pair {
	list := make([]Pair, 0, max(0, to-from))
	for n := from; n < to; n++ {
		var p Pair
		for _, b := range s.Pair(n) {
			sum := &p.Configured
			if b.Variant {
				sum = &p.Variant
			}
			end := b.To.UTC().Truncate(time.Hour)
			for h := b.Begin().UTC().Truncate(time.Hour); h.Before(end); h = h.Add(time.Hour) {
				sum.Add(hours[h])
			}
		}
		list = append(list, p)
	}
	return list
}

// contrast is one pair's difference and how much it weighs.
type contrast struct{ difference, weight float64 }

// contrasts weighs differences as Mantel and Haenszel do, by what both blocks hold
// together. A pair of which one block is empty says nothing.
func contrasts(pairs []Pair, measure string) []contrast {
	list := make([]contrast, 0, len(pairs))
	for _, p := range pairs {
		a, b := float64(p.Configured.Shown), float64(p.Variant.Shown)
		if a == 0 || b == 0 {
			continue
		}
		list = append(list, contrast{
			difference: float64(p.Variant.hits(measure))/b - float64(p.Configured.hits(measure))/a,
			weight:     a * b / (a + b),
		})
	}
	return list
}
