package dashboard

import (
	"encoding/csv"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// exportsAll notes that a file about all sites of the viewer was taken, before it is.
func (d *Dashboard) exportsAll(file string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			for _, site := range d.sites(c) {
				if err := d.noteOn(c, site.ID, by(c, consent.AuditExported, file, "")); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// writeRows answers with a CSV file. Texts become inert.
func writeRows(c echo.Context, file string, rows [][]string) error {
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="consentry-%s.csv"`, file))
	out := csv.NewWriter(c.Response())
	out.UseCRLF = true // RFC 4180
	for _, row := range rows {
		for i := range row {
			row[i] = consent.Inert(row[i])
		}
		_ = out.Write(row)
	}
	out.Flush()
	return out.Error()
}

func (d *Dashboard) getUndeclaredCSV(c echo.Context) error {
	site, err := d.site(c)
	if err != nil {
		return err
	}
	rows := [][]string{{"kind", "name", "first", "last"}}
	for _, s := range d.undeclared(site.ID) {
		rows = append(rows, []string{s.Kind, s.Name, written(&s.First), written(&s.Last)})
	}
	return writeRows(c, site.ID+"-undeclared", rows)
}

func (d *Dashboard) getRequestsCSV(c echo.Context) error {
	list, err := d.requested(c)
	if err != nil {
		return err
	}
	rows := [][]string{{"site", "id", "kind", "reason", "record_entry", "asked", "due", "settled", "done", "refused_because"}}
	for _, r := range list {
		row := []string{r.Site, r.ID, r.Kind, r.Reason, number(r.Entry), written(&r.At), written(&r.Due), "", "", ""}
		if s := r.Settled; s != nil {
			row[7], row[8], row[9] = written(&s.At), strconv.FormatBool(s.Done), s.Reason
		}
		rows = append(rows, row)
	}
	return writeRows(c, "requests", rows)
}

// getStateCSV writes one row for each copy outside of each site's log, and one for a
// site without any.
func (d *Dashboard) getStateCSV(c echo.Context) error {
	state := d.stateNow(c)
	rows := [][]string{{"site", "durability", "retention_class", "oldest_record", "purge_problem", "log_entries", "log_signed", "log_waiting_since", "log_problem", "anchor", "anchor_entries", "anchor_behind", "anchor_problem"}}
	for _, s := range state.Sites {
		row := []string{s.ID, state.Durability, s.Class, written(s.Oldest), s.Purge, "", "", "", "", "", "", "", ""}
		if s.Log != nil {
			row[5], row[6], row[7], row[8] = number(s.Log.Entries), number(s.Log.Signed), written(s.Log.Waiting), s.Log.Problem
		}
		if s.Log == nil || len(s.Log.Anchors) == 0 {
			rows = append(rows, row)
			continue
		}
		for _, a := range s.Log.Anchors {
			rows = append(rows, append(row[:9:9], a.Name, number(a.Entries), number(a.Behind), a.Problem))
		}
	}
	return writeRows(c, "keeping", rows)
}

// getRetentionCSV has one row for each class of records of each site's log, as far as a
// purge has told of it.
func (d *Dashboard) getRetentionCSV(c echo.Context) error {
	rows := [][]string{{"site", "retention_class", "keep_seconds", "known", "oldest", "none_older", "next_purge", "purging", "legal_hold"}}
	for _, s := range d.stateNow(c).Sites {
		for _, k := range s.Kept {
			rows = append(rows, []string{s.ID, k.Class, number(int64(k.Keep)), strconv.FormatBool(k.Known), written(k.Oldest), strconv.FormatBool(k.Bound),
				written(s.Next), strconv.FormatBool(s.Purges), s.Hold})
		}
	}
	return writeRows(c, "retention", rows)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// written is an instant as the JSON files have it, "" for none.
func written(at *consent.Timestamp) string {
	if at == nil {
		return ""
	}
	text, _ := at.MarshalText() // never fails
	return string(text)
}
