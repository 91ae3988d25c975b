package experiment

import (
	"slices"
	"time"
)

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
type Pair struct {
	Configured, Variant Tally
	// Unserved is a pair that is no evidence: in the two days before it began nobody was
	// shown the variant, as when the experiment was not served yet. What comes after its
	// beginning has no part in that: of a pair in whose middle the serving begins the
	// coin would decide whether the variant is met, and so whether the pair counts.
	Unserved bool
}

// Known is how long before a pair begins the hours must be given to Collect.
const Known = 2 * day

// Collect adds up the hours of pairs from to to (exclusive). hours holds what was
// counted from Known before them on, by the hour's name as consent.HourOf gives it.
func (s Schedule) Collect(from, to int, hours map[time.Time]Tally) []Pair {
	list := make([]Pair, 0, max(0, to-from))
	for n := from; n < to; n++ {
		blocks := s.Pair(n)
		p := Pair{Unserved: !served(hours, blocks[0].From)}
		for _, b := range blocks {
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

// served reports whether somebody was shown the variant shortly before an instant. In
// that time every block of a day has had either turn.
func served(hours map[time.Time]Tally, at time.Time) bool {
	end := at.UTC().Truncate(time.Hour)
	for h := end.Add(-Known); h.Before(end); h = h.Add(time.Hour) {
		if hours[h].Varied > 0 {
			return true
		}
	}
	return false
}

// evidence leaves out the pairs that are none.
func evidence(pairs []Pair) []Pair {
	return slices.DeleteFunc(slices.Clone(pairs), func(p Pair) bool { return p.Unserved })
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
