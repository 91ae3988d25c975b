package siteconfig

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

// The first layer's budget in words, as lang.Words counts them.
const (
	maxHeading = 6
	maxBody    = 45
)

// localeFile is locales/TAG.yaml: all sentences of one language, and the body
// of the first layer for each set of categories that differs from the usual
// one, which is analytics and share.
type localeFile struct {
	consent.Texts `yaml:",inline"`

	// By the ids of the optional categories in alphabetical order, joined by +;
	// none for a site that asks nothing.
	Bodies map[string]string `yaml:"bodies"`
}

const usualBody = "analytics+share"

var (
	localePattern      = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	placeholderPattern = regexp.MustCompile(`\{[^{}]*\}`)
)

// texts gives the complete sentences of every locale: the built-in ones with
// the owner's laid over them.
func (b *builder) texts(p *consent.Policy) map[string]consent.Texts {
	b.checkLocales()
	all := make(map[string]consent.Texts)
	for _, locale := range b.file.Locales {
		merged, builtIn := b.builtin(locale, p)
		own := b.file.Texts[locale]
		at := "texts." + locale
		lay(reflect.ValueOf(&merged).Elem(), reflect.ValueOf(own))
		merged.Phrases = b.phrases(at, merged.Phrases, own.Phrases, p)
		merged.Categories = b.categoryWords(at, merged.Categories, own.Categories, p)
		b.checkComplete(locale, merged, builtIn, p)
		b.checkOwn(at, own)
		all[locale] = merged
	}
	return all
}

func (b *builder) checkLocales() {
	for i, locale := range b.file.Locales {
		at := fmt.Sprintf("locales[%d]", i)
		if !localePattern.MatchString(locale) {
			b.doc.Fail(at, `the locale %q must be a BCP 47 tag such as "en" or "pt-BR"`, locale)
		}
		if slices.Index(b.file.Locales, locale) < i {
			b.doc.Fail(at, "the locale %q stands here twice; remove one", locale)
		}
	}
	if len(b.file.Locales) == 0 && !b.doc.failedAt("locales") {
		b.doc.Fail("locales", `locales is empty; write at least one, such as "en"`)
	}
	for _, locale := range slices.Sorted(maps.Keys(b.file.Texts)) {
		if !slices.Contains(b.file.Locales, locale) {
			b.doc.Fail("texts."+locale, "texts are given for %q, which is not one of the site's locales; add it to locales or remove the texts", locale)
		}
	}
}

// builtin reads the texts that come with the program for a locale or, for a
// regional one, for its language as it is written there. A locale without any
// gives empty texts.
func (b *builder) builtin(locale string, p *consent.Policy) (consent.Texts, bool) {
	tag := lang.Nearest(builtinLocales(b.locales), locale)
	if tag == "" {
		return consent.Texts{}, false
	}
	name := "locales/" + tag + ".yaml"
	src, err := fs.ReadFile(b.locales, name)
	if err != nil {
		return consent.Texts{}, false
	}
	var f localeFile
	if problems := Decode(name, src, &f); Failed(problems) {
		b.doc.problems = append(b.doc.problems, problems...)
		return consent.Texts{}, false
	}
	if set := askedAbout(p); set != usualBody {
		f.Body = f.Bodies[set]
	}
	return f.Texts, true
}

func builtinLocales(locales fs.FS) []string {
	names, _ := fs.Glob(locales, "locales/*.yaml") // the pattern is well formed
	for i, name := range names {
		names[i] = strings.TrimSuffix(path.Base(name), ".yaml")
	}
	return names
}

func askedAbout(p *consent.Policy) string {
	var ids []string
	for _, c := range p.Optional() {
		ids = append(ids, c.ID)
	}
	if len(ids) == 0 {
		return "none"
	}
	slices.Sort(ids)
	return strings.Join(ids, "+")
}

// lay copies every text that over has into base.
func lay(base, over reflect.Value) {
	for i := range base.NumField() {
		if f := over.Field(i); f.Kind() == reflect.String && f.String() != "" {
			base.Field(i).Set(f)
		}
	}
}

// phrases lays the owner's over the standard ones and keeps those that the
// site's cookies use. One of the owner's that none uses is a slip.
func (b *builder) phrases(at string, standard, own map[string]string, p *consent.Policy) map[string]string {
	used := make(map[string]string)
	for _, c := range p.Categories {
		for _, s := range c.Services {
			for _, cookie := range s.Cookies {
				for _, english := range []string{cookie.Purpose, cookie.Duration} {
					if text := cmp.Or(own[english], standard[english]); text != "" {
						used[english] = text
					}
				}
			}
		}
	}
	for _, english := range slices.Sorted(maps.Keys(own)) {
		if used[english] == "" {
			b.doc.Fail(at+".phrases."+english, "%s.phrases translates %q, which is neither the purpose nor the duration of a cookie of this site; copy the words as they stand there, or remove the line", at, english)
		}
	}
	return used
}

// categoryWords gives title and description of the site's categories only.
func (b *builder) categoryWords(at string, standard, own map[string]consent.Words, p *consent.Policy) map[string]consent.Words {
	words := make(map[string]consent.Words)
	for _, c := range p.Categories {
		w := standard[c.ID]
		lay(reflect.ValueOf(&w).Elem(), reflect.ValueOf(own[c.ID]))
		words[c.ID] = w
	}
	for _, id := range slices.Sorted(maps.Keys(own)) {
		if _, ok := words[id]; !ok {
			b.doc.Fail(at+".categories."+id, "%s.categories.%s is about a category that the site does not have%s", at, id, suggest(id, slices.Sorted(maps.Keys(words))))
		}
	}
	return words
}

// checkComplete names every text that neither the program nor the owner has.
func (b *builder) checkComplete(locale string, t consent.Texts, builtIn bool, p *consent.Policy) {
	at := "texts." + locale
	place := b.doc.first(at, b.localePlace(locale), "categories")
	missing := missingTexts(reflect.ValueOf(t))
	if !builtIn && !b.doc.Has(at) {
		if localePattern.MatchString(locale) {
			b.doc.Fail(place, "the locale %q has no built-in texts; write them all under %s, or remove the locale", locale, at)
		}
		return
	}
	if i := slices.Index(missing, "body"); i >= 0 && builtIn {
		missing = slices.Delete(missing, i, i+1)
		b.doc.Fail(place, "%s.body is missing: there is no built-in text for a site that asks about %s; write it, in at most %d words",
			at, list(strings.Split(askedAbout(p), "+"), "and"), maxBody)
	}
	for _, c := range p.Categories {
		for _, name := range missingTexts(reflect.ValueOf(t.Categories[c.ID])) {
			missing = append(missing, "categories."+c.ID+"."+name)
		}
	}
	if len(missing) > 0 {
		b.doc.Fail(place, "%s lacks %s; write what is missing", at, list(missing, "and"))
	}
}

func (b *builder) localePlace(locale string) string {
	return fmt.Sprintf("locales[%d]", slices.Index(b.file.Locales, locale))
}

func missingTexts(v reflect.Value) []string {
	var names []string
	for _, f := range orderedFields(v.Type()) {
		if value := v.FieldByIndex(f.index); value.Kind() == reflect.String && value.String() == "" {
			names = append(names, f.key)
		}
	}
	return names
}

// checkOwn holds the owner's words against the budget of the first layer and
// the placeholders that are filled in.
func (b *builder) checkOwn(at string, own consent.Texts) {
	if n := lang.Words(own.Heading); n > maxHeading {
		b.doc.Warn(at+".heading", "%s.heading has %d words; at most %d are read at a glance", at, n, maxHeading)
	}
	if n := lang.Words(own.Body); n > maxBody {
		b.doc.Warn(at+".body", "%s.body has %d words; more than %d are not read", at, n, maxBody)
	}
	v := reflect.ValueOf(own)
	for _, f := range orderedFields(v.Type()) {
		if value := v.FieldByIndex(f.index); value.Kind() == reflect.String {
			b.checkPlaceholders(join(at, f.key), value.String())
		}
	}
}

func (b *builder) checkPlaceholders(at, text string) {
	known := []string{"{site}", "{service}", "{date}", "{id}", "{reason}"}
	for _, found := range placeholderPattern.FindAllString(text, -1) {
		if !slices.Contains(known, found) {
			b.doc.Fail(at, "%s holds %s, which nothing fills in; known are %s", at, found, list(known, "and"))
		}
	}
}
