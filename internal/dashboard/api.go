package dashboard

import (
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// openAPI is the contract of the routes below.
//
//go:embed openapi.json
var openAPI []byte

// registerAPI mounts the read-only JSON API: what the pages show, for programs.
// Tokens open it and sessions do not, so that no page of another site can read it
// with an operator's cookie.
func (d *Dashboard) registerAPI(e *echo.Echo) {
	g := e.Group("/api/v1", plainHeaders, compressed())
	g.GET("/openapi.json", getOpenAPI)
	g.GET("/sites", d.apiSites, d.bearer(seeRates))
	g.GET("/sites/:site/rates", d.apiRates, d.bearer(seeRates))
	g.GET("/sites/:site/breakdowns", d.apiBreakdowns, d.bearer(seeRates))
	g.GET("/sites/:site/undeclared", d.apiUndeclared, d.bearer(seeRates))
	g.GET("/sites/:site/experiment", d.apiExperiment, d.bearer(seeRates))
	g.GET("/sites/:site/audit", d.apiAudit, d.bearer(seeRecords))
	g.GET("/requests", d.apiRequests, d.bearer(seeRecords))
	g.GET("/records/:record", d.apiRecord, d.bearer(seeRecords))
	g.GET("/state", d.apiState, d.bearer(seeRecords))
}

// plainHeaders keeps answers out of caches and other pages.
func plainHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

func getOpenAPI(c echo.Context) error { return c.Blob(http.StatusOK, "application/json", openAPI) }

func answerJSON(c echo.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/json", append(b, '\n'))
}

type apiSite struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	TimeZone string `json:"time_zone"`
}

func (d *Dashboard) apiSites(c echo.Context) error {
	out := struct {
		Sites []apiSite `json:"sites"`
	}{Sites: []apiSite{}}
	for _, site := range d.sites(c) {
		out.Sites = append(out.Sites, apiSite{site.ID, site.Name, site.Counting.Location().String()})
	}
	return answerJSON(c, out)
}

type apiSighting struct {
	Kind  string            `json:"kind"`
	Name  string            `json:"name"`
	First consent.Timestamp `json:"first"`
	Last  consent.Timestamp `json:"last"`
}

// apiUndeclared lists what a site's pages have shown and its policy does not name.
func (d *Dashboard) apiUndeclared(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	return answerJSON(c, map[string]any{"site": site.ID, "undeclared": d.undeclared(site.ID)})
}

func (d *Dashboard) undeclared(site string) []apiSighting {
	list := []apiSighting{}
	for _, s := range d.Seen(site) {
		list = append(list, apiSighting{s.Kind, s.Name, consent.At(s.First), consent.At(s.Last)})
	}
	return list
}

type apiAuditEntry struct {
	Entry   int64             `json:"entry"`
	At      consent.Timestamp `json:"at"`
	Altered bool              `json:"altered"`
	Actor   string            `json:"actor"`
	Action  string            `json:"action"`
	About   string            `json:"about"`
	Detail  string            `json:"detail"`
	Record  *int64            `json:"record_entry"`
	Times   int               `json:"times"`
}

// apiAudit gives a page of the audit trail, newest first.
func (d *Dashboard) apiAudit(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	before, err := beforeOf(c)
	if err != nil {
		return err
	}
	rows, older, err := d.audited(c.Request().Context(), site.ID, before, auditShown)
	if err != nil {
		return err
	}
	return answerJSON(c, map[string]any{"site": site.ID, "entries": auditEntries(rows), "older": older})
}

func auditEntries(rows []templates.AuditRow) []apiAuditEntry {
	list := []apiAuditEntry{}
	for _, r := range rows {
		list = append(list, apiAuditEntry{r.Index, consent.At(r.At), r.Altered, r.Entry.Actor, r.Entry.Action, r.Entry.About, r.Entry.Detail, r.Entry.Entry, max(r.Entry.Times, 1)})
	}
	return list
}
