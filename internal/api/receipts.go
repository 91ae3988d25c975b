package api

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// maxHistory bounds how many records a receipt page lists.
const maxHistory = 50

// myReceipt is the body of GET receipts/mine.
type myReceipt struct {
	Record  string `json:"record"`
	Date    string `json:"date"`
	Receipt string `json:"receipt"`
}

// getMyReceipt tells the holder of a valid sealed cookie where its receipt is.
func (a *API) getMyReceipt(c echo.Context) error {
	s := siteOf(c)
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	sealed, _ := s.jar.Read(c.Request(), secure(c), a.Now())
	if sealed == nil {
		return ErrReceipt
	}
	date, err := consent.At(unix(sealed.Issued)).MarshalText()
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, myReceipt{Record: sealed.Record.String(), Date: string(date), Receipt: s.Base() + s.receiptPath(sealed.Record)})
}

// opened is a record that a receipt shows; record is nil once it was erased.
type opened struct {
	stored consent.Stored
	record *consent.Record
}

// getReceipt shows what is held under a receipt link. A wrong link, an absent
// record and one whose entry is erased answer alike.
func (a *API) getReceipt(c echo.Context) error {
	s := siteOf(c)
	held, err := a.receipt(c.Request().Context(), s, c.Param("token"), maxHistory)
	partial := errors.Is(err, consent.ErrPartial)
	if partial {
		err = nil
	}
	if err == nil {
		var next []opened
		next, err = a.successors(c.Request().Context(), s, held[0].stored.Record)
		held = append(next, held...)
		if partial && errors.Is(err, consent.ErrUnavailable) {
			err = nil
		}
	}
	if format := receiptFormat(c); format != "" && err == nil {
		return a.receiptFile(c, s, format, held, partial)
	} else if format != "" || err != nil && !errors.Is(err, ErrReceipt) {
		return err
	}
	if err != nil {
		return showNoReceipt(c, s, http.StatusNotFound, s.Texts[s.pageLocale(c.Request(), c.QueryParam("locale"))].ReceiptNone)
	}
	return a.showReceipt(c, s, held, partial, http.StatusOK)
}

func receiptFormat(c echo.Context) string {
	if wantsJSON(c.Request()) {
		return "json"
	}
	return c.QueryParam("format")
}

func (a *API) showReceipt(c echo.Context, s *Site, held []opened, partial bool, status int) error {
	p := templates.ReceiptPage{
		Nonce: pageHeaders(c, s), Site: s.Site, Locale: s.pageLocale(c.Request(), c.QueryParam("locale")), Back: s.backURL("/"),
		Choices: s.Base() + "/choices", Refused: status == http.StatusConflict, Failed: status == http.StatusServiceUnavailable, Partial: partial,
		Files: []templates.ReceiptFile{{Name: "JSON", URL: "?format=json"}, {Name: "JSON-LD", URL: "?format=jsonld"}, {Name: "tlog-proof", URL: "?format=proof"}},
	}
	if a.Transparency == nil || a.Transparency(s.ID) == nil {
		p.Files = p.Files[:2]
	}
	for _, h := range held {
		p.Entries = append(p.Entries, templates.ReceiptEntry{ID: h.stored.Record, Time: h.stored.Time, Record: h.record})
	}
	var err error
	p.Requests, err = a.requestsOn(c.Request().Context(), s, held)
	if err != nil && !errors.Is(err, consent.ErrUnavailable) { // while the store is away the records alone are shown
		return err
	}
	for _, h := range held {
		if strings.HasPrefix(s.receiptPath(h.stored.Record), "/receipts/"+c.Param("token")) {
			p.Own = h.stored.Index
		}
	}
	c.Response().WriteHeader(status)
	return templates.Receipt(p).Render(c.Request().Context(), c.Response())
}

func showNoReceipt(c echo.Context, s *Site, status int, says string) error {
	p := templates.ReceiptNonePage{
		Nonce: pageHeaders(c, s), Site: s.Site, Locale: s.pageLocale(c.Request(), c.QueryParam("locale")), Says: says, Back: s.backURL("/"),
	}
	c.Response().WriteHeader(status)
	return templates.ReceiptNone(p).Render(c.Request().Context(), c.Response())
}

// receiptFile hands a receipt out for machines: all records as JSON, or the one
// that the link opens as linked data or with the proof that it is in the log.
func (a *API) receiptFile(c echo.Context, s *Site, format string, held []opened, partial bool) error {
	h := c.Response().Header()
	setHeader(h, "Cache-Control", noStore)
	name := "receipt-" + held[0].stored.Record.String()
	switch format {
	case "json":
		return c.JSONPretty(http.StatusOK, receiptBody(held, partial), "  ")
	case "jsonld":
		linked, err := consent.Linked(held[0].record, s.Policy)
		if err != nil {
			return err
		}
		h.Set("Content-Disposition", `attachment; filename="`+name+`.jsonld"`)
		return c.Blob(http.StatusOK, "application/ld+json", linked)
	case "proof":
		if a.Transparency == nil {
			return echo.ErrNotFound
		}
		log := a.Transparency(held[0].stored.Log())
		if log == nil {
			return echo.ErrNotFound
		}
		proof, err := log.ProveRecord(c.Request().Context(), held[0].stored, held[0].record)
		if err != nil {
			return err
		}
		h.Set("Content-Disposition", `attachment; filename="`+name+`.tlog-proof"`)
		return c.Blob(http.StatusOK, "text/plain; charset=utf-8", proof.Format())
	}
	return echo.ErrNotFound
}

// receipt opens the record that a token names, and up to limit of those before it
// of the same visitor, newest first. With consent.ErrPartial some of these are
// missing, because the store is away.
func (a *API) receipt(ctx context.Context, s *Site, token string, limit int) ([]opened, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 48 {
		return nil, ErrReceipt
	}
	id := consent.ID(raw[:16])
	stored, err := a.Store.Record(ctx, s.ID, id)
	if err != nil && !errors.Is(err, consent.ErrNotFound) {
		return nil, err
	}
	hash := receiptHash([32]byte(raw[16:]))
	if err != nil || subtle.ConstantTimeCompare(hash[:], stored.Receipt[:]) != 1 || stored.Erased {
		return nil, ErrReceipt
	}
	history, err := a.Store.History(ctx, s.ID, stored.Subject)
	if err != nil && !errors.Is(err, consent.ErrPartial) {
		return nil, fmt.Errorf("read history: %w", err)
	}
	until := slices.IndexFunc(history, func(h consent.Stored) bool { return h.Record == id })
	if until < 0 {
		return nil, fmt.Errorf("history of record %s: %w", id, consent.ErrUnavailable)
	}
	history = history[max(0, until+1-limit) : until+1]
	held := make([]opened, 0, len(history))
	for _, h := range slices.Backward(history) {
		entry := opened{stored: h}
		if !h.Erased {
			record, _, err := a.open(ctx, s, h)
			if err != nil {
				return nil, err
			}
			entry.record = record
		}
		held = append(held, entry)
	}
	return held, err // nil or ErrPartial
}

type receiptDocument struct {
	Schema  string            `json:"schema"`
	Records []*consent.Record `json:"records"`
	Partial bool              `json:"partial,omitempty"` // the store is away, and earlier records may be missing
}

func receiptBody(held []opened, partial bool) receiptDocument {
	doc := receiptDocument{Schema: "consentry.receipt/1", Partial: partial}
	for _, h := range held {
		if h.record != nil {
			doc.Records = append(doc.Records, h.record)
		}
	}
	return doc
}

// eraseReceipt erases all that a receipt link shows, for good, on the word of
// whoever holds it. Under a legal hold it refuses and says why.
func (a *API) eraseReceipt(c echo.Context) error {
	s, ctx := siteOf(c), c.Request().Context()
	if _, err := a.Store.Head(ctx, s.ID); err != nil { // to erase there; of what is found elsewhere a part may be missing
		return err
	}
	held, err := a.receipt(ctx, s, c.Param("token"), math.MaxInt32)
	if err == nil {
		var next []opened
		next, err = a.successors(ctx, s, held[0].stored.Record)
		held = append(next, held...)
	}
	locale := s.pageLocale(c.Request(), c.QueryParam("locale"))
	switch {
	case errors.Is(err, ErrReceipt):
		return showNoReceipt(c, s, http.StatusNotFound, s.Texts[locale].ReceiptNone)
	case err != nil:
		return err
	case s.LegalHold != "":
		return a.showReceipt(c, s, held, false, http.StatusConflict)
	}
	if err := a.erase(ctx, s, held); err != nil {
		return err
	}
	// A cookie that names a later record stays: it is the way to that one's receipt.
	sealed, _ := s.jar.Read(c.Request(), secure(c), a.Now())
	if sealed != nil && slices.ContainsFunc(held, func(h opened) bool { return h.stored.Record == sealed.Record }) {
		s.jar.Forget(c.Response().Header(), secure(c))
	}
	return showNoReceipt(c, s, http.StatusOK, s.Texts[locale].Erased)
}

func (a *API) erase(ctx context.Context, s *Site, held []opened) error {
	entries := make([]consent.Stored, len(held))
	for i, h := range held {
		entries[i] = h.stored
	}
	err := consent.EraseNoted(ctx, a.Store, s.ID, entries, a.now())
	if errors.Is(err, consent.ErrUnnoted) {
		// The list of erasures has them; verify names those that lack the note.
		a.Log.Error("an erasure could not be noted in the log", "site", s.ID, "error", err)
		return nil
	}
	return err
}
