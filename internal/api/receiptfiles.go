package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

// receiptFile hands a receipt out for machines: all records as JSON, or the one
// that the link opens as linked data or with the proof that it is in the log.
func (a *API) receiptFile(c echo.Context, s *Site, format string, r receipt) error {
	h, own := c.Response().Header(), r.held[r.own]
	setHeader(h, "Cache-Control", noStore)
	name := "receipt-" + own.stored.Record.String()
	switch format {
	case "json":
		return c.JSONPretty(http.StatusOK, s.receiptBody(r), "  ")
	case "jsonld":
		linked, err := consent.Linked(own.record, s.Policy)
		if err != nil {
			return err
		}
		h.Set("Content-Disposition", `attachment; filename="`+name+`.jsonld"`)
		return c.Blob(http.StatusOK, "application/ld+json", linked)
	case "proof":
		proof, err := a.proveReceipt(c, own)
		if err != nil {
			return err
		}
		h.Set("Content-Disposition", `attachment; filename="`+name+`.tlog-proof"`)
		return c.Blob(http.StatusOK, "text/plain; charset=utf-8", proof.Format())
	}
	return echo.ErrNotFound
}

// proveReceipt errors: echo.ErrNotFound for a site without a log,
// translog.ErrNotSigned for a record that has to wait for its checkpoint.
func (a *API) proveReceipt(c echo.Context, own opened) (*translog.Proof, error) {
	if a.Transparency == nil {
		return nil, echo.ErrNotFound
	}
	log := a.Transparency(own.stored.Log())
	if log == nil {
		return nil, echo.ErrNotFound
	}
	proof, err := log.ProveRecord(c.Request().Context(), own.stored, own.record)
	if errors.Is(err, consent.ErrNotFound) { // no checkpoint at all
		err = translog.ErrNotSigned
	}
	if errors.Is(err, translog.ErrNotSigned) {
		c.Response().Header().Set("Retry-After", "30")
	}
	return proof, err
}

type receiptDocument struct {
	Schema  string            `json:"schema"`
	Records []*consent.Record `json:"records"`
	Earlier string            `json:"earlier,omitempty"` // address of the receipt of the records before these
	Partial bool              `json:"partial,omitempty"` // the store is away, and earlier records may be missing
}

func (s *Site) receiptBody(r receipt) receiptDocument {
	doc := receiptDocument{Schema: "consentry.receipt/1", Earlier: s.earlierURL(r), Partial: r.partial}
	for _, h := range r.held {
		if h.record != nil {
			doc.Records = append(doc.Records, h.record)
		}
	}
	return doc
}

func (s *Site) earlierURL(r receipt) string {
	if r.earlier == nil {
		return ""
	}
	return s.Base() + s.receiptPath(*r.earlier)
}
