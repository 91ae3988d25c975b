package components_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/static"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestEveryLayerLooksAsInItsGoldenFile(t *testing.T) {
	site := shop(t)
	for _, locale := range site.Locales {
		golden(t, "banner."+locale+".html", breakLines(render(t, components.Banner(site, locale))))
		golden(t, "preferences."+locale+".html", breakLines(render(t, components.Preferences(site, locale))))
		golden(t, "declaration."+locale+".html", breakLines(render(t, components.Declaration(site, locale, []components.Version{
			{At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Added: []string{"Matomo"}, Removed: []string{"hotjar"}},
			{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		}))))
		golden(t, "placeholder."+locale+".html", breakLines(render(t, components.Placeholder(site, locale))))
	}
	for _, layout := range []string{"bar", "card", "dialog"} {
		for _, scheme := range []string{"light", "dark", "auto"} {
			css := components.BannerCSS(consent.Appearance{Layout: layout, Scheme: scheme, Radius: 10})
			golden(t, "banner."+layout+"."+scheme+".css", strings.ReplaceAll(css, "}", "}\n"))
		}
	}
	for _, scheme := range []string{"light", "dark", "auto"} {
		css := components.PlaceholderCSS(consent.Appearance{Layout: "card", Scheme: scheme, Radius: 10})
		golden(t, "placeholder."+scheme+".css", strings.ReplaceAll(css, "}", "}\n"))
	}
	golden(t, "declaration.css", strings.ReplaceAll(components.DeclarationCSS(), "}", "}\n"))
	golden(t, "preferences.css", strings.ReplaceAll(components.PreferencesCSS(site.Appearance), "}", "}\n"))
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// breakLines lets a difference be seen; the golden file is not what is served.
func breakLines(html string) string { return strings.ReplaceAll(html, "><", ">\n<") + "\n" }

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; look at the difference, then run: go test ./components -update\n%s", file, got)
	}
}

// layerOneBudget is 5.0 KB for HTML, style, behaviour and policy together.
const layerOneBudget = 5000

// In every language, with the longest text that it has for any set of categories, and
// with either sentence about a signal.
func TestLayerOneStaysWithinItsBudgetInEveryLanguage(t *testing.T) {
	for _, override := range []bool{false, true} {
		site := shop(t)
		site.Policy.Signals.Override = override
		stayWithinBudget(t, site)
	}
}

func stayWithinBudget(t *testing.T, site *consent.Site) {
	t.Helper()
	policy := []byte(`{site:"shop",base:"/privacy",cookie:"__Host-consentry_hint",categories:[` +
		`{id:"analytics",digest:"9bgf7R9I",services:["ga4","matomo","hotjar","clarity"]},` +
		`{id:"share",digest:"YJiTMu_s",services:["youtube","addtoany","x-embed"]},` +
		`{id:"marketing",digest:"q0Zp3-xT",services:["google-ads","meta-pixel","linkedin-insight"]}],` +
		`mode:"path",domain:"",layout:"card",memory:15552000}`) // as the server writes it for ten services
	for _, layout := range []string{"bar", "card", "dialog"} {
		css := literal(t, components.BannerCSS(consent.Appearance{Layout: layout, Scheme: "auto", Radius: 10}))
		languages := []string{"uk"}
		if layout == "bar" { // the longest style sheet
			languages = delivered(t)
		}
		largest, where := 0, ""
		for _, locale := range languages {
			site.Texts[locale] = longest(t, locale)
			size := compressed(t, static.Banner(policy, literal(t, render(t, components.Banner(site, locale))), css))
			if size > layerOneBudget {
				t.Errorf("layer one in %s as %s takes %d bytes, more than %d", locale, layout, size, layerOneBudget)
			}
			if size > largest {
				largest, where = size, locale
			}
		}
		t.Logf("layer one, %s: brotli at most %d of %d, in %s", layout, largest, layerOneBudget, where)
	}
}

func longest(t *testing.T, locale string) consent.Texts {
	t.Helper()
	out := texts(t, locale)
	for _, body := range layerOne(t, locale).Bodies {
		if len(body) > len(out.Body) {
			out.Body = body
		}
	}
	return out
}

func literal(t *testing.T, s string) []byte {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compressed(t *testing.T, script []byte) int {
	t.Helper()
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	if _, err := w.Write(script); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// Strict pages forbid them, and a link that runs code is none.
func TestNoScriptAndNoStyleAttributeStandsInTheHTML(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)<script|<style| style=| on[a-z]+=|javascript:`)
	site := shop(t)
	for _, locale := range site.Locales {
		for _, html := range []string{render(t, components.Banner(site, locale)), render(t, components.Preferences(site, locale)), render(t, components.Placeholder(site, locale)), render(t, components.Declaration(site, locale, nil))} {
			if found := forbidden.FindString(html); found != "" {
				t.Errorf("%s holds %q", locale, found)
			}
		}
	}
}

// Nothing optional stands on before the visitor touched it, and reject stands on
// every layer that has accept, as the same kind of element beside it.
func TestTheLayersAskFairly(t *testing.T) {
	site := shop(t)
	twins := regexp.MustCompile(`<button data-do="accept-all">[^<]+</button>\s*<button data-do="reject-all">[^<]+</button>`)
	for name, html := range map[string]string{"banner": render(t, components.Banner(site, "en")), "preferences": render(t, components.Preferences(site, "en"))} {
		if strings.Contains(html, " checked") {
			t.Errorf("%s: a switch stands on", name)
		}
		if !twins.MatchString(html) {
			t.Errorf("%s: accept and reject are not twins", name)
		}
	}
	if strings.Contains(render(t, components.Preferences(site, "en")), `data-category="necessary"`) {
		t.Error("the necessary category has a switch")
	}
}

// A colour that did not come through the configuration's checks ends no rule.
func TestOnlyColoursReachTheStyleSheet(t *testing.T) {
	look := consent.Appearance{Layout: "bar", Scheme: "light", Light: map[string]string{
		"paper": "#fffdf8", "ink": "red;}*{display:none", "other": "#000000",
	}}
	css := components.BannerCSS(look) + components.PlaceholderCSS(look)
	if !strings.Contains(css, "--paper:#fffdf8;--ink:#1c2430;") {
		t.Errorf("the owner's paper and the standard ink are wanted in %s", css)
	}
	if strings.Contains(css, "display:none}*") || strings.Contains(css, "--other") || strings.Contains(css, "red;") {
		t.Errorf("a value got through in %s", css)
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Errorf("braces do not match in %s", css)
	}
}

// A logo stands over the heading in the size that the file gives, in the picture
// of the scheme, and without a name: the text says who asks.
func TestALogoStandsOverTheHeading(t *testing.T) {
	site := shop(t)
	for scheme, want := range map[string]string{
		"light": `<picture><img src="/logo.svg" width="120" height="28" alt=""></picture><h2`,
		"dark":  `<picture><img src="/dark.svg" width="120" height="28" alt=""></picture><h2`,
		"auto":  `<picture><source media="(prefers-color-scheme:dark)" srcset="/dark.svg"> <img src="/logo.svg" width="120" height="28" alt=""></picture><h2`,
	} {
		site.Appearance.Scheme, site.Appearance.Logo = scheme, &consent.Logo{URL: "/logo.svg", Dark: "/dark.svg", Width: 120, Height: 28}
		if html := render(t, components.Banner(site, "en")); !strings.Contains(html, want) {
			t.Errorf("%s: %s", scheme, html)
		}
	}
}

// Corners and letters are the owner's, in every piece.
func TestTheShapeIsTheOwners(t *testing.T) {
	look := consent.Appearance{Layout: "card", Scheme: "light", Radius: 4, Font: "system"}
	for _, css := range []string{components.BannerCSS(look), components.PreferencesCSS(look), components.PlaceholderCSS(look)} {
		if !strings.Contains(css, "border-radius:4px") || strings.Contains(css, "border-radius:10px") || !strings.Contains(css, "font-family:system-ui") {
			t.Error(css)
		}
	}
}

// A card stands in either corner of the bottom line; what else is in the style sheet
// stays as it is.
func TestACardStandsInEitherCorner(t *testing.T) {
	look := consent.Appearance{Layout: "card", Scheme: "light", Radius: 10}
	start := components.BannerCSS(look)
	look.Position = "end"
	if end := components.BannerCSS(look); end == start || strings.Replace(start, "inset-inline-start:16px", "inset-inline-end:16px", 1) != end {
		t.Errorf("at the end: %s", end)
	}
}
