package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/consentry/consentry/internal/consent"
)

// purgeMetrics tells what came of the last purge of records whose retention had
// ended.
type purgeMetrics struct {
	purges func() []consent.PurgeState
	now    func() time.Time

	problem, age *prometheus.Desc
}

func newPurgeMetrics(purges func() []consent.PurgeState, now func() time.Time) *purgeMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("consentry_purge_"+name, help, []string{"site"}, nil)
	}
	return &purgeMetrics{
		purges: purges, now: now,
		problem: desc("problem", "1 while the last purge did not come to its end; /readyz says why. Without a site: none could be looked at."),
		age:     desc("age_seconds", "Since one last did; absent when none has since the server was started."),
	}
}

// Describe implements prometheus.Collector.
func (m *purgeMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.problem
	to <- m.age
}

// Collect implements prometheus.Collector.
func (m *purgeMetrics) Collect(to chan<- prometheus.Metric) {
	for _, p := range m.purges() {
		to <- prometheus.MustNewConstMetric(m.problem, prometheus.GaugeValue, one(p.Problem != ""), p.Site)
		if !p.Done.IsZero() {
			to <- prometheus.MustNewConstMetric(m.age, prometheus.GaugeValue, max(m.now().Sub(p.Done).Seconds(), 0), p.Site)
		}
	}
}
