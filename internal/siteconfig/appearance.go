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
		Layout: f.Layout, Position: b.position(), Scheme: f.Scheme, Settings: settingsKind(f.Settings), Radius: b.radius(), Font: f.Font, Logo: b.logo(),
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
			b.breaks(ruleNamed("unreadable"), finding{b.pairPlace(at, pair), fmt.Sprintf("%s %s on %s %s has a contrast of %.1f to 1 where %.1f is needed, and cannot be read by everyone",
				key(pair[0]), standard[pair[0]], key(pair[1]), standard[pair[1]], math.Floor(ratio*10)/10, minContrast)})
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

// position is where the banner stands, "" for the usual place of its layout.
func (b *builder) position() string {
	p := b.file.Position
	if p != "" && b.file.Layout != "card" {
		b.doc.Fail(b.doc.first("position", "layout"), "position %s is for layout card: a bar spans the whole line, a dialog stands in the middle", p)
	}
	if p == "start" {
		return ""
	}
	return p
}

// settingsKind is what the gate shows: nothing where the pages have links of
// their own.
func settingsKind(s string) string {
	if s == "own" {
		return "none"
	}
	return s
}

// maxRadius makes a button of 44 pixels round at its ends.
const maxRadius = 22

func (b *builder) radius() int {
	if r := b.file.Radius; r < 0 || r > maxRadius {
		b.doc.Fail("radius", "radius must be between 0 and %d pixels, not %d", maxRadius, r)
	}
	return b.file.Radius
}

// Bounds of a logo in pixels: small beside what a page itself shows first.
const (
	maxLogoWidth  = 200
	maxLogoHeight = 40
)

func (b *builder) logo() *consent.Logo {
	l := b.file.Logo
	if l == (LogoFile{}) {
		return nil
	}
	for _, address := range []struct{ name, url string }{{"url", l.URL}, {"dark", l.Dark}} {
		if at := "logo." + address.name; address.url != "" && !isPath(address.url) {
			b.doc.Fail(at, `%s must be a path of the site, such as "/logo.svg", not %q: nobody else may be asked for anything before a grant`, at, address.url)
		}
	}
	if l.URL == "" {
		b.doc.Fail("logo", `logo.url is missing; add the path of the picture, such as "url: /logo.svg"`)
	}
	if l.Width < 1 || l.Width > maxLogoWidth || l.Height < 1 || l.Height > maxLogoHeight {
		b.doc.Fail("logo", "logo.width and logo.height must say how large the picture is shown, at most %d by %d pixels, not %d by %d", maxLogoWidth, maxLogoHeight, l.Width, l.Height)
	}
	return &consent.Logo{URL: l.URL, Dark: l.Dark, Width: l.Width, Height: l.Height}
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
