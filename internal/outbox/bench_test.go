package outbox

import (
	"context"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// BenchmarkOutage reports how many decisions a second the outbox takes from 64
// clients while Redis is away, and how many it hands over when it is back.
func BenchmarkOutage(b *testing.B) {
	const each = 50_000
	server := storetest.StartRedis(b, "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
	inner := &faulty{Store: overRedis(b, server.URL())}
	ordered := &orderedFaulty{faulty: inner, Ordered: inner.Store.(Ordered)}
	o := brisk()
	o.Limit = 1 << 30
	s := opened(b, b.TempDir(), ordered, o)
	var taken, handed time.Duration
	done := 0
	for b.Loop() {
		inner.away.Store(true)
		load, err := storetest.RunLoad(64, each, func(i int) error {
			_, _, err := s.Append(b.Context(), storetest.Entry("shop", done+i))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		taken += load.Elapsed
		begun := time.Now()
		inner.away.Store(false)
		drained(b, s)
		handed += time.Since(begun)
		done += each
	}
	b.ReportMetric(float64(done)/taken.Seconds(), "taken/s")
	b.ReportMetric(float64(done)/handed.Seconds(), "handed-over/s")
	b.ReportMetric(0, "ns/op")
}

// orderedFaulty is a faulty store that appends in order.
type orderedFaulty struct {
	*faulty
	Ordered Ordered
}

func (o *orderedFaulty) AppendInOrder(ctx context.Context, entries []consent.Entry) ([]consent.Stored, []bool, error) {
	if err := o.fault(); err != nil {
		return nil, nil, err
	}
	return o.Ordered.AppendInOrder(ctx, entries)
}
