package siteconfig

import (
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

func readLocale(t *testing.T, name string) localeFile {
	t.Helper()
	src, err := fs.ReadFile(locales, name)
	if err != nil {
		t.Fatal(err)
	}
	var f localeFile
	for _, p := range Decode(name, src, &f) {
		t.Error(p)
	}
	return f
}

// look.md's budget holds in every language and for every set of categories.
func TestTheFirstLayerStaysWithinItsBudgetOfWords(t *testing.T) {
	names, err := fs.Glob(locales, "locales/*.yaml")
	if err != nil || len(names) < 3 {
		t.Fatalf("locale files: %v %v", names, err)
	}
	sets := []string{"none", "analytics", "share", "marketing", "analytics+marketing", "marketing+share", "analytics+marketing+share"}
	for _, name := range names {
		f := readLocale(t, name)
		if n := lang.Words(f.Heading); n > maxHeading {
			t.Errorf("%s: the heading has %d words", name, n)
		}
		for _, set := range sets {
			if f.Bodies[set] == "" {
				t.Errorf("%s: no body for %s", name, set)
			}
		}
		f.Bodies[usualBody] = f.Body
		for set, body := range f.Bodies {
			if n := lang.Words(body); n > maxBody {
				t.Errorf("%s: the body for %s has %d words", name, set, n)
			}
			if strings.Contains(body, "!") || !strings.Contains(body, "{site}") {
				t.Errorf("%s: the body for %s shouts or does not name the site: %s", name, set, body)
			}
		}
	}
}

// A translation says everything that English says, with the same things filled
// in, and the two buttons are short enough to stand side by side.
func TestEveryLocaleSaysTheSame(t *testing.T) {
	names, err := fs.Glob(locales, "locales/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	english := readLocale(t, "locales/en.yaml")
	for _, name := range names {
		f := readLocale(t, name)
		for _, missing := range missingTexts(reflect.ValueOf(f.Texts)) {
			t.Errorf("%s lacks %s", name, missing)
		}
		for _, k := range orderedFields(reflect.TypeOf(f.Texts)) {
			want, got := reflect.ValueOf(english.Texts).FieldByIndex(k.index), reflect.ValueOf(f.Texts).FieldByIndex(k.index)
			if want.Kind() == reflect.String && !slices.Equal(placeholders(want.String()), placeholders(got.String())) {
				t.Errorf("%s: %s fills in other things than English: %q", name, k.key, got)
			}
		}
		for _, id := range []string{"necessary", "analytics", "share", "marketing"} {
			if w := f.Categories[id]; w.Title == "" || w.Description == "" {
				t.Errorf("%s: the category %s has no words", name, id)
			}
		}
		if !slices.Equal(slices.Sorted(maps.Keys(f.Phrases)), slices.Sorted(maps.Keys(english.Phrases))) {
			t.Errorf("%s translates other phrases than English has", name)
		}
		if a, r := len([]rune(f.AcceptAll)), len([]rune(f.RejectAll)); a-r > 4 || r-a > 4 {
			t.Errorf("%s: %q and %q are not twins", name, f.AcceptAll, f.RejectAll)
		}
	}
}

func placeholders(s string) []string {
	found := placeholderPattern.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// A phrase that no entry of the catalogue uses would be translated for nobody, and
// all that the catalogue says about cookies is translated. (Every locale has the
// phrases of every other.)
func TestTheCataloguesWordsAreTranslated(t *testing.T) {
	services, problems := Catalogue(catalogue.Files)
	if Failed(problems) {
		t.Fatal(problems)
	}
	phrases := readLocale(t, "locales/de.yaml").Phrases
	german := lang.Of("de")
	unused := maps.Clone(phrases)
	for _, s := range services {
		for _, c := range s.Cookies {
			for _, english := range []string{c.Purpose, c.Duration} {
				delete(unused, english)
				if german.Phrase(phrases, english) == english {
					t.Errorf("%s, %s: %q is in no language but English", s.ID, c.Name, english)
				}
			}
		}
	}
	for english := range unused {
		t.Errorf("%q is said of no cookie", english)
	}
}

// Whatever is said can be said otherwise, in one language and not the others; and
// in a language of the owner's own each sentence is asked for by name.
func TestOwnersCanReplaceAnySentence(t *testing.T) {
	for _, key := range orderedFields(reflect.TypeFor[consent.Texts]()) {
		if key.typ.Kind() != reflect.String {
			continue
		}
		l := build("shop.yaml", []byte(minimal+"locales: [de, fi]\ntexts:\n  fi:\n    "+strconv.Quote(key.key)+": Own words\n"), knownServices{}, locales)
		if problems := l.doc.Problems(); len(problems) > 0 {
			t.Fatalf("%s: %v", key.key, problems)
		}
		own := reflect.ValueOf(l.site.Texts["fi"]).FieldByIndex(key.index).String()
		other := reflect.ValueOf(l.site.Texts["de"]).FieldByIndex(key.index).String()
		if own != "Own words" || other == "Own words" || other == "" {
			t.Errorf("%s is %q in the language where it was replaced, %q in the other", key.key, own, other)
		}
		problems := build("shop.yaml", []byte(minimal+"locales: [cy]\ntexts:\n  cy:\n"+allTexts(key.key)), knownServices{}, locales).doc.Problems()
		if len(problems) != 1 || problems[0].Line == 0 || !strings.Contains(problems[0].Message, "texts.cy lacks "+key.key+";") {
			t.Errorf("without %s: %v", key.key, problems)
		}
	}
}

// allTexts writes every sentence but one, and the words of a site without
// categories of its own.
func allTexts(but string) string {
	var out strings.Builder
	for _, key := range orderedFields(reflect.TypeFor[consent.Texts]()) {
		if key.typ.Kind() == reflect.String && key.key != but {
			out.WriteString("    " + strconv.Quote(key.key) + ": Words for " + key.key + "\n")
		}
	}
	out.WriteString("    categories: {necessary: {title: Words, description: Words}}\n")
	return out.String()
}
