package siteconfig

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
)

// Each file of testdata/lint breaks the one rule that it is called by, up to the
// first dot; the golden file has what its owner reads.
func TestEveryRuleOfTheLintIsBrokenByAFile(t *testing.T) {
	files, err := filepath.Glob("testdata/lint/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	known, _ := readCatalogue(catalogue.Files)
	broken := make(map[string]bool)
	var said strings.Builder
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".yaml"), ".")
		i := slices.IndexFunc(Rules(), func(r Rule) bool { return r.ID == want })
		if i < 0 {
			t.Errorf("%s: there is no rule %q", name, want)
			continue
		}
		problems := build(filepath.Base(name), src, known, locales).doc.Problems()
		if loads := !Failed(problems); loads != Rules()[i].Soft {
			t.Errorf("%s: loads: %v", name, loads)
		}
		for _, p := range problems {
			said.WriteString(p.String() + "\n")
			broken[p.Rule] = true
			if p.Rule != want && !strings.Contains(p.Message, "unknown field") {
				t.Errorf("%s breaks more: %v", name, p)
			}
			if p.Rule == want && (!strings.Contains(p.Message, Rules()[i].Source) || !strings.Contains(p.Message, Rules()[i].Mend) || p.Line == 0) {
				t.Errorf("%s: source, remedy or line is missing: %v", name, p)
			}
		}
	}
	golden(t, "testdata/lint.golden", said.String())
	for _, r := range Rules() {
		if !broken[r.ID] {
			t.Errorf("no file breaks the rule %q", r.ID)
		}
	}
}

// What is in common use and fair passes.
func TestTheLintLeavesFairSitesAlone(t *testing.T) {
	known, _ := readCatalogue(catalogue.Files)
	for name, src := range map[string]string{
		"the usual site":          usual,
		"every field":             full,
		"own words":               minimal + "texts: {en: {accept_all: \"Yes, all\", reject_all: \"No, none\", choose: \"Let me choose\"}}\n",
		"a captcha under share":   minimal + "categories: [{id: share, services: [recaptcha]}]\n",
		"links of the site's own": minimal + "settings: own\n",
		"half a year":             minimal + "memory: 180d\n",
		"a cookie for a session":  strings.Replace(usual, "[ga4]", "[{id: ga4, cookies: [{name: _ga, provider: Google, purpose: Measures., duration: session}]}]", 1),
	} {
		if problems := build("shop.yaml", []byte(src), known, locales).doc.Problems(); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// The texts that come with the program hold themselves to the same rules.
func TestOurOwnTextsPassTheLint(t *testing.T) {
	names := builtinLocales(locales)
	if len(names) < 37 {
		t.Fatalf("only %d languages", len(names))
	}
	for _, locale := range names {
		src, err := os.ReadFile("../../components/locales/" + locale + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var f localeFile
		if problems := Decode(locale, src, &f); Failed(problems) {
			t.Fatal(problems)
		}
		l := &linter{builder: &builder{}}
		l.file.Texts = map[string]consent.Texts{locale: f.Texts}
		l.site = &consent.Site{Texts: l.file.Texts}
		for _, r := range rules() {
			for _, at := range []string{"no-reject", "accept-louder", "answers-unlike", "ask-later", "legitimate-interest", "consent-by-use", "shaming", "pressure", "unclear-purpose"} {
				if r.ID != at {
					continue
				}
				for _, found := range r.find(l) {
					t.Errorf("%s, rule %s: %s", locale, r.ID, found.what)
				}
			}
		}
	}
}
