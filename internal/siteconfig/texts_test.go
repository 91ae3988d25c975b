package siteconfig

import (
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

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
