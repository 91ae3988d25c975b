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

// ownNecessary is a site with a service of its own under necessary.
func ownNecessary(hosts, cookie, purpose, duration string) string {
	return minimal + "categories: [{id: necessary, services: [{id: own, name: Own, company: N, country: DE, policy_url: \"https://shop.example/privacy\", hosts: [" + hosts + "], " +
		"cookies: [{name: " + cookie + ", provider: N, purpose: \"" + purpose + "\", duration: \"" + duration + "\"}]}]}]\n"
}

// What a label or a host says is found in each language, and however it is written.
func TestTheLintKnowsTheOtherWaysOfSayingIt(t *testing.T) {
	known, _ := readCatalogue(catalogue.Files)
	reject := func(locale, label string) string {
		return minimal + "locales: [" + locale + "]\ntexts: {" + locale + ": {reject_all: \"" + label + "\"}}\n"
	}
	for src, want := range map[string]string{
		reject("en", "X"):                                                              "no-reject",
		reject("en", "OK"):                                                             "no-reject",
		reject("en", "→"):                                                              "no-reject",
		reject("de", "Auswahl annehmen"):                                               "no-reject",
		reject("de", "Zustimmen"):                                                      "no-reject",
		reject("fr", "Accepter l'essentiel"):                                           "no-reject",
		reject("es", "Aceptamos todo"):                                                 "no-reject",
		reject("fi", "Hyväksyn nämä"):                                                  "no-reject",
		reject("ru", "Принять необходимые"):                                            "no-reject",
		reject("ja", "必要なものを許可"):                                                       "no-reject",
		reject("zh-Hans", "接受必要"):                                                      "no-reject",
		reject("ko", "필수 허용"):                                                          "no-reject",
		ownNecessary("'*.facebook.net'", "s", "Keeps the cart.", "1 day"):              "marketing-necessary",
		ownNecessary("www.facebook.com/tr/collect", "s", "Keeps the cart.", "1 day"):   "marketing-necessary",
		ownNecessary("www.google.com", "s", "Keeps the cart.", "1 day"):                "marketing-necessary",
		ownNecessary("shop.matomo.cloud", "s", "Keeps the cart.", "1 day"):             "perhaps-not-necessary",
		ownNecessary("", "_ga_ABC", "Keeps the cart.", "1 day"):                        "perhaps-not-necessary",
		ownNecessary("", "s", "Used for marketing purposes.", "1 day"):                 "vague-purpose",
		ownNecessary("", "s", "Analytics", "1 day"):                                    "vague-purpose",
		ownNecessary("", "s", "Keeps the cart.", "Depends on the browser"):             "no-duration",
		minimal + "locales: [de]\nlinks: [{url: /ja, label: Alle Cookies annehmen}]\n": "answering-link",
		minimal + "links: [{url: /no, label: Reject all}]\n":                           "answering-link",
	} {
		problems := build("shop.yaml", []byte(src), known, locales).doc.Problems()
		if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Rule == want }) {
			t.Errorf("%s\ndoes not break %s: %v", strings.TrimPrefix(src, minimal), want, problems)
		}
	}
}

// A service is not blamed for a host that the catalogue has it share with another.
func TestTheLintTellsWhoIsMeantByASharedHost(t *testing.T) {
	known, _ := readCatalogue(catalogue.Files)
	src := minimal + "categories: [{id: necessary, services: [{id: ga4, hosts: [www.googletagmanager.com/gtag/]}]}]\n"
	for _, p := range build("shop.yaml", []byte(src), known, locales).doc.Problems() {
		if p.Rule == "marketing-necessary" {
			t.Error(p)
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
		"what shares a loader":    minimal + "categories: [{id: analytics, services: [ga4]}, {id: marketing, services: [google-ads, floodlight]}]\n",
		"links of the site's own": minimal + "settings: own\n",
		"fair refusals":           strings.Replace(minimal, "locales: [en]", "", 1) + "locales: [en, de, fr, es, tr, ja, zh-Hans, ko, he]\ntexts: {en: {reject_all: Do not accept}, de: {reject_all: Nein}, fr: {reject_all: Continuer sans accepter}, es: {reject_all: \"No\"}, tr: {reject_all: Kabul etmiyorum}, ko: {reject_all: 허용 안 함}, ja: {reject_all: 許可しない}, zh-Hans: {reject_all: 否}, he: {reject_all: לא}}\n",
		"only what is necessary":  minimal + "texts: {en: {accept_all: Accept all cookies, reject_all: Accept necessary only}}\n",
		"links to pages":          minimal + "links: [{url: /consent, label: Consent policy}, {url: /allowed, label: Cookies we allow}, {url: /privacy, label: Accessibility}]\n",
		"hosts of its own":        ownNecessary(`stats.shop.example, www.google.com/recaptcha, www.facebook.com/plugins`, "_fbpage", "Keeps the cart.", "between 1 and 3 days, varies"),
		"labels of its own":       minimal + "locales: [en, de, it, no]\ntexts: {en: {accept_all: Agree to all, choose: Choose what to allow, save: Accept selected, settings: Consent settings, close: Close without accepting}, de: {accept_all: Alles annehmen, save: Auswahl annehmen}, it: {accept_all: Accetta tutti}, no: {accept_all: Ja til alle}}\n",
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
		l := &linter{builder: &builder{locales: locales}}
		l.file.Texts = map[string]consent.Texts{locale: f.Texts}
		l.site = &consent.Site{Texts: l.file.Texts, Policy: &consent.Policy{Categories: []consent.Category{{ID: consent.Necessary}}}}
		for _, r := range rules() {
			for _, at := range []string{"no-reject", "misleading-label", "accept-louder", "answers-unlike", "ask-later", "legitimate-interest", "consent-by-use", "shaming", "pressure", "unclear-purpose"} {
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
