package templates

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

// Outcome is what the visitor is told about the choice that was just sent.
type Outcome int

const (
	Unsent  Outcome = iota // nothing was sent
	Saved                  // it is recorded
	Failed                 // it could not be recorded, nothing was switched on
	Changed                // the notice has changed meanwhile, please choose again
)

// ChoicesPage is the page on which a visitor decides without JavaScript: its
// form, which is kept, and what differs for this visitor. All but nonce, id and
// addresses follows from the visitor's record and the one before. Of a site for
// children the form asks nothing.
//
// Both of its forms post to "choices" beside it: id, rendering, locale, back,
// control, and for control save c.<category> and s.<service>, each "granted". A
// category that is not sent is denied. A service that is not sent follows its
// category: its switch can add to a denied category and takes nothing from a
// granted one, because without a script one switch cannot move another.
type ChoicesPage struct {
	Form      []byte         // of ChoicesForm
	Frame     *consent.Frame // of the visitor's regime
	Nonce     string
	Locale    string
	ID        consent.ID // the decision that a form would send, fresh for each page
	Rendering string
	Back      string        // same-site path, checked by the caller
	State     consent.State // what holds now, decided or presumed, with a signal that counts
	Decided   time.Time     // when it was decided, zero without a valid choice
	Receipt   string        // address of the newest receipt, may be empty
	GPC       bool          // the request carries Sec-GPC: 1, and that is honoured
	DNT       bool          // it is Do Not Track alone that is honoured
	Outcome   Outcome
	Since     map[string][]string // by category: what of it has changed since it was answered, in words
	Now       time.Time
}

// Choices asks for a decision with plain forms.
func Choices(p ChoicesPage) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		return p.filling().write(p.Form, w)
	})
}

func (p *ChoicesPage) filling() filling {
	decided, optOut := !p.Decided.IsZero(), p.Frame.Regime == consent.OptOut
	shown := map[string]bool{
		"saved": p.Outcome == Saved, "failed": p.Outcome == Failed, "changed": p.Outcome == Changed,
		"opt-out": optOut, "not-opt-out": !optOut, "decided": decided, "back": p.Back != "", "receipt": p.Receipt != "",
	}
	on := make(map[string]bool) // switches: a category's stands for all services in it
	signal, fixed := p.GPC || p.DNT, make(map[string]bool)
	anything := false
	for _, id := range p.askedAgain() {
		shown["again"], shown["again."+id] = true, true
	}
	for _, a := range p.Frame.Answers(p.State, p.Now) {
		shown[nowPart(a.Category, "", a.Permitted)] = true
		anything = anything || a.Permitted
		on["c."+a.Category] = a.Wholly()
		fixed["c."+a.Category] = signal
		for _, s := range a.Services {
			shown[nowPart(a.Category, s.ID, s.Permitted)] = s.Permitted != a.Permitted
			anything = anything || s.Permitted
			on["s."+s.ID] = s.Permitted
			fixed["s."+s.ID] = signal && !s.Permitted
		}
	}
	for name, is := range fixed {
		shown["fixed."+name], shown["free."+name] = is, !is
	}
	shown["permitted"] = decided && anything // by the visitor, who may withdraw it
	shown["presumed"], shown["undecided"] = !decided && anything, !decided && !anything
	shown["listed"] = decided || anything
	shown["global-privacy-control"], shown["do-not-track"] = p.GPC, p.DNT
	shown["gpc"], shown["dnt"] = p.GPC && !anything, p.DNT && !anything // of forms that were stored while every permission went before a signal
	text := templ.EscapeString[string]
	return filling{
		shows: func(name string) bool { return shown[name] }, on: func(name string) bool { return on[name] },
		value: p.sinceValues(shown, map[string]string{
			"nonce": text(p.Nonce), "id": text(p.ID.String()), "rendering": text(p.Rendering), "back": text(p.Back),
			"back-link": text(string(templ.URL(p.Back))), "receipt-link": text(string(templ.URL(p.Receipt))),
			"instant": text(machineTime(p.Decided)), "date": text(lang.Of(p.Locale).Moment(p.Decided)),
		}),
	}
}

// sinceValues adds what has changed of each category that is asked again.
func (p *ChoicesPage) sinceValues(shown map[string]bool, value map[string]string) map[string]string {
	for _, id := range p.askedAgain() {
		shown["since."+id] = len(p.Since[id]) > 0
		for _, line := range p.Since[id] {
			value["since."+id] += "<li>" + templ.EscapeString(line) + "</li>"
		}
	}
	return value
}

// askedAgain lists the categories that are other than this visitor answered them, as far
// as both cookies tell. An alert that the notice has just changed says so already.
func (p *ChoicesPage) askedAgain() (ids []string) {
	if p.Decided.IsZero() || p.Outcome == Changed || !p.Now.Before(p.State.Expires) {
		return nil
	}
	for _, c := range p.Frame.Optional() {
		if before, ok := p.State.Categories[c.ID]; ok && before.Digest != "" && before.Digest != c.Digest {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// nowPart names the line that says what holds for a category or a service.
func nowPart(category, service string, permitted bool) string {
	name := "now." + category
	if service != "" {
		name += "." + service
	}
	if permitted {
		return name + ".granted"
	}
	return name + ".denied"
}

// choicesText is what a form is made of.
type choicesText struct {
	Site   *consent.Site
	Locale string
}

// mayObject reports whether somewhere things run until a visitor objects: there
// the page is named for that.
func (p choicesText) mayObject() bool {
	for _, rule := range p.Site.Policy.Regimes.Rules {
		if rule.Regime == consent.OptOut {
			return true
		}
	}
	return false
}

func (p choicesText) texts() consent.Texts { return p.Site.Texts[p.Locale] }

func (p choicesText) fill(text string) string {
	return fill(text, "{site}", p.Site.Name, "{date}", slot("date"))
}

// signal says what becomes of a signal.
func (p choicesText) signal(name string) string {
	t := p.texts()
	switch {
	case p.Site.Policy.Signals.Override:
		return t.Overridden(name)
	case name != "Global Privacy Control":
		return t.Honoured(name) + "."
	}
	return t.GPCHonoured + ". " + t.GPC
}

func (p choicesText) status(on bool) string {
	if on {
		return p.texts().Granted
	}
	return p.texts().Denied
}

// phrase translates what the policy says about a cookie, as far as it is known.
func (p choicesText) phrase(english string) string {
	return lang.Of(p.Locale).Phrase(p.texts().Phrases, english)
}

// company is who receives what a service learns, and where.
func company(s consent.Service) string {
	if s.Country == "" {
		return s.Company
	}
	return s.Company + ", " + s.Country
}

func names(services []consent.Service) string {
	list := make([]string, len(services))
	for i, s := range services {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}
