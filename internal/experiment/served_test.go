package experiment

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// fromThenOn is what is counted when an experiment is served from an instant on: ten
// banners an hour, which show the variant when it has its turn.
func (s Schedule) fromThenOn(served time.Time, days int) map[time.Time]Tally {
	hours := make(map[time.Time]Tally)
	for at := s.Start.Add(-Known); at.Before(s.Start.Add(time.Duration(days) * day)); at = at.Add(time.Hour) {
		t := Tally{Shown: 10, Accepted: 3}
		if b, ok := s.At(at); ok && b.Variant && !at.Before(served) {
			t.Varied = 10
		}
		hours[at] = t
	}
	return hours
}

// A start in the past makes no evidence of the days before the experiment was served.
func TestPairsThatWereNotServedAreNoEvidence(t *testing.T) {
	s := Schedule{Seed: []byte("seed"), Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Block: 12 * time.Hour}
	for _, c := range []struct {
		after     time.Duration
		low, high int // of 20 pairs
	}{
		{0, 18, 19}, {10 * day, 8, 9}, {10*day + 30*time.Hour, 6, 8}, {30 * day, 0, 0},
	} {
		pairs := s.Collect(0, 20, s.fromThenOn(s.Start.Add(c.after), 20))
		if got := Analyse(pairs, ByAnswered).Pairs; got < c.low || got > c.high {
			t.Errorf("served after %s: %d pairs count, want %d to %d", c.after, got, c.low, c.high)
		}
	}
}

// Whenever the serving begins, the coin of a pair that counts is as fair as before: it
// has no part in that the pair counts.
func TestWhetherAPairCountsDoesNotDependOnItsCoin(t *testing.T) {
	const seeds = 2000
	for _, after := range []time.Duration{0, 5 * time.Hour, 14 * time.Hour, 26 * time.Hour, 40 * time.Hour} {
		counted, heads := make([]float64, 8), make([]float64, 8)
		for seed := range seeds {
			s := Schedule{Seed: fmt.Append(nil, "seed ", seed), Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Block: 12 * time.Hour}
			for n, p := range s.Collect(0, 8, s.fromThenOn(s.Start.Add(after), 8)) {
				if !p.Unserved {
					counted[n]++
					if s.coin(n) {
						heads[n]++
					}
				}
			}
		}
		for n, all := range counted {
			if all > 0 && math.Abs(heads[n]/all-0.5) > 4*0.5/math.Sqrt(all) {
				t.Errorf("served after %s: of %g pairs %d that count %g show the variant first", after, all, n, heads[n])
			}
		}
	}
}
