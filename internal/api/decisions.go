package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// decisionAnswer is the body of 201 and 202.
type decisionAnswer struct {
	Record  string             `json:"record,omitempty"`
	Receipt string             `json:"receipt,omitempty"`
	Hint    string             `json:"hint,omitempty"`
	Sealed  string             `json:"sealed,omitempty"` // mode C only
	Expires *consent.Timestamp `json:"expires,omitempty"`
	Proof   string             `json:"proof"`
}

func (a *API) postDecision(c echo.Context) error {
	s := siteOf(c)
	origin, err := pageOrigin(c.Request(), s)
	if err != nil {
		return err
	}
	var d consent.Decision
	if err := decodeJSON(c.Request(), &d); err != nil {
		return err
	}
	t := attempt{decision: d, origin: origin, js: true}
	a.readChoice(c, s, &t)
	v, err := a.decide(c, s, t)
	if err != nil {
		return err
	}
	return a.answer(c, s, v)
}

// readChoice finds the visitor's present authority: cookies, or in mode C the
// value that the script kept.
func (a *API) readChoice(c echo.Context, s *Site, t *attempt) {
	if s.Deployment.Mode != consent.ModeRemote {
		t.decision.Sealed = ""
		t.sealed, t.hint = s.jar.Read(c.Request(), secure(c), a.Now())
		return
	}
	if sealed, err := s.jar.Decode(t.decision.Sealed, a.Now()); err == nil {
		t.sealed = sealed
	}
}

func (a *API) answer(c echo.Context, s *Site, v verdict) error {
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	if err := a.setCookies(c, s, v); err != nil {
		return err
	}
	if v.record == nil {
		return c.JSON(http.StatusAccepted, decisionAnswer{Hint: consent.FormatHint(v.hint), Proof: "pending"})
	}
	durability, err := a.Store.Health(c.Request().Context())
	if err != nil {
		durability = consent.Unstated
	}
	answer := decisionAnswer{
		Record: v.record.ID.String(), Receipt: s.Base() + s.receiptPath(v.record.ID),
		Expires: &v.record.Validity.Expires, Proof: string(durability),
	}
	if v.sealed != nil {
		answer.Hint = consent.FormatHint(v.hint)
	}
	if v.sealed != nil && s.Deployment.Mode == consent.ModeRemote {
		if answer.Sealed, err = s.jar.Encode(v.sealed); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusCreated, answer)
}

// setCookies writes what follows from a verdict: both cookies of a recorded
// choice, the narrowing hint alone of one that waits for its record; and removes
// what the choice denies and no script can.
func (a *API) setCookies(c echo.Context, s *Site, v verdict) error {
	h := c.Response().Header()
	switch {
	case v.sealed != nil:
		if err := s.jar.Set(h, v.sealed, v.hint, secure(c), a.Now()); err != nil {
			return err
		}
	case v.record == nil:
		s.jar.SetHint(h, v.hint, secure(c), a.Now())
	default:
		return nil // load once: nothing changes
	}
	s.expireLeavings(c, v.hint, a.Now())
	return nil
}

// decodeJSON reads one JSON object and nothing else: unknown, misspelt and
// repeated members, trailing bytes and control characters in strings are errors.
// The body's size is capped by the server.
func decodeJSON(r *http.Request, into any) error {
	if !isJSON(r.Header.Get("Content-Type")) {
		return ErrMediaType
	}
	body, err := readBody(r)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if err != nil {
		return fmt.Errorf("read body: %w: %w", context.Canceled, err) // the visitor left in the middle of it
	}
	if d, ok := into.(*consent.Decision); ok {
		if readPlain(body, d) {
			return nil
		}
		*d = consent.Decision{}
	}
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return fmt.Errorf("%w: it is no object", ErrBody)
	}
	if oddNames(body) {
		return fmt.Errorf("%w: a member is repeated or misspelt", ErrBody)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrBody, withoutInput(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the object", ErrBody)
	}
	return nil
}

func isJSON(contentType string) bool {
	if contentType == "application/json" { // as our own script says it
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json"
}

// readBody reads a body whole, at once when its length is known.
func readBody(r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(int(r.ContentLength) + bytes.MinRead) // room to meet the end as well
	}
	_, err := b.ReadFrom(r.Body)
	return b.Bytes(), err
}

// withoutInput keeps what a client sent out of errors, which are logged.
func withoutInput(err error) error {
	if errors.Is(err, consent.ErrID) {
		return consent.ErrID
	}
	return errors.New("syntax, type or unknown member")
}
