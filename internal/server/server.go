// Package server puts the routes of visitors and operators behind one order of
// middleware, one table from errors to statuses and one access log. It decides
// nothing about consent and logs nothing about a person: routes appear by their
// pattern, never by path, and no address, user agent or cookie is kept.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/translog"
)

// Visitors is what the public listener serves; internal/api implements it.
type Visitors interface {
	FindSite(next echo.HandlerFunc) echo.HandlerFunc
	Register(e *echo.Echo, limit echo.MiddlewareFunc)
}

// Operators is what the operators' listener serves beside health and metrics.
type Operators interface{ Register(e *echo.Echo) }

// Options configure a Server. All fields are needed but Outbox, Backlog, Purges, Logs and Version.
type Options struct {
	Visitors  Visitors
	Operators Operators
	Store     consent.Store
	Outbox    func() outbox.Status // in front of Store; nil when there is none
	Now       func() time.Time
	Log       *slog.Logger
	// Backlog tells which visitors' requests wait, as last read; nil when nobody does.
	Backlog func() []consent.Backlog
	// Purges tells what came of the last purge of each log; nil when nobody does.
	Purges         func() []consent.PurgeState
	Seed           [32]byte // randomness for rate-limit buckets
	TrustedProxies []netip.Prefix
	CountryHeader  string // in which they name the visitor's country, "" for none
	RegionHeader   string // and the state of the United States
	// Locate looks an address up, where no header says the country; nil for none.
	Locate    func(netip.Addr) (country, region string)
	PerMinute int             // write requests per address prefix, 0 for no limit
	Burst     int             // of these at once
	Problems  func() []string // of the configuration that is being served
	Logs      func() []translog.Status
	Version   string
	Timeouts  Timeouts
}

// Timeouts bound how long a peer is waited for, and how long requests in flight
// may take to finish at the end.
type Timeouts struct{ ReadHeader, Read, Write, Idle, Shutdown time.Duration }

// Server is both listeners.
type Server struct {
	Metrics *Metrics

	log           *slog.Logger
	shutdown      time.Duration
	public, admin *http.Server
	unspoken      unspoken
}

// maxHeader bounds a request's headers: cookies of a whole shop fit.
const maxHeader = 32 << 10

// New builds both listeners' handlers.
func New(o Options) *Server {
	s := &Server{log: o.Log, shutdown: o.Timeouts.Shutdown, Metrics: newMetrics(o)}
	if o.Logs != nil {
		s.Metrics.registry.MustRegister(newLogMetrics(o.Logs, o.Now))
	}
	if o.Purges != nil {
		s.Metrics.registry.MustRegister(newPurgeMetrics(o.Purges, o.Now))
	}
	s.public = newHTTP(s.visitors(o), o.Timeouts)
	s.admin = newHTTP(s.operators(o), o.Timeouts)
	s.public.ConnState, s.admin.ConnState = s.unspoken.note, s.unspoken.note
	return s
}

func newHTTP(h http.Handler, t Timeouts) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read,
		WriteTimeout: t.Write, IdleTimeout: t.Idle, MaxHeaderBytes: maxHeader,
		// The standard logger would print peers' addresses.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
}

// visitors is the public listener: the order of its middleware, outermost first.
func (s *Server) visitors(o Options) *echo.Echo {
	e := s.newEcho()
	e.Pre(
		requestID,                  // every answer and log line carries one
		s.access(o.Now, "public"),  // one line and one observation a request; errors become statuses here
		recoverPanics,              // a panic is an error like others
		trustProxies(o, s.Metrics), // host and address, before anything looks at them
		capBody,                    // nothing reads more than its share
		o.Visitors.FindSite,        // cuts the prefix off; routes start behind it
	)
	limiter := newLimiter(o)
	o.Visitors.Register(e, limiter.middleware)
	return e
}

// operators is the other listener: health, metrics, dashboard.
func (s *Server) operators(o Options) *echo.Echo {
	e := s.newEcho()
	e.Pre(requestID, s.access(o.Now, "operators"), recoverPanics, capBody)
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", readiness(o))
	e.GET("/metrics", s.Metrics.handler(o))
	o.Operators.Register(e)
	return e
}

func (s *Server) newEcho() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.writeError
	return e
}

// Handlers returns the public and the operators' handler, for tests.
func (s *Server) Handlers() (public, operators http.Handler) {
	return s.public.Handler, s.admin.Handler
}

// Run serves until ctx ends, then lets requests in flight finish within the
// shutdown timeout. It closes both listeners first.
func (s *Server) Run(ctx context.Context, public, admin net.Listener) error {
	failed := make(chan error, 2)
	go func() { failed <- s.public.Serve(public) }()
	go func() { failed <- s.admin.Serve(admin) }()
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		s.end(public, admin)
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.shutdown)
	defer cancel()
	return errors.Join(err, s.public.Shutdown(grace), s.admin.Shutdown(grace))
}
