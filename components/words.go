package components

import (
	"slices"
	"strconv"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// view is a site as one language's visitors read it.
type view struct {
	*consent.Site
	Locale string
	Texts  consent.Texts
}

func viewOf(site *consent.Site, locale string) view {
	return view{Site: site, Locale: locale, Texts: site.Texts[locale]}
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

// dir is the writing direction of the locale's script.
func (v view) dir() string {
	language, _, _ := strings.Cut(v.Locale, "-")
	if slices.Contains([]string{"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}, language) {
		return "rtl"
	}
	return "ltr"
}

// checked reports whether switches stand on before the visitor touched them.
func (v view) checked() bool { return v.Policy.Regime != consent.OptIn }

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
