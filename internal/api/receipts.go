package api

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"

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

// getReceipt shows what is held under a receipt link. A wrong link, an absent
// record and one whose entry is erased answer alike.
func (a *API) getReceipt(c echo.Context) error {
	s := siteOf(c)
	entries, err := a.receipt(c.Request().Context(), s, c.Param("token"))
	if err != nil && !errors.Is(err, ErrReceipt) {
		return err
	}
	if wantsJSON(c.Request()) || c.QueryParam("format") == "json" {
		if err != nil {
			return err
		}
		setHeader(c.Response().Header(), "Cache-Control", noStore)
		return c.JSONPretty(http.StatusOK, receiptBody(entries), "  ")
	}
	locale := s.pageLocale(c.Request(), c.QueryParam("locale"))
	nonce := pageHeaders(c, s)
	if err != nil {
		c.Response().WriteHeader(http.StatusNotFound)
		return templates.ReceiptNone(templates.ReceiptNonePage{Nonce: nonce, Site: s.Site, Locale: locale, Back: s.backURL("/")}).
			Render(c.Request().Context(), c.Response())
	}
	return templates.Receipt(templates.ReceiptPage{
		Nonce: nonce, Site: s.Site, Locale: locale, Entries: entries, Back: s.backURL("/"),
		Files: []templates.ReceiptFile{{Name: "JSON", URL: "?format=json"}},
	}).Render(c.Request().Context(), c.Response())
}

// receipt opens the record that a token names, and those before it of the same
// visitor, newest first.
func (a *API) receipt(ctx context.Context, s *Site, token string) ([]templates.ReceiptEntry, error) {
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
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	until := slices.IndexFunc(history, func(h consent.Stored) bool { return h.Record == id })
	history = history[max(0, until+1-maxHistory) : until+1]
	entries := make([]templates.ReceiptEntry, 0, len(history))
	for _, h := range slices.Backward(history) {
		entry := templates.ReceiptEntry{ID: h.Record, Time: h.Time}
		if !h.Erased {
			if entry.Record, _, err = a.open(ctx, s, h); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

type receiptDocument struct {
	Schema  string            `json:"schema"`
	Records []*consent.Record `json:"records"`
}

func receiptBody(entries []templates.ReceiptEntry) receiptDocument {
	doc := receiptDocument{Schema: "consentry.receipt/1"}
	for _, e := range entries {
		if e.Record != nil {
			doc.Records = append(doc.Records, e.Record)
		}
	}
	return doc
}
