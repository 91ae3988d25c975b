package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/consentry/consentry/internal/consent"
)

// backlogMetrics tells how many visitors' requests wait for an operator.
type backlogMetrics struct {
	backlog func() []consent.Backlog
	now     func() time.Time

	waiting, overdue, left *prometheus.Desc
}

func newBacklogMetrics(backlog func() []consent.Backlog, now func() time.Time) *backlogMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("consentry_visitor_requests_"+name, help, []string{"site"}, nil)
	}
	return &backlogMetrics{
		backlog: backlog, now: now,
		waiting: desc("waiting", "Visitors' requests that wait for an answer."),
		overdue: desc("overdue", "Of these, those whose thirty days are over."),
		left:    desc("due_seconds", "Until the first of them is due, below 0 when it is overdue; absent while none waits."),
	}
}

// Describe implements prometheus.Collector.
func (m *backlogMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.waiting, m.overdue, m.left} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *backlogMetrics) Collect(to chan<- prometheus.Metric) {
	for _, b := range m.backlog() {
		to <- prometheus.MustNewConstMetric(m.waiting, prometheus.GaugeValue, float64(b.Waiting), b.Site)
		to <- prometheus.MustNewConstMetric(m.overdue, prometheus.GaugeValue, float64(b.Overdue), b.Site)
		if !b.Due.IsZero() {
			to <- prometheus.MustNewConstMetric(m.left, prometheus.GaugeValue, b.Due.Sub(m.now()).Seconds(), b.Site)
		}
	}
}
