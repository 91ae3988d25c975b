package dashboard

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrRecord is a file about a record that is not held, or another's: 404, or that
// names none by its consent id: 400.
var ErrRecord = errors.New("no record under this consent id is held")

// found opens the record whose consent id is in ?q= for a file, which is noted with
// its place in the log first. A receipt's link is no such id: it opens the receipt to
// whoever reads it, and stands in no address.
func (d *Dashboard) found(c echo.Context, file string) (page templates.RecordPage, stored consent.Stored, err error) {
	id, err := consent.ParseID(strings.TrimSpace(c.QueryParam("q")))
	if err != nil {
		return page, stored, refuse(http.StatusBadRequest, ErrRecord)
	}
	site, stored, err := d.held(c, id)
	if errors.Is(err, consent.ErrNotFound) {
		return page, stored, refuse(http.StatusNotFound, ErrRecord)
	}
	if err != nil {
		return page, stored, err
	}
	e := by(c, consent.AuditExported, file, "")
	e.Entry = &stored.Index
	if err := d.noteOn(c, site.ID, e); err != nil {
		return page, stored, err
	}
	page = templates.RecordPage{Site: site.ID, SiteName: site.Name, ID: id.String()}
	return page, stored, d.prove(c.Request().Context(), &page, stored)
}

// held finds a record among the viewer's sites. Errors: consent.ErrNotFound.
func (d *Dashboard) held(c echo.Context, id consent.ID) (*consent.Site, consent.Stored, error) {
	for _, site := range d.sites(c) {
		stored, err := d.Store.Record(c.Request().Context(), site.ID, id)
		if !errors.Is(err, consent.ErrNotFound) {
			return site, stored, err
		}
	}
	return nil, consent.Stored{}, consent.ErrNotFound
}

// getRecordJSON gives the whole record with what came of verifying its proof, and the
// proof itself.
func (d *Dashboard) getRecordJSON(c echo.Context) error {
	page, stored, err := d.found(c, "records.json")
	if err != nil {
		return err
	}
	return attachJSON(c, page.Site+"-record-"+strconv.FormatInt(stored.Index, 10), recordOf(page, stored))
}

// getRecordCSV has one row for each decision of the record, and one without a decision
// for an erased record. The proof itself is no table.
func (d *Dashboard) getRecordCSV(c echo.Context) error {
	page, stored, err := d.found(c, "records.csv")
	if err != nil {
		return err
	}
	out := recordOf(page, stored)
	rows := [][]string{{"site", "log_entry", "erased", "proof_holds", "proof_broken", "proof_says", "log_origin", "log_size", "record_id", "event", "at", "expires",
		"control", "surface", "locale", "layout", "notice", "rendering", "regime", "retention_class", "category", "service", "status", "scope"}}
	row := []string{out.Site, number(out.Entry), strconv.FormatBool(out.Erased), strconv.FormatBool(out.Proof.Holds), strconv.FormatBool(out.Proof.Broken),
		out.Proof.Says, out.Proof.Origin, number(out.Proof.Size), page.ID}
	r := out.Record
	if r == nil {
		rows = append(rows, append(row, make([]string, len(rows[0])-len(row))...))
		return writeRows(c, out.Site+"-record-"+number(out.Entry), rows)
	}
	row = append(row, string(r.Event), written(&r.Time), written(&r.Validity.Expires), r.Action.Control, r.Action.Surface,
		r.Notice.Locale, r.Notice.Layout, r.Notice.Digest, r.Notice.Rendering, string(r.Regime.ID), r.RetentionClass)
	for _, d := range r.Decisions {
		rows = append(rows, append(row[:len(row):len(row)], d.Category, d.Service, string(d.Status), string(d.Scope)))
	}
	return writeRows(c, out.Site+"-record-"+number(out.Entry), rows)
}
