package siteconfig

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/consentry/consentry/internal/catalogue"
)

func TestSuggestionsAreForSlipsOnly(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"ga5", `; did you mean "ga4"?`}, {"matmoo", `; did you mean "matomo"?`}, {"GA4", `; did you mean "ga4"?`},
		{"facebook-plugin", `; did you mean "facebook-plugins"?`}, {"xyz", ""}, {"", ""}, {"ga4", ""},
	} {
		if got := suggest(c.word, []string{"facebook-plugins", "ga4", "matomo"}); got != c.want {
			t.Errorf("suggest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#1f4b99", "#ffffff", 8.32}} {
		if got := contrast(c.a, c.b); got < c.want-0.05 || got > c.want+0.05 {
			t.Errorf("contrast(%s, %s) = %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

// Whatever stands in a file, reading it neither panics nor reports a place
// outside of it, and a file that fails gives no site.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("a: &a [*a]\n<<: {b: !!binary x}\n? [1]\n: 2\n"))
	archives, err := filepath.Glob("testdata/sites/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	services, _ := readCatalogue(catalogue.Files)
	f.Fuzz(func(t *testing.T, src []byte) {
		l := build("fuzz.yaml", src, services, locales)
		problems := l.doc.Problems()
		lines := strings.Count(string(src), "\n") + strings.Count(string(src), "\r") + 2
		for _, p := range problems {
			if p.File == "fuzz.yaml" && (p.Line > lines || p.Message == "") {
				t.Errorf("%v in %d lines", p, lines)
			}
		}
		if !Failed(problems) && (l.site.ID == "" || len(l.site.Deployment.Origins) == 0 || len(l.site.Texts) == 0) {
			t.Errorf("a site without id, origins or texts passed: %+v", l.site)
		}
	})
}
