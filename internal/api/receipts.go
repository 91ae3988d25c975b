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

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// maxHistory is how many records a receipt shows at once. What was before these
// is a link away.
const maxHistory = 1000

// myReceipt is the body of GET receipts/mine.
type myReceipt struct {
	Record  string `json:"record"`
	Date    string `json:"date"`
	Receipt string `json:"receipt"`
	// Changes are what of each category is other than it was answered, a line each in
	// the language asked for; absent where nothing is.
	Changes map[string][]string `json:"changes,omitempty"`
}

// getMyReceipt tells the holder of a valid sealed cookie where its receipt is.
func (a *API) getMyReceipt(c echo.Context) error {
	s := siteOf(c)
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	sealed, _ := s.jar.Read(c.Request(), secure(c), a.Now())
	return a.answerMine(c, s, sealed)
}

// postMyReceipt does the same for who holds the sealed value in script storage, which
// no erasure takes away: of a record that was erased there is none.
func (a *API) postMyReceipt(c echo.Context) error {
	s := siteOf(c)
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	if _, err := pageOrigin(c.Request(), s); err != nil {
		return err
	}
	var held struct {
		Sealed string `json:"sealed"`
	}
	if err := decodeJSON(c.Request(), &held); err != nil {
		return err
	}
	if s.Deployment.Mode != consent.ModeRemote {
		return ErrReceipt
	}
	sealed, err := s.jar.Decode(held.Sealed, a.Now())
	if err != nil {
		return ErrReceipt
	}
	if stored, err := a.Store.Record(c.Request().Context(), s.ID, sealed.Record); err == nil && stored.Erased {
		return ErrReceipt
	}
	return a.answerMine(c, s, sealed)
}

func (a *API) answerMine(c echo.Context, s *Site, sealed *consent.Sealed) error {
	if sealed == nil {
		return ErrReceipt
	}
	date, err := consent.At(unix(sealed.Issued)).MarshalText()
	if err != nil {
		return err
	}
	locale := s.pageLocale(c.Request(), c.QueryParam("locale"))
	return c.JSON(http.StatusOK, myReceipt{
		Record: sealed.Record.String(), Date: string(date), Receipt: s.Base() + s.receiptPath(sealed.Record), Changes: s.since(sealed, locale),
	})
}

// opened is a record that a receipt shows; record is nil once it was erased.
type opened struct {
	stored consent.Stored
	record *consent.Record
}

// receipt is what a link opens.
type receipt struct {
	held    []opened    // newest first
	own     int         // place in held of the record whose link it is; it is not erased
	earlier *consent.ID // the newest record before those in held, nil without any
	partial bool        // some earlier records may be missing, since the store is away
}

// getReceipt shows what is held under a receipt link. A wrong link, an absent
// record and one whose entry is erased answer alike.
func (a *API) getReceipt(c echo.Context) error {
	s := siteOf(c)
	r, err := a.receipt(c.Request().Context(), s, c.Param("token"), maxHistory)
	if err == nil {
		err = a.addSuccessors(c.Request().Context(), s, &r)
		if r.partial && errors.Is(err, consent.ErrUnavailable) {
			err = nil
		}
	}
	if format := receiptFormat(c); format != "" && err == nil {
		return a.receiptFile(c, s, format, r)
	} else if format != "" || err != nil && !errors.Is(err, ErrReceipt) {
		return err
	}
	if err != nil {
		return showNothing(c, s, http.StatusNotFound, s.Texts[s.pageLocale(c.Request(), c.QueryParam("locale"))].ReceiptNone)
	}
	return a.showReceipt(c, s, r, http.StatusOK)
}

func receiptFormat(c echo.Context) string {
	if wantsJSON(c.Request()) {
		return "json"
	}
	return c.QueryParam("format")
}

func (a *API) showReceipt(c echo.Context, s *Site, r receipt, status int) error {
	p := templates.ReceiptPage{
		Nonce: pageHeaders(c, s), Site: s.Site, Locale: s.pageLocale(c.Request(), c.QueryParam("locale")), Back: s.backURL("/"),
		Choices: s.changeURL(), Refused: status == http.StatusConflict, Failed: status == http.StatusServiceUnavailable, Partial: r.partial,
		Own: r.held[r.own].stored.Index, Earlier: s.earlierURL(r),
		Files: []templates.ReceiptFile{{Name: "JSON", URL: "?format=json"}, {Name: "JSON-LD", URL: "?format=jsonld"}, {Name: "tlog-proof", URL: "?format=proof"}},
	}
	if a.Transparency == nil || a.Transparency(s.ID) == nil {
		p.Files = p.Files[:2]
	}
	for _, h := range r.held {
		p.Entries = append(p.Entries, templates.ReceiptEntry{ID: h.stored.Record, Time: h.stored.Time, Record: h.record})
	}
	var err error
	p.Requests, err = a.requestsOn(c.Request().Context(), s, r.held)
	if err != nil && !errors.Is(err, consent.ErrUnavailable) { // while the store is away the records alone are shown
		return err
	}
	c.Response().WriteHeader(status)
	return templates.Receipt(p).Render(c.Request().Context(), c.Response())
}

func showNothing(c echo.Context, s *Site, status int, says string) error {
	return showLeaving(c, s, status, says, s.backURL("/"))
}

func showLeaving(c echo.Context, s *Site, status int, says, back string) error {
	p := templates.ReceiptNonePage{
		Nonce: pageHeaders(c, s), Site: s.Site, Locale: s.pageLocale(c.Request(), c.QueryParam("locale")), Says: says, Back: back,
	}
	c.Response().WriteHeader(status)
	return templates.ReceiptNone(p).Render(c.Request().Context(), c.Response())
}

// receipt opens the record that a token names with those before it of the same
// visitor, limit in all. Errors: ErrReceipt, those of the store.
func (a *API) receipt(ctx context.Context, s *Site, token string, limit int) (r receipt, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 48 {
		return r, ErrReceipt
	}
	id := consent.ID(raw[:16])
	stored, err := a.Store.Record(ctx, s.ID, id)
	if err != nil && !errors.Is(err, consent.ErrNotFound) {
		return r, err
	}
	hash := receiptHash([32]byte(raw[16:]))
	if err != nil || subtle.ConstantTimeCompare(hash[:], stored.Receipt[:]) != 1 || stored.Erased {
		return r, ErrReceipt
	}
	history, err := a.Store.History(ctx, s.ID, stored.Subject)
	r.partial = errors.Is(err, consent.ErrPartial)
	if err != nil && !r.partial {
		return r, fmt.Errorf("read history: %w", err)
	}
	until := slices.IndexFunc(history, func(h consent.Stored) bool { return h.Record == id })
	if until < 0 {
		return r, fmt.Errorf("read history: it lacks the record: %w", consent.ErrUnavailable)
	}
	first := max(0, until+1-limit)
	for _, h := range slices.Backward(history[:first]) {
		if !h.Erased {
			r.earlier = &h.Record
			break
		}
	}
	r.held = make([]opened, 0, until+1-first)
	for _, h := range slices.Backward(history[first : until+1]) {
		entry := opened{stored: h}
		if !h.Erased {
			if entry.record, _, err = a.open(ctx, s, h); err != nil {
				return r, err
			}
		}
		r.held = append(r.held, entry)
	}
	return r, nil
}

// addSuccessors puts the records before the others that stand in the place of the
// one that the link opens.
func (a *API) addSuccessors(ctx context.Context, s *Site, r *receipt) error {
	next, err := a.successors(ctx, s, r.held[r.own].stored.Record)
	if err != nil {
		return err
	}
	r.held, r.own = append(next, r.held...), r.own+len(next)
	return nil
}

// eraseReceipt erases all that a receipt link shows, for good, on the word of
// whoever holds it. Under a legal hold it refuses, says why, and logs that it was
// asked for.
func (a *API) eraseReceipt(c echo.Context) error {
	s, ctx := siteOf(c), c.Request().Context()
	if _, err := a.Store.Head(ctx, s.ID); err != nil { // to erase there; of what is found elsewhere a part may be missing
		return err
	}
	r, err := a.receipt(ctx, s, c.Param("token"), math.MaxInt32)
	if err == nil && r.partial {
		err = consent.ErrUnavailable
	}
	if err == nil {
		err = a.addSuccessors(ctx, s, &r)
	}
	locale := s.pageLocale(c.Request(), c.QueryParam("locale"))
	switch {
	case errors.Is(err, ErrReceipt):
		return showNothing(c, s, http.StatusNotFound, s.Texts[locale].ReceiptNone)
	case err != nil:
		return err
	case s.LegalHold != "":
		return a.refuseErasure(c, s, r)
	}
	if err := a.erase(ctx, s, r.held); err != nil {
		return err
	}
	// A cookie that names a later record stays: it is the way to that one's receipt.
	sealed, _ := s.jar.Read(c.Request(), secure(c), a.Now())
	if sealed != nil && slices.ContainsFunc(r.held, func(h opened) bool { return h.stored.Record == sealed.Record }) {
		s.jar.Forget(c.Response().Header(), secure(c))
	}
	return showLeaving(c, s, http.StatusOK, s.Texts[locale].Erased, s.forgottenURL())
}

// refuseErasure needs the request in the log: from then on somebody has to answer
// it, and the visitor reads by when.
func (a *API) refuseErasure(c echo.Context, s *Site, r receipt) error {
	ctx := c.Request().Context()
	err := a.logRequest(ctx, s, consent.VisitorRequest{
		Site: s.ID, Entry: r.held[r.own].stored.Index, Kind: consent.ErasureAsked, At: consent.At(a.now()),
	})
	if errors.Is(err, consent.ErrUnavailable) || errors.Is(err, consent.ErrBusy) {
		a.Log.WarnContext(ctx, "a visitor's request could not be stored", "site", s.ID, "error", err)
		return a.showReceipt(c, s, r, http.StatusServiceUnavailable)
	}
	if err != nil {
		return err
	}
	return a.showReceipt(c, s, r, http.StatusConflict)
}

func (a *API) erase(ctx context.Context, s *Site, held []opened) error {
	entries := make([]consent.Stored, len(held))
	for i, h := range held {
		entries[i] = h.stored
	}
	err := consent.EraseNoted(ctx, a.Store, s.ID, entries, a.now())
	if errors.Is(err, consent.ErrUnnoted) {
		// The list of erasures has them, from which they are noted later; until then
		// verify counts them as erased without a note.
		a.Log.Error("an erasure could not be noted in the log", "site", s.ID, "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	if err := a.requests.SettleErased(ctx, a.Store, s.ID, entries, a.now()); err != nil {
		a.Log.Error("a request was fulfilled and could not be settled in the log; settle it under /admin/requests", "site", s.ID, "error", err)
	}
	return nil
}
