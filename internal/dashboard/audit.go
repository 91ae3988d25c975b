package dashboard

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// auditShown is how many entries stand on one page.
const auditShown = 50

// getTrail leads to the first site's.
func (d *Dashboard) getTrail(c echo.Context) error {
	for _, site := range d.sites(c) {
		return c.Redirect(http.StatusSeeOther, "/admin/sites/"+site.ID+"/audit")
	}
	return refuse(http.StatusNotFound, ErrSite)
}

// getAudit shows what operators did, newest first, with its place in the log.
func (d *Dashboard) getAudit(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	before, err := beforeOf(c)
	if err != nil {
		return err
	}
	page := templates.AuditPage{Nonce: nonce(c), Viewer: frame(c), ID: site.ID, Name: site.Name}
	for _, other := range d.sites(c) {
		page.Sites = append(page.Sites, templates.SiteName{ID: other.ID, Name: other.Name})
	}
	if log := d.Transparency(site.ID); log != nil {
		page.Signed = log.Status().Signed
	}
	if page.Rows, page.Older, err = d.audited(c.Request().Context(), site.ID, before, auditShown); err != nil {
		return err
	}
	return show(c, http.StatusOK, templates.Audit(page))
}

// beforeOf reads ?before=INDEX, without it the end of the log.
func beforeOf(c echo.Context) (int64, error) {
	text := c.QueryParam("before")
	if text == "" {
		return 1<<63 - 1, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusBadRequest, fmt.Errorf("%w: before must be a place in the log", ErrFilter))
	}
	return n, nil
}

// audited reads the newest entries before a place in a site's log, and whether
// there are older ones.
func (d *Dashboard) audited(ctx context.Context, site string, before int64, most int) (rows []templates.AuditRow, older bool, err error) {
	leave, err := d.enterRoom(ctx)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	listed, err := d.Store.Artefacts(ctx, site, consent.AuditKind)
	if err != nil {
		return nil, false, fmt.Errorf("list the audit trail of %s: %w", site, err)
	}
	for i := len(listed) - 1; i >= 0; i-- {
		if listed[i].Index >= before {
			continue
		}
		if len(rows) == most {
			return rows, true, nil
		}
		stored, err := d.Store.Artefact(ctx, site, listed[i].Digest)
		if err != nil {
			return nil, false, fmt.Errorf("read the audit trail of %s: %w", site, err)
		}
		row := templates.AuditRow{Index: listed[i].Index, At: listed[i].Time}
		if row.Entry, err = consent.ReadAudit(site, stored); err != nil {
			row.Altered = true
		}
		rows = append(rows, row)
	}
	return rows, false, nil
}

// getAuditCSV writes all entries, oldest first.
func (d *Dashboard) getAuditCSV(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	rows, _, err := d.audited(c.Request().Context(), site.ID, 1<<63-1, 1<<31-1)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="consentry-%s-audit.csv"`, site.ID))
	out := csv.NewWriter(c.Response())
	out.UseCRLF = true // RFC 4180
	_ = out.Write([]string{"log_entry", "at", "actor", "action", "about", "detail", "record_entry", "times", "altered"})
	for i := len(rows) - 1; i >= 0; i-- {
		_ = out.Write(auditCSV(rows[i]))
	}
	out.Flush()
	return out.Error()
}

// getAuditJSON gives all entries in the API's words, oldest first as the CSV file.
func (d *Dashboard) getAuditJSON(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	rows, _, err := d.audited(c.Request().Context(), site.ID, 1<<63-1, 1<<31-1)
	if err != nil {
		return err
	}
	slices.Reverse(rows)
	return attachJSON(c, site.ID+"-audit", map[string]any{"site": site.ID, "entries": auditEntries(rows)})
}

func auditCSV(r templates.AuditRow) []string {
	at, _ := consent.At(r.At).MarshalText() // never fails
	entry, times := "", ""
	if r.Entry.Entry != nil {
		entry = strconv.FormatInt(*r.Entry.Entry, 10)
	}
	if r.Entry.Times > 0 {
		times = strconv.Itoa(r.Entry.Times)
	}
	return []string{
		strconv.FormatInt(r.Index, 10), string(at), consent.Inert(r.Entry.Actor), r.Entry.Action, consent.Inert(r.Entry.About),
		consent.Inert(r.Entry.Detail), entry, times, strconv.FormatBool(r.Altered),
	}
}
