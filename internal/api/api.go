// Package api is what visitors' browsers call: the gate and banner scripts, the
// decisions, the page without JavaScript and the receipts. It decodes, calls
// consent and the store, and encodes. It never logs anything about a person and
// never turns a failure into a grant: errors leave as they are, and the server
// above maps them.
package api

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// API serves every site of an installation. Set the exported fields before
// Register; SetSites may be called at any time.
type API struct {
	Store consent.Store
	Now   func() time.Time
	Log   *slog.Logger
	// Observe is told the outcome of every recorded decision, for metrics.
	Observe func(site, outcome string)

	sites  atomic.Pointer[index]
	frames frameCache
	clock  clock
}

// Register mounts the visitors' routes. They are relative to a site's prefix,
// which FindSite, a middleware before the router, has cut off. Write routes pass
// through limit.
func (a *API) Register(e *echo.Echo, limit echo.MiddlewareFunc) {
	e.GET("/gate.js", a.getGate)
	e.GET("/:gate", a.getFrozenGate)
	e.GET("/banner/:rendering/:file", a.getBanner)
	e.GET("/preferences/:rendering/:file", a.getPreferences)
	e.GET("/openapi.json", a.getOpenAPI)
	e.POST("/decisions", a.postDecision, limit)
	e.OPTIONS("/decisions", a.preflight)
	e.POST("/impressions", a.postImpression, limit)
	e.OPTIONS("/impressions", a.preflight)
	e.GET("/choices", a.getChoices)
	e.POST("/choices", a.postChoices, limit)
	e.GET("/receipts/mine", a.getMyReceipt)
	e.GET("/receipts/:token", a.getReceipt)
}

// clock hands out times that never go back on this server.
type clock struct{ last atomic.Int64 }

func (c *clock) read(now time.Time) time.Time {
	ms := now.UnixMilli()
	for {
		last := c.last.Load()
		if ms <= last {
			return time.UnixMilli(last).UTC()
		}
		if c.last.CompareAndSwap(last, ms) {
			return time.UnixMilli(ms).UTC()
		}
	}
}

func (a *API) now() time.Time { return a.clock.read(a.Now()) }

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
