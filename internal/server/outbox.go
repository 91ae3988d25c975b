package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/consentry/consentry/internal/outbox"
)

// outboxAnswer is what /readyz says of the outbox.
type outboxAnswer struct {
	Answering bool    `json:"answering"` // decisions are acknowledged from it: the store is slow or away
	Why       string  `json:"why,omitempty"`
	Waiting   int     `json:"waiting"` // what the store does not have yet
	Refused   int     `json:"refused"` // of these, what the store takes not although it takes others
	Kept      int     `json:"kept"`    // what the store has, until no failover can lose it
	Oldest    float64 `json:"oldest_seconds"`
	Bytes     int64   `json:"bytes"`
	Limit     int64   `json:"limit_bytes"`
	Unsigned  bool    `json:"unsigned"`      // for want of a checkpoint much is kept for longer than it should: it fills
	Damaged   int64   `json:"damaged_bytes"` // of its files could not be read at the start: what they held is lost
	Failed    bool    `json:"failed"`        // nothing more is written to it before a restart
}

func answerOf(s outbox.Status) *outboxAnswer {
	return &outboxAnswer{
		Answering: s.Away, Why: s.Why, Waiting: s.Waiting, Refused: s.Stuck, Kept: s.Kept,
		Oldest: s.Oldest.Seconds(), Bytes: s.Bytes, Limit: s.Limit, Unsigned: s.Late, Damaged: s.Damaged, Failed: s.Failed,
	}
}

// troubled reports whether an operator should look.
func (a *outboxAnswer) troubled() bool {
	return a.Answering || a.Failed || a.Unsigned || a.Damaged > 0 || a.Refused > 0 || a.Bytes > a.Limit*8/10
}

// outboxMetrics are read when they are asked for.
type outboxMetrics struct{ status func() outbox.Status }

// Describe implements prometheus.Collector.
func (m outboxMetrics) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect implements prometheus.Collector.
func (m outboxMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.status()
	for _, gauge := range []struct {
		name, help string
		value      float64
	}{
		{"answering", "1 while decisions are acknowledged from the outbox, because the store is slow or away.", flag(s.Away)},
		{"failed", "1 when nothing more is written to the outbox before a restart.", flag(s.Failed)},
		{"waiting", "Items that the store does not have yet.", float64(s.Waiting)},
		{"refused", "Items that the store refuses although it takes others.", float64(s.Stuck)},
		{"kept", "Items that the store has and that stay until no failover can lose them.", float64(s.Kept)},
		{"kept_oldest_seconds", "For how long the store has had what was kept first. It grows while a log is not signed.", s.KeptOldest.Seconds()},
		{"unsigned", "1 while items are kept for much too long, because a transparency log is not signed.", flag(s.Late)},
		{"damaged_bytes", "Bytes of its files that the start could not read: what they held is lost.", float64(s.Damaged)},
		{"oldest_seconds", "Age of the oldest item that waits.", s.Oldest.Seconds()},
		{"bytes", "Size of the outbox.", float64(s.Bytes)},
		{"limit_bytes", "Size that the outbox may have; beyond it grants are refused.", float64(s.Limit)},
	} {
		desc := prometheus.NewDesc("consentry_outbox_"+gauge.name, gauge.help, nil, nil)
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, gauge.value)
	}
	for _, counter := range []struct {
		name, help string
		value      int64
	}{
		{"appended_again", "Records that the store had acknowledged, lost and was given again.", s.Again},
		{"differed", "Records that the store had already with other content; the store's counts.", s.Differed},
		{"left_unsigned", "Records that left the outbox without a checkpoint, to make room or because their site is not served here.", s.Unsigned},
	} {
		desc := prometheus.NewDesc("consentry_outbox_"+counter.name+"_total", counter.help, nil, nil)
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(counter.value))
	}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
