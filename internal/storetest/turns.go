//go:build unix

package storetest

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// Turns compares two ways of doing the same, in turns. On a machine that others use
// the clock tells how busy they were: the median of the pairs says more than the
// sum, and the processor's time more than either.
type Turns struct {
	pairs [][2]time.Duration
	cpu   [2]time.Duration
	each  int // calls in a turn
}

// Pair runs one turn of each, the first one last every other time. elsewhere is the processor
// time of what works for this process, such as Redis.
func (t *Turns) Pair(each int, elsewhere func() time.Duration, first, second func()) {
	t.each = each
	var pair [2]time.Duration
	turn := func(i int, do func()) {
		start, cpu := time.Now(), ProcessorTime()+elsewhere()
		do()
		pair[i] = time.Since(start)
		t.cpu[i] += ProcessorTime() + elsewhere() - cpu
	}
	if len(t.pairs)%2 == 0 {
		turn(0, first)
		turn(1, second)
	} else {
		turn(1, second)
		turn(0, first)
	}
	t.pairs = append(t.pairs, pair)
}

// PerSecond is how many calls a second either way makes.
func (t *Turns) PerSecond() (first, second float64) {
	var sum [2]time.Duration
	for _, p := range t.pairs {
		sum[0], sum[1] = sum[0]+p[0], sum[1]+p[1]
	}
	calls := float64(t.each * len(t.pairs))
	return calls / sum[0].Seconds(), calls / sum[1].Seconds()
}

// Ratio is the first way's throughput as a part of the second's.
func (t *Turns) Ratio() float64 {
	var list []float64
	for _, p := range t.pairs {
		list = append(list, p[1].Seconds()/p[0].Seconds())
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// Processor is the time of it that a call takes either way.
func (t *Turns) Processor() (first, second time.Duration) {
	calls := time.Duration(t.each * len(t.pairs))
	return t.cpu[0] / calls, t.cpu[1] / calls
}

// Report reports counters as the first way and none as the second, beside the bar of
// what counters may cost.
func (t *Turns) Report(b *testing.B) {
	with, without := t.PerSecond()
	b.ReportMetric(with, "counted/s")
	b.ReportMetric(without, "uncounted/s")
	b.ReportMetric(t.Ratio(), "ratio")
	b.ReportMetric(0.9, "bar-ratio")
	spent, less := t.Processor()
	b.ReportMetric(float64(spent.Nanoseconds())/1000, "counted-cpu-µs")
	b.ReportMetric(float64(less.Nanoseconds())/1000, "uncounted-cpu-µs")
	b.ReportMetric(0, "ns/op")
}

// ProcessorTime is this process's, of all cores.
func ProcessorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
