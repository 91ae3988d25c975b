package server

import (
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the installation's own, on a registry of their own.
type Metrics struct {
	registry        *prometheus.Registry
	requests        *prometheus.CounterVec
	duration        *prometheus.HistogramVec
	decisions       *prometheus.CounterVec
	signals         *prometheus.CounterVec
	storeUp         prometheus.Gauge
	undeclaredProxy prometheus.Counter
}

func newMetrics(o Options) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "consentry_requests_total", Help: "Requests by listener, method, route pattern and status.",
		}, []string{"listener", "method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "consentry_request_seconds", Help: "Time to answer, by listener and route pattern.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"listener", "route"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "consentry_decisions_total", Help: "Recorded decisions by site and outcome.",
		}, []string{"site", "outcome"}),
		signals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "consentry_signals_total", Help: "Gates made for an honoured signal (Global Privacy Control, Do Not Track) by site and regime; of sites with several regimes.",
		}, []string{"site", "regime"}),
		storeUp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "consentry_store_up", Help: "1 while the store can keep records.",
		}),
		undeclaredProxy: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "consentry_undeclared_proxy_requests_total", Help: "Requests from private peers while no proxy is declared; rate limits are off for them.",
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "consentry_build_info", Help: "Always 1; the version is a label.", ConstLabels: prometheus.Labels{"version": o.Version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.decisions, m.signals, m.storeUp, m.undeclaredProxy, build,
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(liveHeap())), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if o.Outbox != nil {
		m.registry.MustRegister(outboxMetrics{o.Outbox})
	}
	if o.Backlog != nil {
		m.registry.MustRegister(newBacklogMetrics(o.Backlog, o.Now))
	}
	return m
}

// liveHeap is go_gc_heap_live_bytes, what the last garbage collection left in use:
// growth of it is a leak, of other figures it may be that none was due yet.
func liveHeap() collectors.GoRuntimeMetricsRule {
	return collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")}
}

// Decision counts a recorded decision.
func (m *Metrics) Decision(site, outcome string) { m.decisions.WithLabelValues(site, outcome).Inc() }

// Signal counts a gate that was made for a visitor whose browser sent a signal.
func (m *Metrics) Signal(site, regime string) { m.signals.WithLabelValues(site, regime).Inc() }

func (m *Metrics) observe(listener, verb, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(listener, method(verb), route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(listener, route).Observe(took.Seconds())
}

func (m *Metrics) handler(o Options) echo.HandlerFunc {
	serve := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return func(c echo.Context) error {
		m.storeUp.Set(1)
		if _, err := o.Store.Health(c.Request().Context()); err != nil {
			m.storeUp.Set(0)
		}
		serve.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}

// readyAnswer is the body of /readyz.
type readyAnswer struct {
	Status     string        `json:"status"` // ready or degraded
	Durability string        `json:"durability,omitempty"`
	Store      string        `json:"store,omitempty"` // why it cannot keep records
	Outbox     *outboxAnswer `json:"outbox,omitempty"`
	Problems   []string      `json:"problems,omitempty"`
	Version    string        `json:"version"`
}

// readiness answers 200 also when degraded: a server whose store is away still
// serves the gate and lets visitors refuse, and taking it out of rotation would
// stop that.
func readiness(o Options) echo.HandlerFunc {
	return func(c echo.Context) error {
		answer := readyAnswer{Status: "ready", Version: o.Version, Problems: o.Problems()}
		durability, err := o.Store.Health(c.Request().Context())
		answer.Durability = string(durability)
		if err != nil {
			answer.Store = err.Error()
		}
		healthy := err == nil
		if o.Outbox != nil {
			answer.Outbox = answerOf(o.Outbox())
			healthy = healthy && !answer.Outbox.troubled()
		}
		if !healthy || len(answer.Problems) > 0 {
			answer.Status = "degraded"
		}
		return c.JSON(http.StatusOK, answer)
	}
}
