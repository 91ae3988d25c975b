package sqlitestore

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

const (
	benchWriters = 64
	benchRound   = 12800 // calls of one kind before the other kind's turn
)

// BenchmarkAppend reports how many realistic entries a second 64 writers get
// acknowledged, beside what bare SQLite does for them on the same disk. Rounds
// of the kinds take turns, so that a busy machine slows them alike.
func BenchmarkAppend(b *testing.B) {
	s := opened(b, testPath(b), generationSize)
	var appended, bare, keyed storetest.Load
	ceiling, keyedCeiling := openCeiling(b, false), openCeiling(b, true)
	n := 0
	for b.Loop() {
		entries := make([]consent.Entry, benchRound)
		for i := range entries {
			entries[i] = storetest.Entry("shop", n)
			n++
		}
		appended = appended.Add(run(b, func(i int) error {
			_, _, err := s.Append(b.Context(), entries[i])
			return err
		}))
		bare = bare.Add(run(b, func(int) error { ceiling.Write(); return nil }))
		keyed = keyed.Add(run(b, func(int) error { keyedCeiling.Write(); return nil }))
	}
	b.ReportMetric(appended.PerSecond(), "records/s")
	b.ReportMetric(float64(appended.Percentile(50).Microseconds()), "p50-µs")
	b.ReportMetric(float64(appended.Percentile(99).Microseconds()), "p99-µs")
	b.ReportMetric(bare.PerSecond(), "ceiling/s")
	b.ReportMetric(keyed.PerSecond(), "keyed-ceiling/s")
	b.ReportMetric(float64(bare.Percentile(99).Microseconds()), "ceiling-p99-µs")
	b.ReportMetric(appended.PerSecond()/bare.PerSecond(), "of-ceiling")
	b.ReportMetric(appended.PerSecond()/keyed.PerSecond(), "of-keyed-ceiling")
	b.ReportMetric(0, "ns/op")
}

func run(b *testing.B, call func(i int) error) storetest.Load {
	load, err := storetest.RunLoad(benchWriters, benchRound, call)
	if err != nil {
		b.Fatal(err)
	}
	return load
}

func openCeiling(b *testing.B, keyed bool) *storetest.Ceiling {
	c, err := storetest.OpenCeiling(b.TempDir(), keyed)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	return c
}

// BenchmarkCounters reports what 64 writers pay for the counters of their decisions:
// how many entries a second are acknowledged with them and without any, in turns, and
// the time that they take of the processor.
func BenchmarkCounters(b *testing.B) {
	const each = benchRound / 4
	s := opened(b, testPath(b), generationSize)
	n := 0
	round := func(counted bool) func() {
		entries := make([]consent.Entry, each)
		for i := range entries {
			entries[i] = storetest.Entry("shop", n)
			entries[i].Counts = nil
			if counted {
				entries[i].Counts = storetest.VisitCounts(n, entries[i].Time)
			}
			n++
		}
		return func() {
			_, err := storetest.RunLoad(benchWriters, each, func(i int) error {
				_, _, err := s.Append(b.Context(), entries[i])
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	var turns storetest.Turns
	for b.Loop() {
		turns.Pair(each, func() time.Duration { return 0 }, round(true), round(false))
	}
	turns.Report(b)
}
