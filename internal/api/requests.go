package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// postReceipt takes the forms of a receipt page: without a name it erases.
func (a *API) postReceipt(c echo.Context) error {
	if err := formOrigin(c.Request(), ownOrigin(c)); err != nil {
		return err
	}
	form, err := postedForm(c.Request())
	if err != nil {
		return err
	}
	switch form.Get("request") {
	case "", "erase":
		return a.eraseReceipt(c)
	case consent.Objection, consent.Correction:
		return a.takeRequest(c, form)
	}
	return fmt.Errorf("%w: request", ErrForm)
}

// takeRequest logs what a visitor asks for, once for each record and kind, and
// shows the receipt again. An objection takes effect at once, whatever the store
// can do.
func (a *API) takeRequest(c echo.Context, form url.Values) error {
	s, ctx := siteOf(c), c.Request().Context()
	locale := s.pageLocale(c.Request(), c.QueryParam("locale"))
	r, err := a.receipt(ctx, s, c.Param("token"), maxHistory)
	if errors.Is(err, ErrReceipt) {
		return showNothing(c, s, http.StatusNotFound, s.Texts[locale].ReceiptNone)
	}
	if err != nil {
		return err
	}
	ask := consent.VisitorRequest{Site: s.ID, Entry: r.held[r.own].stored.Index, Kind: form.Get("request"), At: consent.At(a.now())}
	if ask.Kind == consent.Correction {
		ask.Reason = form.Get("reason")
	}
	if err := ask.Check(); err != nil {
		return fmt.Errorf("%w: reason", ErrForm)
	}
	err = a.logRequest(ctx, s, ask)
	if ask.Kind == consent.Objection {
		err = errors.Join(err, a.object(c, s, r.held[r.own], err == nil))
	}
	if errors.Is(err, consent.ErrUnavailable) || errors.Is(err, consent.ErrBusy) {
		a.Log.WarnContext(ctx, "a visitor's request could not be stored", "site", s.ID, "error", err)
		return a.showReceipt(c, s, r, http.StatusServiceUnavailable)
	}
	if err != nil {
		return err
	}
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	return c.Redirect(http.StatusSeeOther, s.Base()+"/receipts/"+c.Param("token")+"?locale="+locale)
}

// logRequest needs the record's place in the log, which it has once the store
// took it out of an outbox.
func (a *API) logRequest(ctx context.Context, s *Site, ask consent.VisitorRequest) error {
	if ask.Entry < 0 {
		return fmt.Errorf("the record waits in the outbox: %w", consent.ErrUnavailable)
	}
	made, err := a.requests.List(ctx, s.ID)
	if err != nil && !errors.Is(err, consent.ErrUnavailable) {
		return err
	}
	// Of two that are logged while the store is away the first counts.
	if slices.ContainsFunc(made, func(m consent.Asked) bool { return m.Stands(ask) }) {
		return nil
	}
	note, err := ask.Artefact()
	if err != nil {
		return err
	}
	return a.Store.PutArtefact(ctx, s.ID, note)
}

// object denies everything from now on: by a record in the place of the one that
// is objected to, and in this browser when the record is its own. Without a
// record only the browser follows.
func (a *API) object(c echo.Context, s *Site, about opened, recorded bool) error {
	var record *consent.Record
	var frame *consent.Frame
	var err error
	if recorded {
		record, frame, err = a.supersede(c.Request().Context(), s, about, consent.Objected)
	}
	sealed, _ := s.jar.Read(c.Request(), secure(c), a.Now())
	if sealed == nil || s.keys.Subject(sealed.Visitor) != about.record.Subject {
		return err
	}
	if err != nil || !recorded {
		s.jar.SetHint(c.Response().Header(), denied(sealed.State()), secure(c), a.Now())
		return err
	}
	return a.setCookies(c, s, newVerdict(record, consent.Seal(record, sealed.Visitor, frame, s.Policy)))
}

func denied(s consent.State) consent.State {
	for id, choice := range s.Categories {
		choice.Status = consent.Denied
		s.Categories[id] = choice
	}
	s.Services = nil
	return s
}

// supersede appends the record that takes the place of another, once.
func (a *API) supersede(ctx context.Context, s *Site, about opened, event consent.Event) (*consent.Record, *consent.Frame, error) {
	replaced, frame, err := a.open(ctx, s, about.stored)
	if err != nil {
		return nil, nil, err
	}
	next, decision := consent.Supersede(replaced, frame, s.keys, event, a.now())
	entry, err := s.entry(frame, &consent.Outcome{Record: next}, decision, consent.Moment{Time: next.Time.Time, Zone: time.UTC})
	if err != nil {
		return nil, nil, err
	}
	entry.Counts = nil // it is no answer to a banner
	stored, dup, err := a.Store.Append(ctx, entry)
	if err != nil || !dup {
		return &next, frame, err
	}
	return a.open(ctx, s, stored)
}

// successors are the records in the place of another, newest first.
func (a *API) successors(ctx context.Context, s *Site, of consent.ID) (list []opened, err error) {
	for _, event := range [...]consent.Event{consent.Objected, consent.Corrected} {
		stored, err := a.Store.Record(ctx, s.ID, s.keys.Record(consent.SupersedingDecision(s.ID, of, event)))
		if errors.Is(err, consent.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		next := opened{stored: stored}
		if !stored.Erased {
			if next.record, _, err = a.open(ctx, s, stored); err != nil {
				return nil, err
			}
		}
		list = append(list, next)
	}
	slices.SortStableFunc(list, func(a, b opened) int { return b.stored.Time.Compare(a.stored.Time) })
	return list, nil
}

// requestsOn lists what was asked about the records that a receipt shows.
func (a *API) requestsOn(ctx context.Context, s *Site, held []opened) (list []consent.Asked, err error) {
	made, err := a.requests.List(ctx, s.ID)
	for _, m := range made {
		if slices.ContainsFunc(held, func(h opened) bool { return h.stored.Index == m.Entry }) {
			list = append(list, m)
		}
	}
	return list, err
}

// Requests lists what the visitors of a site have asked for.
func (a *API) Requests(ctx context.Context, site string) ([]consent.Asked, error) {
	return a.requests.List(ctx, site)
}

// Settle logs an operator's answer to a request; the first one counts. A
// correction that is done puts a record in the place of the wrong one before.
// Errors: consent.ErrRequest, ErrNoSite, those of the store.
func (a *API) Settle(ctx context.Context, site, digest string, answer consent.Settlement) error {
	sites := a.Sites() // once: files may be read again meanwhile
	i := slices.IndexFunc(sites, func(s *Site) bool { return s.ID == site })
	if i < 0 {
		return ErrNoSite
	}
	s := sites[i]
	made, err := a.requests.List(ctx, site)
	if err != nil {
		return err
	}
	i = slices.IndexFunc(made, func(m consent.Asked) bool { return m.Digest == digest })
	if i < 0 {
		return consent.ErrRequest
	}
	if !made[i].Waits() {
		return nil
	}
	answer.Site, answer.Request, answer.At = site, digest, consent.At(a.now())
	note, err := answer.Artefact()
	if err != nil {
		return err
	}
	if made[i].Kind == consent.Correction && answer.Done {
		if err := a.correct(ctx, s, made[i].Entry); err != nil {
			return err
		}
	}
	return a.Store.PutArtefact(ctx, site, note)
}

// correct supersedes the record at a place in the log, if it is not erased by now.
func (a *API) correct(ctx context.Context, s *Site, index int64) error {
	var wrong consent.Stored
	err := a.Store.Log(ctx, s.ID, index, func(e consent.LogEntry) bool {
		wrong = e.Record
		return false
	})
	if err != nil || wrong.Erased || len(wrong.Sealed) == 0 {
		return err
	}
	_, _, err = a.supersede(ctx, s, opened{stored: wrong}, consent.Corrected)
	return err
}
