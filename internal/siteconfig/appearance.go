package siteconfig

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// minContrast is WCAG 2.2, 1.4.3, for text of the banner's size.
const minContrast = 4.5

func (b *builder) appearance() consent.Appearance {
	f := &b.file
	return consent.Appearance{
		Layout: f.Layout, Scheme: f.Scheme, Settings: f.Settings,
		Light: b.palette("colors.light", f.Colors.Light, map[string]string{
			"paper": "#ffffff", "ink": "#1c2430", "quiet": "#566072",
			"line": "#d8dde5", "button": "#1f4b99", "button-text": "#ffffff",
		}),
		Dark: b.palette("colors.dark", f.Colors.Dark, map[string]string{
			"paper": "#171c24", "ink": "#eef1f6", "quiet": "#a7b0bf",
			"line": "#323a47", "button": "#8db4ff", "button-text": "#10151d",
		}),
		Links: b.links(),
	}
}

// palette lays the owner's colours over the standard ones and holds the pairs
// that carry text against minContrast.
func (b *builder) palette(at string, p PaletteFile, standard map[string]string) map[string]string {
	chosen := map[string]Color{
		"paper": p.Paper, "ink": p.Ink, "quiet": p.Quiet,
		"line": p.Line, "button": p.Button, "button-text": p.ButtonText,
	}
	for name, color := range chosen {
		if color != "" {
			standard[name] = string(color)
		}
	}
	for _, pair := range [...][2]string{{"ink", "paper"}, {"quiet", "paper"}, {"button-text", "button"}} {
		if ratio := contrast(standard[pair[0]], standard[pair[1]]); ratio < minContrast {
			b.doc.Fail(b.pairPlace(at, pair), "%s %s on %s %s has a contrast of %.1f to 1 and cannot be read by everyone; at least %.1f is needed, so make one of them darker or lighter",
				key(pair[0]), standard[pair[0]], key(pair[1]), standard[pair[1]], math.Floor(ratio*10)/10, minContrast)
		}
	}
	return standard
}

func key(name string) string { return strings.ReplaceAll(name, "-", "_") }

// pairPlace is where the owner set one of the two colours.
func (b *builder) pairPlace(at string, pair [2]string) string {
	return b.doc.first(join(at, key(pair[0])), join(at, key(pair[1])), at)
}

// contrast is the ratio of WCAG 2.2 between two colours "#rrggbb", 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(color string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil {
		return 0
	}
	channel := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

func (b *builder) links() []consent.Link {
	var links []consent.Link
	for i, l := range b.file.Links {
		at := fmt.Sprintf("links[%d]", i)
		if l.URL != "" && !isPath(l.URL) && !isHTTPS(l.URL) {
			b.doc.Fail(at+".url", `%s.url must be a path of the site, such as "/privacy-policy", or an https address, not %q`, at, l.URL)
		}
		links = append(links, consent.Link{URL: l.URL, Label: b.label(at+".label", l.Label)})
	}
	return links
}

// label gives the words for every locale of the site.
func (b *builder) label(at string, l Label) map[string]string {
	words := make(map[string]string)
	for _, locale := range b.file.Locales {
		text := l[locale]
		if text == "" {
			text = l[""]
		}
		if text == "" && len(l) > 0 {
			b.doc.Fail(at, "%s has no text for locale %q; add %q", at, locale, locale+": …")
		}
		words[locale] = text
	}
	for _, locale := range slices.Sorted(maps.Keys(l)) {
		if locale != "" && !slices.Contains(b.file.Locales, locale) {
			b.doc.Fail(join(at, locale), "%s has a text for %q, which is not one of the site's locales; add it to locales or remove the text", at, locale)
		}
	}
	return words
}

func isPath(s string) bool {
	u, err := url.Parse(s)
	return err == nil && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.Contains(s, `\`) && u.Host == ""
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}
