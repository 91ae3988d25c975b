package siteconfig

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/consentry/consentry/internal/catalogue"
)

// Every entry of the catalogue decodes strictly and tells a visitor all that
// the law wants told; the golden file shows it at a glance.
func TestTheCatalogueIsComplete(t *testing.T) {
	services, problems := Catalogue(catalogue.Files)
	for _, p := range problems {
		t.Error(p)
	}
	var out strings.Builder
	for _, id := range serviceNames(services) {
		s := services[id]
		fmt.Fprintf(&out, "%s: %s, %s (%s)\n  policy %s\n", id, s.Name, s.Company, s.Country, s.PolicyURL)
		if s.ShareURL != "" {
			fmt.Fprintf(&out, "  share  %s\n", s.ShareURL)
		}
		fmt.Fprintf(&out, "  hosts  %s\n", strings.Join(s.Hosts, " "))
		for _, c := range s.Cookies {
			fmt.Fprintf(&out, "  %-9s %s, %s, %s → %s\n", c.Kind, c.Name, c.Duration, c.Provider, strings.Join(c.Recipients, ", "))
			if !strings.HasSuffix(c.Purpose, ".") {
				t.Errorf("%s: the purpose of %s is not a sentence: %q", id, c.Name, c.Purpose)
			}
		}
	}
	golden(t, "testdata/catalogue.golden", out.String())
}

func TestProblemsOfACatalogueNameTheirEntry(t *testing.T) {
	files := fstest.MapFS{
		"a.yaml": {Data: []byte("- id: one\n  category: analytics\n  name: One\n  hosts: []\n  cookies: []\n- {name: Nameless}\n- id: ga4\n  hots: []\n")},
		"b.yaml": {Data: []byte("- id: two\n  name: Two\n  company: C\n  country: DE\n  policy_url: https://two.example\n  hosts: [two.example]\n  cookies: [{name: c, provider: P}]\n  category: share\n  source: [https://two.example]\n- id: two\n  name: Two\n  company: C\n  country: DE\n  policy_url: https://two.example\n  hosts: []\n  cookies: []\n  category: share\n  source: [https://two.example]\n")},
	}
	_, problems := Catalogue(files)
	golden(t, "testdata/catalogue-problems.golden", report(problems, nil))
}
