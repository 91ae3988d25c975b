package dashboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrAnswer is a form that answers a request in no way that there is: 400, or of
// a request that there is not: 404.
var ErrAnswer = errors.New("there is no such request, or no such answer to it")

// answeredShown is how many answered requests are listed.
const answeredShown = 50

// getRequests shows what visitors of all sites wait for, the overdue first, which
// are those that came first.
func (d *Dashboard) getRequests(c echo.Context) error {
	page := templates.RequestsPage{Nonce: nonce(c), Viewer: frame(c), Now: d.Now()}
	for _, site := range d.sites(c) {
		if err := d.addRequests(c.Request().Context(), &page, site); err != nil {
			d.Log.Error("visitors' requests cannot be read", "site", site.ID, "error", err)
			page.Unread = append(page.Unread, site.Name)
		}
	}
	slices.SortStableFunc(page.Waiting, func(a, b templates.RequestRow) int { return a.Asked.At.Compare(b.Asked.At.Time) })
	slices.SortStableFunc(page.Answered, func(a, b templates.RequestRow) int {
		return cmp.Or(b.Asked.Settled.At.Compare(a.Asked.Settled.At.Time), cmp.Compare(a.Site, b.Site))
	})
	page.Answered = page.Answered[:min(len(page.Answered), answeredShown)]
	return show(c, http.StatusOK, templates.Requests(page))
}

func (d *Dashboard) addRequests(ctx context.Context, page *templates.RequestsPage, site *consent.Site) error {
	list, err := d.Requests(ctx, site.ID)
	if err != nil {
		return err
	}
	for _, asked := range list {
		row := templates.RequestRow{Site: site.ID, SiteName: site.Name, Asked: asked}
		if !asked.Waits() {
			page.Answered = append(page.Answered, row)
			continue
		}
		entry, err := d.entry(ctx, site.ID, asked.Entry)
		if err != nil {
			return err
		}
		row.Record, row.Erased = entry.Record.String(), entry.Erased
		page.Waiting = append(page.Waiting, row)
	}
	return nil
}

// entry finds the record at a place in a site's log.
func (d *Dashboard) entry(ctx context.Context, site string, index int64) (found consent.Stored, err error) {
	err = d.Store.Log(ctx, site, index, func(e consent.LogEntry) bool {
		found = e.Record
		return false
	})
	if err == nil && found.Record == (consent.ID{}) {
		err = fmt.Errorf("entry %d of %s: %w", index, site, consent.ErrNotFound)
	}
	return found, err
}

// postAnswer settles a request.
func (d *Dashboard) postAnswer(c echo.Context) error {
	answer := consent.Settlement{}
	switch reason := c.FormValue("answer"); reason {
	case "done":
		answer.Done = true
	case "record-right", "law":
		answer.Reason = reason
	default:
		return refuse(http.StatusBadRequest, ErrAnswer)
	}
	site, err := d.site(c)
	if err != nil {
		return err
	}
	d.answering.Lock() // of two at once the second finds it answered
	defer d.answering.Unlock()
	asked, err := d.request(c.Request().Context(), site.ID, c.Param("request"))
	if err != nil {
		return err
	}
	if asked.Waits() && answer.Done {
		err = d.refuseUndone(c.Request().Context(), asked)
	}
	if err != nil {
		return err
	}
	if !asked.Waits() { // somebody was faster; the page says what counts
		return c.Redirect(http.StatusSeeOther, "/admin/requests")
	}
	said := c.FormValue("answer") // one of those above
	if err := d.noteOn(c, site.ID, by(c, consent.AuditAnswered, c.Param("request"), said)); err != nil {
		return err
	}
	err = d.Settle(c.Request().Context(), site.ID, c.Param("request"), answer)
	if errors.Is(err, consent.ErrRequest) {
		return refuse(http.StatusNotFound, ErrAnswer)
	}
	if err != nil {
		return err
	}
	d.Log.Info("a visitor's request was answered", "site", site.ID, "done", answer.Done)
	return c.Redirect(http.StatusSeeOther, "/admin/requests")
}

// request finds a request. Errors: ErrAnswer, 404, when there is none.
func (d *Dashboard) request(ctx context.Context, site, request string) (consent.Asked, error) {
	list, err := d.Requests(ctx, site)
	if err != nil {
		return consent.Asked{}, err
	}
	for _, asked := range list {
		if asked.Digest == request {
			return asked, nil
		}
	}
	return consent.Asked{}, refuse(http.StatusNotFound, ErrAnswer)
}

// refuseUndone keeps an erasure from being called done while the record is there.
// Errors: ErrAnswer, 400.
func (d *Dashboard) refuseUndone(ctx context.Context, asked consent.Asked) error {
	if asked.Kind != consent.ErasureAsked {
		return nil
	}
	entry, err := d.entry(ctx, asked.Site, asked.Entry)
	if err == nil && !entry.Erased {
		err = refuse(http.StatusBadRequest, ErrAnswer)
	}
	return err
}
