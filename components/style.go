package components

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

var (
	//go:embed css/frame.css
	frameCSS string
	//go:embed css/banner.css
	bannerCSS string
	//go:embed css/bar.css
	barCSS string
	//go:embed css/card.css
	cardCSS string
	//go:embed css/dialog.css
	dialogCSS string
	//go:embed css/low.css
	lowCSS string
	//go:embed css/logo.css
	logoCSS string
	//go:embed css/preferences.css
	preferencesCSS string
	//go:embed css/declaration.css
	declarationCSS string
	//go:embed css/placeholder.css
	placeholderCSS string
)

// BannerCSS returns layer one's style sheet in the site's layout and colours.
func BannerCSS(a consent.Appearance) string {
	layouts := map[string]string{"bar": barCSS, "card": cardCSS, "dialog": dialogCSS}
	css := frameCSS + bannerCSS + placed(layouts[a.Layout], a.Position) + lowCSS
	if a.Logo != nil {
		css += logoCSS
	}
	return squeeze(shape(css, a) + colours(css, a))
}

// placed moves a layout to its other place. On phones there is but one.
func placed(css, position string) string {
	if position == "end" {
		return strings.ReplaceAll(css, "inset-inline-start: 16px;", "inset-inline-end: 16px;")
	}
	return css
}

// PreferencesCSS returns layer two's style sheet in the site's colours.
func PreferencesCSS(a consent.Appearance) string {
	css := frameCSS + preferencesCSS
	return squeeze(shape(css, a) + colours(css, a))
}

// PlaceholderCSS returns the placeholders' style sheet in the site's colours.
func PlaceholderCSS(a consent.Appearance) string {
	return pairs(a) + squeeze(shape(placeholderCSS, a))
}

// DeclarationCSS returns the style sheet of the declaration inside of an owner's
// page, whose letters and colours it takes.
func DeclarationCSS() string { return squeeze(declarationCSS) }

// standardRadius is how round corners are in our style sheets, in pixels.
const standardRadius = 10

// shape lays the owner's corners and letters over those of a style sheet.
func shape(css string, a consent.Appearance) string {
	if a.Radius != standardRadius {
		css = strings.ReplaceAll(css, "border-radius: 10px;", "border-radius: "+strconv.Itoa(a.Radius)+"px;")
	}
	if a.Font == "system" {
		css += "\n:host>* {\n  font-family: system-ui,sans-serif;\n}\n"
	}
	return css
}

type palette [6][2]string

func light() palette {
	return palette{{"paper", "#ffffff"}, {"ink", "#1c2430"}, {"quiet", "#566072"}, {"line", "#d8dde5"}, {"button", "#1f4b99"}, {"button-text", "#ffffff"}}
}

func dark() palette {
	return palette{{"paper", "#171c24"}, {"ink", "#eef1f6"}, {"quiet", "#a7b0bf"}, {"line", "#323a47"}, {"button", "#8db4ff"}, {"button-text", "#10151d"}}
}

// colours writes the custom properties that a style sheet asks for. Scheme light or
// dark fixes one set, any other follows the browser.
func colours(css string, a consent.Appearance) string {
	switch a.Scheme {
	case "light":
		return scheme(css, "light", light(), a.Light)
	case "dark":
		return scheme(css, "dark", dark(), a.Dark)
	}
	return scheme(css, "light", light(), a.Light) + "@media(prefers-color-scheme:dark){" + scheme(css, "dark", dark(), a.Dark) + "}"
}

// colourValue is what may stand in a style sheet. siteconfig has checked it
// before; this keeps a colour that came another way from ending its rule.
var colourValue = regexp.MustCompile(`^#[0-9a-fA-F]{3,8}$`)

func scheme(css, name string, standard palette, chosen map[string]string) string {
	rule := ":host>*{color-scheme:" + name
	for _, c := range standard {
		if !asks(css, c[0]) {
			continue
		}
		value := c[1]
		if own := chosen[c[0]]; colourValue.MatchString(own) {
			value = own
		}
		rule += ";--" + c[0] + ":" + value
	}
	return rule + "}"
}

// pairs writes the custom properties in less room than colours, for browsers that
// know light-dark().
func pairs(a consent.Appearance) string {
	name := a.Scheme
	if name != "light" && name != "dark" {
		name = "light dark"
	}
	rule := "*{box-sizing:border-box;color:var(--ink);color-scheme:" + name
	darks := dark()
	for i, c := range light() {
		if !asks(placeholderCSS, c[0]) {
			continue
		}
		rule += ";--" + c[0] + ":light-dark(" + pick(c[1], a.Light[c[0]]) + "," + pick(darks[i][1], a.Dark[c[0]]) + ")"
	}
	return rule + "}"
}

// asks reports whether a style sheet takes a custom property's value.
func asks(css, name string) bool { return strings.Contains(css, "var(--"+name+")") }

func pick(standard, chosen string) string {
	if colourValue.MatchString(chosen) {
		return chosen
	}
	return standard
}

// squeeze takes out comments, indentation and line ends. The sources keep each
// declaration on a line of its own and no comment inside of one.
func squeeze(css string) string {
	var b strings.Builder
	for line := range strings.Lines(css) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "/*") {
			continue
		}
		line = strings.ReplaceAll(line, ": ", ":")
		b.WriteString(strings.TrimSuffix(line, " {"))
		if strings.HasSuffix(line, " {") {
			b.WriteByte('{')
		}
	}
	return strings.ReplaceAll(b.String(), ";}", "}")
}
