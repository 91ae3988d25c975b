package storetest

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load is what a run of many calls took.
type Load struct {
	Calls     int
	Elapsed   time.Duration
	latencies []time.Duration
}

// RunLoad makes n calls from as many goroutines as writers, each as soon as its
// last one has returned. It returns the first error.
func RunLoad(writers, n int, call func(i int) error) (Load, error) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	took := make([][]time.Duration, writers)
	var wg sync.WaitGroup
	start := time.Now()
	for w := range writers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				begun := time.Now()
				if err := call(i); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				took[w] = append(took[w], time.Since(begun))
			}
		})
	}
	wg.Wait()
	l := Load{Calls: n, Elapsed: time.Since(start), latencies: slices.Concat(took...)}
	if err := failed.Load(); err != nil {
		return l, *err
	}
	return l, nil
}

// Add sums two loads that ran one after the other.
func (l Load) Add(m Load) Load {
	return Load{Calls: l.Calls + m.Calls, Elapsed: l.Elapsed + m.Elapsed, latencies: slices.Concat(l.latencies, m.latencies)}
}

// PerSecond is the rate of calls.
func (l Load) PerSecond() float64 { return float64(l.Calls) / l.Elapsed.Seconds() }

// Percentile returns the latency that p of 100 calls did not exceed.
func (l Load) Percentile(p float64) time.Duration {
	if len(l.latencies) == 0 {
		return 0
	}
	slices.Sort(l.latencies)
	return l.latencies[min(int(p/100*float64(len(l.latencies))), len(l.latencies)-1)]
}
