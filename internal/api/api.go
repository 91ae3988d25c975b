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
	"github.com/consentry/consentry/internal/translog"
)

// API serves every site of an installation. Set the exported fields before
// Register; SetSites may be called at any time.
type API struct {
	Store consent.Store
	Now   func() time.Time
	Log   *slog.Logger
	// Observe is told the outcome of every recorded decision, for metrics.
	Observe func(site, outcome string)
	// ObserveSignal is told of every gate that was made for a signal, by regime.
	ObserveSignal func(site, regime string)
	// Transparency finds the transparency log of a site, nil when it has none.
	Transparency func(site string) *translog.Log

	sites    atomic.Pointer[index]
	reader   consent.Reader
	requests consent.Requests
	seen     seenLog
	clock    clock
}

// Register mounts the visitors' routes. They are relative to a site's prefix,
// which FindSite, a middleware before the router, has cut off. Write routes pass
// through limit, those of scripts behind the headers that let a page of another
// origin read a refusal.
func (a *API) Register(e *echo.Echo, limit echo.MiddlewareFunc) {
	a.reader.Store, a.requests.Store = a.Store, a.Store
	get := func(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
		e.GET(path, h, m...)
		e.HEAD(path, h, m...) // net/http leaves the body out
	}
	get("/gate.js", a.getGate)
	get("/:script", a.getFrozen)
	get("/opener/:rendering/:file", a.getScript("opener"))
	get("/banner/:rendering/:file", a.getScript("banner"))
	get("/preferences/:rendering/:file", a.getScript("preferences"))
	get("/placeholders/:rendering/:file", a.getScript("placeholders"))
	get("/declaration", a.getDeclaration)
	get("/declaration/:file", a.getDeclarationScript)
	get("/openapi.json", a.getOpenAPI)
	get(gpcPath, a.getGPC)
	get("/consentry.d.ts", a.getTypes)
	for _, log := range []string{"/log", "/log~:log"} {
		get(log+"/checkpoint", a.getCheckpoint)
		get(log+"/key", a.getLogKey)
		get(log+"/tile/*", a.getTile)
	}
	e.POST("/decisions", a.postDecision, allowCORS, limit)
	e.OPTIONS("/decisions", a.preflight, allowCORS)
	e.POST("/impressions", a.postImpression, allowCORS, limit)
	e.OPTIONS("/impressions", a.preflight, allowCORS)
	e.POST("/unasked", a.postUnasked, limit)
	e.POST("/sightings", a.postSightings, allowCORS, limit)
	e.OPTIONS("/sightings", a.preflight, allowCORS)
	get("/choices", a.getChoices)
	e.POST("/choices", a.postChoices, explained(a.explainChoices), limit)
	get("/receipts/mine", a.getMyReceipt, allowCORS)
	e.POST("/receipts/mine", a.postMyReceipt, allowCORS, limit)
	e.OPTIONS("/receipts/mine", a.preflight, allowCORS)
	get("/receipts/:token", a.getReceipt, explained(explainReceipt))
	e.POST("/receipts/:token", a.postReceipt, explained(explainReceipt), limit)
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
