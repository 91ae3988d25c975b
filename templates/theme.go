package templates

import (
	"context"
	_ "embed"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/consentry/consentry/internal/consent"
)

var (
	//go:embed visitor.css
	visitorCSS string
	//go:embed operator.css
	operatorCSS string
	//go:embed figures.css
	figuresCSS string

	// Icon is the dashboard's, an SVG.
	//go:embed icon.svg
	Icon string
)

// style is a page's one style element. css is ours, never a visitor's; the
// owner's colours in it were filtered by theme.
func style(nonce string, css ...string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<style nonce="`+templ.EscapeString(nonce)+`">`+strings.Join(css, "\n")+`</style>`)
		return err
	})
}

// theme writes the owner's colours as custom properties over the defaults of
// visitor.css. Scheme light or dark fixes one set, auto follows the browser.
func theme(a consent.Appearance) string {
	light, dark := properties(lightColours(), a.Light), properties(darkColours(), a.Dark)
	switch a.Scheme {
	case "light":
		return ":root{color-scheme:light;" + light + "}"
	case "dark":
		return ":root{color-scheme:dark;" + dark + "}"
	}
	return ":root{color-scheme:light dark;" + light + "}\n@media (prefers-color-scheme:dark){:root{" + dark + "}}"
}

func lightColours() map[string]string {
	return map[string]string{"paper": "#ffffff", "ink": "#1c2430", "quiet": "#566072", "line": "#d8dde5", "button": "#1f4b99", "button-text": "#ffffff"}
}

func darkColours() map[string]string {
	return map[string]string{"paper": "#171c24", "ink": "#eef1f6", "quiet": "#a7b0bf", "line": "#323a47", "button": "#8db4ff", "button-text": "#10151d"}
}

// colourValue is what may stand in the style element. siteconfig has checked it
// before; this keeps a colour that came another way from closing the element.
var colourValue = regexp.MustCompile(`^#[0-9a-fA-F]{3,8}$`)

func properties(colours, chosen map[string]string) string {
	for name, value := range chosen {
		if _, known := colours[name]; known && colourValue.MatchString(value) {
			colours[name] = value
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(colours)) {
		b.WriteString("--" + name + ":" + colours[name] + ";")
	}
	return b.String()
}
