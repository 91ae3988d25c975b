package api

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
)

// middlingSite has three categories and ten services of the catalogue.
const middlingSite = `
id: shop
name: Example Shop
origins: [https://shop.example]
gate: MODE
controller: {name: Example Shop Ltd, address: "1 High Street, Exampletown", contact: privacy@shop.example}
locales: [en, de]
categories:
  - id: analytics
    services: [ga4, matomo, hotjar, clarity]
  - id: share
    services: [youtube, addtoany, x-widgets]
  - id: marketing
    services: [meta-pixel, linkedin-share, pinterest-save]
`

// What every page of a returning visitor takes: 3.0 KB, and 5.0 KB where
// unmodified tags are held as well; of these 5,000 bytes, and 5,120 for gates that
// know of regimes beside.
func TestTheGateStaysWithinItsBudget(t *testing.T) {
	for mode, budget := range map[string]int{consent.GateMarked: 3000, consent.GateReport: 3000, consent.GateKnown: 5000, consent.GateStrict: 5000} {
		site, local := siteOfMode(t, mode), siteOfMode(t, mode+"\nregime: local")
		t.Logf("opener: %d bytes", compressedSize(t, site.scripts["en"]["opener"].plain))
		for i, text := range append(site.GateTexts(), local.GateTexts()...) {
			if i > 0 && site.auto() {
				budget = 5120
			}
			size := compressedSize(t, []byte(text))
			t.Logf("gate, mode %s, 10 services: %d bytes, brotli %d of %d", mode, len(text), size, budget)
			if size > budget {
				t.Errorf("mode %s: the gate takes %d bytes, more than %d", mode, size, budget)
			}
		}
	}
}

// What a page with embeds takes besides: 2.0 KB, in the longest of our languages.
func TestPlaceholdersStayWithinTheirBudget(t *testing.T) {
	for _, mode := range []string{consent.GateMarked, consent.GateKnown} {
		script := siteOfMode(t, mode).scripts["de"]["placeholders"].plain
		size := compressedSize(t, script)
		t.Logf("placeholders, mode %s, 10 services: %d bytes, brotli %d of %d", mode, len(script), size, 2000)
		if size > 2000 {
			t.Errorf("mode %s: the placeholders take %d bytes, more than 2000", mode, size)
		}
	}
}

// What a page holds inline: before Tag Manager 1 KB, before the gate half of that.
func TestInlineScriptsStayWithinTheirBudgets(t *testing.T) {
	site := siteOfMode(t, consent.GateKnown)
	for name, inline := range map[string]struct {
		make   func() ([]byte, error)
		budget int
	}{"bootstrap": {site.Bootstrap, 1000}, "early": {site.Early, 500}} {
		script, err := inline.make()
		if err != nil {
			t.Fatal(err)
		}
		size := compressedSize(t, script)
		t.Logf("inline %s: %d bytes, brotli %d of %d", name, len(script), size, inline.budget)
		if size > inline.budget {
			t.Errorf("%s takes %d bytes, more than %d", name, size, inline.budget)
		}
		for _, end := range []string{"</script", "<!--", "<script"} {
			if bytes.Contains(script, []byte(end)) {
				t.Errorf("%s holds %s, which would end a script element", name, end)
			}
		}
	}
}

// Where visitors are treated by where they are, a page cannot know whether anybody is asked.
func TestNothingIsFetchedEarlyWhereTheServerDecidesWhoIsAsked(t *testing.T) {
	if script, err := siteOfMode(t, consent.GateKnown+"\nregime: local").Early(); err == nil {
		t.Errorf("a site with several regimes has %s", script)
	}
}

func siteOfMode(t *testing.T, mode string) *Site {
	t.Helper()
	return siteOfFile(t, strings.Replace(middlingSite, "MODE", mode, 1))
}

// siteWith has these services alone, under one category.
func siteWith(t *testing.T, mode, services string) *Site {
	t.Helper()
	head, _, _ := strings.Cut(middlingSite, "categories:")
	return siteOfFile(t, strings.Replace(head, "MODE", mode, 1)+"categories: [{id: marketing, services: ["+services+"]}]\n")
}

func siteOfFile(t *testing.T, file string) *Site {
	t.Helper()
	site, problems := siteconfig.LoadSite("shop.yaml", []byte(file), catalogue.Files, components.Locales)
	for _, problem := range problems {
		t.Fatal(problem)
	}
	ring, err := consent.NewKeyring(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSite(t.Context(), site, ring, "test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compressedSize(t *testing.T, script []byte) int {
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
