package dashboard

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
	"github.com/consentry/consentry/templates"
)

// postRecord finds which record somebody has typed the id or the receipt link of. A
// link opens its receipt to whoever has it: it stands in no address here.
func (d *Dashboard) postRecord(c echo.Context) error {
	asked := strings.TrimSpace(c.FormValue("q"))
	id, ok := namedRecord(asked)
	if !ok {
		return show(c, http.StatusBadRequest, templates.Record(templates.RecordPage{Nonce: nonce(c), Viewer: frame(c), Asked: asked, Problem: unnamed}))
	}
	return c.Redirect(http.StatusSeeOther, "/admin/records?q="+id.String())
}

const unnamed = "This is neither a consent id of 22 letters nor a receipt link."

// getRecord shows the record whose consent id is in ?q=, and whether its proof holds
// now. Unknown and foreign ones look alike.
func (d *Dashboard) getRecord(c echo.Context) error {
	ctx := c.Request().Context()
	page := templates.RecordPage{Nonce: nonce(c), Viewer: frame(c), Asked: strings.TrimSpace(c.QueryParam("q"))}
	if page.Asked == "" {
		return show(c, http.StatusOK, templates.Record(page))
	}
	id, err := consent.ParseID(page.Asked)
	if err != nil {
		page.Problem = unnamed
		return show(c, http.StatusBadRequest, templates.Record(page))
	}
	site, stored, err := d.held(c, id)
	if errors.Is(err, consent.ErrNotFound) {
		page.Problem = "No record under this id is held. A mistyped id and one that was never given look alike."
		return show(c, http.StatusNotFound, templates.Record(page))
	}
	if err != nil {
		return d.unread(c, page, err)
	}
	page.Site, page.SiteName, page.ID, page.Stored = site.ID, site.Name, id.String(), &stored
	if err := d.noteRead(c, site.ID, stored); err != nil {
		return d.unread(c, page, err)
	}
	if err := d.prove(ctx, &page, stored); err != nil {
		return d.unread(c, page, err)
	}
	return show(c, http.StatusOK, templates.Record(page))
}

// noteRead writes that somebody's record is looked at; of an erased one there is
// nothing left to look at.
func (d *Dashboard) noteRead(c echo.Context, site string, stored consent.Stored) error {
	if stored.Erased {
		return nil
	}
	e := by(c, consent.AuditRecordRead, "", "")
	e.Entry = &stored.Index
	return d.noteOn(c, site, e)
}

func (d *Dashboard) unread(c echo.Context, page templates.RecordPage, err error) error {
	d.Log.Error("a record cannot be read", "error", err)
	page.Stored, page.Problem = nil, "The record cannot be read now: the store is away or its bytes were altered. The server’s log says which; consentry verify checks all of them."
	return show(c, http.StatusServiceUnavailable, templates.Record(page))
}

// namedRecord reads a consent id, or a receipt link or its token, of which the
// first bytes are the id.
func namedRecord(text string) (consent.ID, bool) {
	if id, err := consent.ParseID(text); err == nil {
		return id, true
	}
	link, _, _ := strings.Cut(text, "?")
	token := link[strings.LastIndexByte(link, '/')+1:]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 48 {
		return consent.ID{}, false
	}
	return consent.ID(raw[:16]), true
}

// prove opens a stored record, which holds it against its leaf, and verifies its
// proof as a stranger would: from the proof file and the log's public keys.
func (d *Dashboard) prove(ctx context.Context, page *templates.RecordPage, stored consent.Stored) error {
	if stored.Erased {
		page.Proof.Says = "It was erased or its time is over. Its place in the log and its hash remain, and say nothing about anybody."
		return nil
	}
	record, _, err := d.reader.Open(ctx, stored)
	if err != nil {
		return err
	}
	page.Record = record
	log := d.Transparency(stored.Log())
	if log == nil {
		page.Proof.Says = "This site has no transparency log here."
		return nil
	}
	proven, file, err := verified(ctx, log, stored, record)
	switch {
	case errors.Is(err, translog.ErrNotSigned), errors.Is(err, consent.ErrNotFound):
		page.Proof.Says = "No checkpoint covers it yet. Within a minute there is one; until then the record is only in the store."
	case errors.Is(err, consent.ErrUnavailable):
		return err
	case err != nil:
		page.Proof.Broken, page.Proof.Says = true, "The proof does not hold: "+err.Error()
	default:
		page.Proof.Holds, page.Proof.File = proven, string(file)
	}
	return nil
}

// verified makes a proof and reads it as who is given its file does.
func verified(ctx context.Context, log *translog.Log, stored consent.Stored, record *consent.Record) (proven *templates.Inclusion, file []byte, err error) {
	made, err := log.ProveRecord(ctx, stored, record)
	if err != nil {
		return nil, nil, err
	}
	file = made.Format()
	proof, err := translog.ParseProof(file)
	if err != nil {
		return nil, nil, err
	}
	keys, err := log.VerifierKeys(ctx)
	if err != nil {
		return nil, nil, err
	}
	v, err := translog.Verify(proof, keys...)
	if err != nil {
		return nil, nil, err
	}
	return &templates.Inclusion{Index: v.Index, Size: v.Size, Origin: v.Origin}, file, nil
}
