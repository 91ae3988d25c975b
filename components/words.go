package components

import (
	"strconv"
	"strings"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

// view is a site as one language's visitors read it.
type view struct {
	*consent.Site
	Locale string
	Texts  consent.Texts
	lang   lang.Language
}

func viewOf(site *consent.Site, locale string) view {
	return view{Site: site, Locale: locale, Texts: site.Texts[locale], lang: lang.Of(locale)}
}

// say fills in the site's name.
func (v view) say(text string) string { return strings.ReplaceAll(text, "{site}", v.Name) }

// category returns a category's words; its id where an owner gave none.
func (v view) category(c consent.Category) consent.Words {
	words := v.Texts.Categories[c.ID]
	if words.Title == "" {
		words.Title = c.ID
	}
	return words
}

// phrase translates what the policy says about a cookie, as far as it is known.
func (v view) phrase(english string) string { return v.lang.Phrase(v.Texts.Phrases, english) }

// decided is the sentence that says when, with the places of day and month left
// for the browser, which knows the visitor's time zone.
func (v view) decided() string {
	return strings.ReplaceAll(v.Texts.DecidedOn, "{date}", v.lang.Pattern())
}

// recipients lists who receives what a cookie holds besides its provider.
func (v view) recipients(c consent.Cookie) string {
	if len(c.Recipients) == 0 {
		return v.Texts.None
	}
	return strings.Join(c.Recipients, ", ")
}

// company names who is behind a service, with the country.
func company(s consent.Service) string {
	if s.Country == "" {
		return s.Company
	}
	return s.Company + " (" + s.Country + ")"
}

func count(services []consent.Service) string { return " (" + strconv.Itoa(len(services)) + ")" }

// describedBy lists what describes a category's switch: its description, and why it
// cannot be moved.
func describedBy(v view, c consent.Category) string {
	var ids []string
	if v.category(c).Description != "" {
		ids = append(ids, "d-"+c.ID)
	}
	if v.Policy.Yields(c.ID) {
		ids = append(ids, "y-"+c.ID)
	}
	return strings.Join(ids, " ")
}

// shown is the picture that stands there unless the browser's scheme says otherwise.
func shown(l consent.Logo, scheme string) string {
	if scheme == "dark" && l.Dark != "" {
		return l.Dark
	}
	return l.URL
}

// dated fills in a moment.
func (v view) dated(text string, at time.Time) string {
	return strings.ReplaceAll(text, "{date}", v.lang.Moment(at))
}

// columns are the headings of a table of cookies.
func (v view) columns() []string {
	return []string{v.Texts.CookieName, v.Texts.Purpose, v.Texts.Duration, v.Texts.Provider, v.Texts.Recipients}
}

// cells are what stands under columns.
func (v view) cells(c consent.Cookie) []string {
	return []string{c.Name, v.phrase(c.Purpose), v.phrase(c.Duration), c.Provider, v.recipients(c)}
}
