package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/consentry/consentry/internal/translog"
)

// logMetrics tells the state of the transparency logs whenever it is asked for.
type logMetrics struct {
	logs func() []translog.Status
	now  func() time.Time

	entries, signed, age, waiting, refused, anchored, anchorFailed *prometheus.Desc
}

func newLogMetrics(logs func() []translog.Status, now func() time.Time) *logMetrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("consentry_log_"+name, help, append([]string{"site"}, labels...), nil)
	}
	return &logMetrics{
		logs: logs, now: now,
		entries:      desc("entries", "Entries in the site's transparency log."),
		signed:       desc("signed_entries", "Entries under its newest checkpoint."),
		age:          desc("checkpoint_age_seconds", "Since this server first saw that checkpoint. It grows while nobody decides."),
		waiting:      desc("unsigned_seconds", "For how long an entry has been seen to wait for a checkpoint, 0: none does."),
		refused:      desc("problem", "1 while nothing is signed; /readyz says why."),
		anchored:     desc("anchored_entries", "Entries under the newest checkpoint that this server put into an anchor.", "anchor"),
		anchorFailed: desc("anchor_problem", "1 while the last try to reach an anchor failed.", "anchor"),
	}
}

// Describe implements prometheus.Collector.
func (m *logMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.entries, m.signed, m.age, m.waiting, m.refused, m.anchored, m.anchorFailed} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *logMetrics) Collect(to chan<- prometheus.Metric) {
	now := m.now()
	for _, s := range m.logs() {
		gauge := func(d *prometheus.Desc, value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append([]string{s.Site}, labels...)...)
		}
		gauge(m.entries, float64(s.Size))
		gauge(m.signed, float64(s.Signed))
		gauge(m.age, max(now.Sub(s.Changed).Seconds(), 0))
		waiting := 0.0
		if !s.Waiting.IsZero() {
			waiting = max(now.Sub(s.Waiting).Seconds(), 0)
		}
		gauge(m.waiting, waiting)
		gauge(m.refused, one(s.Problem != ""))
		for _, a := range s.Anchors {
			gauge(m.anchored, float64(a.Size), a.Name)
			gauge(m.anchorFailed, one(a.Problem != ""), a.Name)
		}
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
