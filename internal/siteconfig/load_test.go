package siteconfig

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
)

const minimal = `id: shop
name: Example Shop
origins: [https://shop.example]
controller: {name: Example Shop Ltd, address: 1 High Street, contact: privacy@shop.example}
`

const usual = minimal + `categories:
  - {id: analytics, services: [ga4]}
  - {id: share, services: [youtube]}
locales: [en, de]
`

func ids(sites []*consent.Site) []string {
	var out []string
	for _, s := range sites {
		out = append(out, s.ID)
	}
	return out
}

func load(t *testing.T, src string) *consent.Site {
	t.Helper()
	site, problems := LoadSite("sites/shop.yaml", []byte(src), catalogue.Files, locales)
	if len(problems) > 0 {
		t.Fatalf("unexpected problems: %v", problems)
	}
	return site
}

// The whole of a site file, with every field used, gives the site that the
// golden file spells out.
func TestAFullSiteFile(t *testing.T) {
	site := load(t, full)
	type words struct { // the other texts are the locale files' own
		Heading, Body string
		Categories    map[string]consent.Words
	}
	texts := make(map[string]words)
	for locale, t := range site.Texts {
		texts[locale] = words{Heading: t.Heading, Body: t.Body, Categories: t.Categories}
	}
	site.Texts = nil
	b, err := json.MarshalIndent(struct {
		Site   *consent.Site
		Texts  map[string]words
		Notice string
	}{site, texts, site.Policy.NoticeDigest()}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/full.golden", string(b)+"\n")
}

func TestDefaultsOfASiteFileThatSaysLittle(t *testing.T) {
	site := load(t, minimal)
	p := site.Policy
	if p.Memory != 180*24*time.Hour || p.Grace != 24*time.Hour || p.Local() || p.Signals.DNT != consent.DNTHonor || p.Retention != "standard" {
		t.Errorf("policy: %v %v %v %s", p.Memory, p.Grace, p.Regimes, p.Retention)
	}
	if p.Controller.ID != "shop" || len(p.Optional()) != 0 || p.Categories[0].ID != consent.Necessary {
		t.Errorf("controller %q, categories %v", p.Controller.ID, p.Categories)
	}
	d := site.Deployment
	if d.Mode != consent.ModePath || d.Prefix != "/privacy" || d.Gate != consent.GateKnown || d.Cookie.Scope != consent.CookieHost {
		t.Errorf("deployment: %+v", d)
	}
	a := site.Appearance
	if a.Layout != "bar" || a.Scheme != "auto" || a.Settings != "button" || len(a.Light) != 6 || len(a.Dark) != 6 {
		t.Errorf("appearance: %+v", a)
	}
	if len(site.Locales) != 1 || site.Locales[0] != "en" || site.Texts["en"].Heading == "" {
		t.Errorf("locales %v", site.Locales)
	}
}

// A key without a value is as good as none.
func TestEmptyKeysKeepTheirDefaults(t *testing.T) {
	site := load(t, minimal+"cookie:\nprefix:\nmemory:\nlocales:\ncategories:\ntexts:\n")
	if site.Deployment.Cookie.Scope != consent.CookieHost || site.Deployment.Prefix != "/privacy" || site.Policy.Memory != 180*24*time.Hour {
		t.Errorf("%+v, memory %v", site.Deployment, site.Policy.Memory)
	}
	zero := load(t, minimal+"grace: 0s\n")
	if zero.Policy.Grace != 0 {
		t.Errorf("a grace of 0s became %v", zero.Policy.Grace)
	}
}

func TestAServiceOfTheCatalogueCanBeChangedInPart(t *testing.T) {
	site := load(t, strings.Replace(usual, "[ga4]", `[{id: matomo, name: Own Matomo, company: Example Shop Ltd, country: DE, hosts: [stats.shop.example], recipients: []}]`, 1))
	s := site.Policy.Optional()[0].Services[0]
	if s.Name != "Own Matomo" || s.Country != "DE" || s.PolicyURL == "" || len(s.Hosts) != 1 || len(s.Cookies) == 0 {
		t.Errorf("%+v", s)
	}
}

func TestBodyFollowsWhatIsAskedAbout(t *testing.T) {
	bodies := map[string]bool{}
	for _, categories := range []string{"", "analytics", "share", "marketing", "analytics share", "share marketing", "marketing analytics", "share analytics marketing"} {
		src := minimal + "locales: [en, de, fr]\ncategories:\n"
		services := map[string]string{"analytics": "ga4", "share": "youtube", "marketing": "meta-pixel"}
		for _, c := range strings.Fields(categories) {
			src += "  - {id: " + c + ", services: [" + services[c] + "]}\n"
		}
		for locale, texts := range load(t, src).Texts {
			if bodies[texts.Body] {
				t.Errorf("%s: the body for %q is the body for other categories: %q", locale, categories, texts.Body)
			}
			bodies[texts.Body] = true
		}
	}
}

// A change asks again about what it concerns, and about nothing else.
func TestDigestsChangeWithWhatIsAskedOnly(t *testing.T) {
	base := load(t, usual).Policy
	for _, c := range []struct{ name, src, changes string }{
		{"a service more under analytics", strings.Replace(usual, "[ga4]", "[ga4, matomo]", 1), "analytics notice"},
		{"a service more under share", strings.Replace(usual, "[youtube]", "[youtube, vimeo]", 1), "share notice"},
		{"a longer duration", strings.Replace(usual, "[ga4]", "[{id: ga4, cookies: [{name: _ga, provider: Google, purpose: P, duration: 3 years}]}]", 1), "analytics notice"},
		{"material", strings.Replace(usual, "[ga4]", "[ga4], material: new-words", 1), "analytics notice"},
		{"another controller", strings.Replace(usual, "Example Shop Ltd", "Example Shop plc", 1), "notice"},
		{"a colour", usual + "colors: {light: {button: \"#000000\"}}\n", ""},
		{"a translation", usual + "texts: {de: {heading: Ihre Wahl}}\n", ""},
		{"another locale", strings.Replace(usual, "[en, de]", "[en, de, fr]", 1), ""},
		{"a new host of a vendor", strings.Replace(usual, "[ga4]", "[{id: ga4, hosts: [new.google.example]}]", 1), ""},
		{"a longer memory", usual + "memory: 300d\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, c.src).Policy
			var changed []string
			for _, id := range []string{consent.Necessary, "analytics", "share"} {
				if p.CategoryDigest(id) != base.CategoryDigest(id) {
					changed = append(changed, id)
				}
			}
			if p.NoticeDigest() != base.NoticeDigest() {
				changed = append(changed, "notice")
			}
			if got := strings.Join(changed, " "); got != c.changes {
				t.Errorf("changed %q, want %q", got, c.changes)
			}
		})
	}
}

func TestAFolderThatIsMissingIsOneProblem(t *testing.T) {
	sites, problems := LoadSites(fstest.MapFS{}, "sites", catalogue.Files, locales)
	if len(sites) != 0 || len(problems) != 1 || problems[0].String() != "sites: the folder of site files cannot be read: it does not exist" {
		t.Errorf("%v %v", sites, problems)
	}
}

func TestBracketsWithoutEndAreRefusedUnread(t *testing.T) {
	problems := Decode("sites/deep.yaml", bytes.Repeat([]byte("["), maxFile), &SiteFile{})
	if len(problems) != 1 || problems[0].String() != "sites/deep.yaml:1:1: not readable as YAML: more than 100 brackets are open at once" {
		t.Errorf("%v", problems)
	}
}

func TestAHugeFileIsRefusedUnread(t *testing.T) {
	problems := Decode("sites/huge.yaml", make([]byte, maxFile+1), &SiteFile{})
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "at most 262144 are read") {
		t.Errorf("%v", problems)
	}
}

// What measures visits is found by what it holds, whatever it is called.
func TestTheCategoryThatMeasuresIsFound(t *testing.T) {
	words := "texts: {en: {body: Shop asks about numbers., categories: {numbers: {title: Numbers, description: Counts visits.}}}}\n"
	for categories, want := range map[string]string{
		"categories:\n  - {id: share, services: [youtube]}\n":                                                                               "",
		"categories:\n  - {id: share, services: [youtube]}\n  - {id: analytics, services: [ga4]}\n":                                         "analytics",
		"categories:\n  - {id: share, services: [youtube]}\n  - {id: numbers, services: [ga4], purposes: [audience-measurement]}\n" + words: "numbers",
	} {
		site, problems := LoadSite("sites/shop.yaml", []byte(minimal+"locales: [en]\n"+categories), catalogue.Files, locales)
		if Failed(problems) {
			t.Errorf("%s: %v", categories, problems)
			continue
		}
		if site.Counting.Measures != want {
			t.Errorf("%s: %q measures, want %q", categories, site.Counting.Measures, want)
		}
	}
}
