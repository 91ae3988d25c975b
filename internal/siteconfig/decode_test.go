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
// What editors of other systems write is read or refused by its name, never shown as
// question marks, and what the parser finds strange comes with what to do.
func TestFilesOfOtherEditorsAreUnderstood(t *testing.T) {
	for src, want := range map[string]string{
		"\ufeff" + minimal:                                         "",
		strings.ReplaceAll(minimal, "\n", "\r\n"):                  "",
		"\xff\xfei\x00d\x00":                                       "shop.yaml:1:1: the file is written as UTF-16; save it as UTF-8",
		"id: a\nname: M\xfcller\n":                                 "shop.yaml:2:8: a letter here is not written as UTF-8; save the file as UTF-8",
		"id: a\ncontroller:\n\tname: N\n":                          "indent with spaces, not with tabs",
		"id: a\nlayout bar\nname: N\n":                             `write "name: value"`,
		"id: a\nname: \"N\norigins: []\n":                          "close the quotes",
		"id: a\norigins: [https://a.example\nname: N\n":            "close the bracket",
		"id: a\ncolors: {light: {paper: #ffffff, ink: #1c2430}}\n": `YAML takes #ffffff for a comment, so put it in quotes: "#ffffff"`,
	} {
		known, _ := readCatalogue(catalogue.Files)
		problems := build("shop.yaml", []byte(src), known, locales).doc.Problems()
		if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || !strings.Contains(problems[0].String(), want)) {
			t.Errorf("%q: %v, want %q", src, problems, want)
		}
	}
}

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
