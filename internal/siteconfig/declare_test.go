package siteconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
)

func bare(category, id string) Declaration {
	return Declaration{Category: category, Service: ServiceFile{ID: id}}
}

// small is a catalogue that is read quickly.
func small() fs.FS {
	var b strings.Builder
	for _, id := range []string{"ga4", "hotjar", "youtube", "vimeo"} {
		fmt.Fprintf(&b, "- {id: %s, name: %s, category: share, company: X, country: IE, policy_url: https://x.example/, hosts: [x.example], cookies: [], source: [https://x.example/]}\n", id, id)
	}
	return fstest.MapFS{"all.yaml": {Data: []byte(b.String())}}
}

// spelled is a service that the catalogue does not have.
func spelled(category string) Declaration {
	return Declaration{Category: category, Service: ServiceFile{
		ID: "counter2", Name: `Counter: "two" # really`, Company: "Zähler & Söhne", Country: "NO", PolicyURL: "https://counter.example/privacy",
		Hosts:   []string{"counter.example", "*.counter.example"},
		Cookies: []StoredFile{{Name: "_c2_*", Kind: "cookie", Provider: "'Counter' - {two}", Purpose: "Tells visitors apart: [by a number].", Duration: "yes"}},
	}}
}

func declared(t *testing.T, src string, d Declaration) (string, error) {
	t.Helper()
	edited, err := Declare("sites/shop.yaml", []byte(src), d, small(), locales)
	if err == nil {
		var before, after SiteFile
		Read("before", []byte(src), &before)
		Read("after", edited, &after)
		if !reflect.DeepEqual(after, d.in(before)) {
			t.Errorf("the file says something else:\n%s", edited)
		}
	}
	return string(edited), err
}

// Each way in which owners write lists takes a service, and no other line changes.
func TestAServiceIsListedInTheStyleThatIsThere(t *testing.T) {
	block := minimal + "# What we use.\ncategories:\n  # counted\n  - id: analytics\n    services:\n      - ga4 # since May\n\n  # the rest\n  - {id: share, services: [youtube]} # only this\n# The end.\n"
	for name, test := range map[string]struct {
		src  string
		d    Declaration
		want string // added, or in place of the same line without its end
	}{
		"below the last item":       {block, bare("analytics", "hotjar"), "      - ga4 # since May\n      - hotjar\n\n"},
		"a service of its own":      {block, spelled("analytics"), "      - ga4 # since May\n      - id: counter2\n        name: \"Counter: \\\"two\\\" # really\"\n"},
		"into the brackets":         {block, bare("share", "vimeo"), "  - {id: share, services: [youtube, vimeo]} # only this\n"},
		"spelled out in brackets":   {block, spelled("share"), "services: [youtube, {id: counter2, name: "},
		"a category that was not":   {block, bare("marketing", "hotjar"), "# only this\n  - id: marketing\n    services:\n      - hotjar\n# The end."},
		"necessary":                 {block, spelled("necessary"), "  - id: necessary\n    services:\n      - id: counter2\n"},
		"no categories":             {minimal, bare("analytics", "ga4"), "\ncategories:\n  - id: analytics\n    services:\n      - ga4\n"},
		"no line end":               {strings.TrimRight(minimal, "\n"), bare("analytics", "ga4"), "\ncategories:\n  - id: analytics\n    services:\n      - ga4\n"},
		"categories without a word": {minimal + "categories: # none yet\nlayout: card\n", bare("analytics", "ga4"), "# none yet\n  - id: analytics\n    services:\n      - ga4\nlayout: card"},
		"an empty list":             {minimal + "categories: []\n", spelled("analytics"), "categories: [{id: analytics, services: [{id: counter2, name: "},
		"a list on one line":        {minimal + "categories: [{id: analytics, services: [ga4]}]\n", bare("share", "vimeo"), "categories: [{id: analytics, services: [ga4]}, {id: share, services: [vimeo]}]\n"},
		"no services":               {minimal + "categories:\n  - id: analytics # soon\n    material: x\n", bare("analytics", "ga4"), "# soon\n    services:\n      - ga4\n    material: x"},
		"services without a word":   {minimal + "categories:\n  - id: analytics\n    services:\n    material: x\n", spelled("analytics"), "    services:\n      - id: counter2\n"},
		"services, none":            {minimal + "categories:\n- id: analytics\n  services: []\n", bare("analytics", "ga4"), "  services: [ga4]\n"},
		"a mapping, none":           {minimal + "categories:\n- {id: analytics}\n", spelled("analytics"), "- {id: analytics, services: [{id: counter2, "},
		"dashes below their key":    {minimal + "categories:\n- id: analytics\n  services:\n  - ga4\n- id: share\n  services:\n  - youtube\nlayout: card\n", bare("analytics", "hotjar"), "  - ga4\n  - hotjar\n- id: share"},
		"at the end of those":       {minimal + "categories:\n- id: share\n  services:\n  - youtube\nlayout: card\n", bare("marketing", "hotjar"), "  - youtube\n- id: marketing\n  services:\n    - hotjar\nlayout: card"},
		"words on one line":         {minimal + "categories:\n  - id: analytics\n    services: [ga4, hotjar] # two\n    material: x\n", spelled("analytics"), "    services: # two\n      - ga4\n      - hotjar\n      - id: counter2\n"},
		"services come first":       {minimal + "categories:\n  - services: [ga4]\n    id: analytics\n", spelled("analytics"), "  - services:\n      - ga4\n      - id: counter2\n"},
		"windows":                   {strings.ReplaceAll(minimal+"categories:\n  - id: analytics\n    services: [ga4]\nlayout: card\n", "\n", "\r\n"), spelled("analytics"), "    services:\r\n      - ga4\r\n      - id: counter2\r\n"},
		"a long item before it":     {minimal + "categories:\n  - id: analytics\n    services:\n      - id: ga4\n        recipients:\n        - Google\n        -   Somebody\n      # next\nlayout: card\n", bare("analytics", "hotjar"), "        -   Somebody\n      - hotjar\n      # next\n"},
	} {
		t.Run(name, func(t *testing.T) {
			edited, err := declared(t, test.src, test.d)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(edited, test.want) {
				t.Errorf("no %q in\n%s", test.want, edited)
			}
			for l := range strings.Lines(test.src) {
				if said := strings.TrimSpace(l); !strings.ContainsAny(said, "[{") && !strings.Contains(edited, said) {
					t.Errorf("the line %q is gone", l)
				}
			}
			if _, err := declared(t, edited, test.d); !errors.Is(err, ErrDeclaration) {
				t.Errorf("listed twice: %v", err)
			}
		})
	}
}

// A file in any other style is left alone, and the lines that its owner is given are
// the declaration.
func TestAFileThatCannotBeListedInIsLeftToItsOwner(t *testing.T) {
	for name, src := range map[string]string{
		"a comma at the end":          minimal + "categories:\n  - id: analytics\n    services: [ga4, ]\n",
		"a bracket on another line":   minimal + "categories:\n  - id: analytics\n    services: [ga4 # one\n    , ]\n",
		"a text that looks like more": minimal + "categories:\n  - id: analytics\n    services:\n      - id: ga4\n        name: \"over\n  two lines\"\n",
	} {
		if edited, err := declared(t, src, bare("analytics", "hotjar")); err != nil && !errors.Is(err, ErrListByHand) {
			t.Errorf("%s: %v\n%s", name, err, edited)
		}
	}
	for _, d := range []Declaration{bare("share", "vimeo"), spelled("marketing")} {
		var f SiteFile
		if doc := Read("lines", []byte(minimal+d.Lines()+"\n"), &f); Failed(doc.Problems()) {
			t.Fatal(doc.Problems())
		}
		if want := d.in(SiteFile{}).Categories; !reflect.DeepEqual(f.Categories, want) {
			t.Errorf("%+v, want %+v", f.Categories, want)
		}
	}
}

// What comes from browsers or is typed never becomes anything but a text of the
// service, and what the file could not hold is refused.
func TestHostileDeclarationsDoNoHarm(t *testing.T) {
	src := minimal + "categories:\n  - id: analytics\n    services: [ga4]\n"
	hostile := []string{
		"x\nlayout: dialog", "x\r\n- id: evil", "\x00", "\x1b[2J", "\u0085x", "\u2028layout: dialog", "*anchor", "&anchor x", "!!binary x", "{a: b}", "[x]", "# x", "x # y", "- x", "? x", "| x", "> x", "%x", "@x", "`x`",
		`"`, `\`, `\n`, "'", "''", "<script>alert(1)</script>", "{{site}}", "{site}", "---", "...", "~", "null", "true", "0x1f", "1e3", "2026-01-01", "=1+1", "<<", "\xff\xfe", "\ufeff", "\u202eevil", strings.Repeat("x", 500), "",
	}
	set := map[string]func(*ServiceFile, string){
		"id": func(s *ServiceFile, h string) { s.ID = h }, "name": func(s *ServiceFile, h string) { s.Name = h }, "company": func(s *ServiceFile, h string) { s.Company = h },
		"country": func(s *ServiceFile, h string) { s.Country = h }, "policy": func(s *ServiceFile, h string) { s.PolicyURL = h }, "host": func(s *ServiceFile, h string) { s.Hosts = []string{h} },
		"cookie": func(s *ServiceFile, h string) { s.Cookies[0].Name = h }, "provider": func(s *ServiceFile, h string) { s.Cookies[0].Provider = h },
		"purpose": func(s *ServiceFile, h string) { s.Cookies[0].Purpose = h }, "duration": func(s *ServiceFile, h string) { s.Cookies[0].Duration = h },
	}
	taken := 0
	for field, to := range set {
		for _, h := range hostile {
			d := spelled("analytics")
			to(&d.Service, h)
			edited, err := declared(t, src, d) // looks at what the file says then
			if err == nil {
				taken++
			} else if !errors.Is(err, ErrDeclaration) {
				t.Errorf("%s %q: %v\n%s", field, h, err, edited)
			}
		}
	}
	if taken < 100 {
		t.Errorf("%d were taken", taken) // a name may well be "[x]"
	}
	for _, d := range []Declaration{bare("elsewhere", "ga4"), bare("analytics", "ga4"), bare("analytics", "nothing"), bare("analytics", "../x"), bare("", "hotjar"), bare("analytics", "gpc"), bare("analytics", "gpc-kept")} {
		if _, err := declared(t, src, d); !errors.Is(err, ErrDeclaration) {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

func TestTheCatalogueKnowsWhoseSomethingIs(t *testing.T) {
	known, problems := ReadKnown(catalogue.Files)
	if Failed(problems) {
		t.Fatal(problems)
	}
	for _, seen := range []struct{ kind, name, id string }{
		{consent.SeenHost, "google-analytics.com", "ga4"}, {consent.SeenHost, "vimeo.com", "vimeo"}, {consent.SeenCookie, "_ga", "ga4"}, {consent.SeenCookie, "_ga_*", "ga4"},
	} {
		found := false
		for _, m := range known.Matches(seen.kind, seen.name) {
			found = found || m.ID == seen.id && known.Has(m.ID) && known.CategoryOf(m.ID) == m.Category && m.Name != ""
		}
		if !found {
			t.Errorf("%s %s is not of %s: %+v", seen.kind, seen.name, seen.id, known.Matches(seen.kind, seen.name))
		}
	}
	for _, seen := range []struct{ kind, name string }{{consent.SeenHost, "analytics.com"}, {consent.SeenHost, ""}, {consent.SeenHost, "com"}, {consent.SeenCookie, "basket"}} {
		if got := known.Matches(seen.kind, seen.name); seen.name != "com" && len(got) > 0 {
			t.Errorf("%s %q: %+v", seen.kind, seen.name, got)
		}
	}
}
