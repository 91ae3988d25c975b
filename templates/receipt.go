package templates

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

// ReceiptPage shows a visitor what is held about their decisions.
type ReceiptPage struct {
	Nonce   string
	Site    *consent.Site
	Locale  string
	Entries []ReceiptEntry // newest first, the one that the link opens among them
	Files   []ReceiptFile  // the same for machines
	Back    string         // same-site path or empty
	Choices string         // address of the page where the choice is changed
	Refused bool           // erasing was asked for and a legal hold forbids it
	Failed  bool           // a request was made and could not be stored
	Partial bool           // some earlier records may be missing, since the store is away
	Earlier string         // address of the receipt of the records before these, empty: there are none

	Own      int64           // place in the log of the record that the link opens
	Requests []consent.Asked // about what is shown
}

// ReceiptEntry is one record, or what is left of an erased one.
type ReceiptEntry struct {
	ID     consent.ID
	Time   time.Time
	Record *consent.Record // nil once erased
}

// ReceiptFile is a link to the receipt in another form: "JSON".
type ReceiptFile struct{ Name, URL string }

// ReceiptNonePage answers a link that opens nothing, whether it is wrong, was
// never given or belongs to another site, and tells of one just erased.
type ReceiptNonePage struct {
	Nonce  string
	Site   *consent.Site
	Locale string
	Says   string // with {site}
	Back   string
}

func (p *ReceiptPage) texts() consent.Texts { return p.Site.Texts[p.Locale] }

func (p *ReceiptPage) fill(text string) string { return fill(text, "{site}", p.Site.Name) }

// asks reports whether a request of this kind about the link's own record was not
// made yet.
func (p *ReceiptPage) asks(kind string) bool {
	for _, r := range p.Requests {
		if r.Entry == p.Own && r.Kind == kind {
			return false
		}
	}
	return true
}

// requestWords tells what was asked for and what became of it. What became of an
// erasure stands where one is asked for.
func (p *ReceiptPage) requestWords(r consent.Asked) string {
	t := p.texts()
	words := ""
	switch r.Kind {
	case consent.Objection:
		words = fill(t.AskedObjection, "{date}", p.moment(r.At.Time)) + " "
	case consent.Correction:
		words = fill(t.AskedCorrection, "{date}", p.moment(r.At.Time)) + " "
	}
	switch {
	case r.Waits():
		return words + fill(t.RequestDue, "{site}", p.Site.Name, "{date}", p.moment(r.Due()))
	case r.Settled.Done:
		return words + fill(t.RequestDone, "{date}", p.moment(r.Settled.At.Time))
	}
	reason := t.RefusedRight
	if r.Settled.Reason == "law" {
		reason = t.RefusedLaw
	}
	return words + fill(t.RequestRefused, "{date}", p.moment(r.Settled.At.Time), "{reason}", reason)
}

func (p *ReceiptPage) moment(t time.Time) string { return lang.Of(p.Locale).Moment(t) }

// whole is a record as the receipt's JSON has it.
func whole(r *consent.Record) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // templ does
	e.SetIndent("", "  ")
	err := e.Encode(r)
	return b.String(), err
}

func (p *ReceiptPage) word(e ReceiptEntry) string {
	if e.Record == nil {
		return p.texts().EventErased
	}
	return eventWord(p.texts(), e.Record.Event)
}

func (p *ReceiptPage) name(d consent.RecordDecision) string {
	if d.Service != "" {
		return serviceName(p.Site.Policy, d.Service)
	}
	return title(p.texts(), d.Category)
}

func (p *ReceiptPage) status(d consent.RecordDecision) string {
	switch {
	case d.Category == consent.Necessary && d.Service == "":
		return p.texts().Always
	case d.Status == consent.Granted && d.Scope == consent.Once:
		return p.texts().Once
	case d.Status == consent.Granted:
		return p.texts().Granted
	}
	return p.texts().Denied
}
