package templates

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
)

// Look is one way in which a site's visitors may see it.
type Look struct {
	Layer  string // banner, preferences, choices, placeholder, receipt, declaration
	Layout string // bar, card, dialog
	Scheme string // auto, light, dark
	Locale string
	Device string // phone, tablet, desktop
	Regime consent.Regime
}

// Query addresses the look.
func (l Look) Query() string {
	return "?" + url.Values{
		"layer": {l.Layer}, "layout": {l.Layout}, "scheme": {l.Scheme}, "locale": {l.Locale}, "device": {l.Device}, "regime": {string(l.Regime)},
	}.Encode()
}

// Screen is how large the look's device shows a page, in pixels.
func (l Look) Screen() (width, height int) {
	switch l.Device {
	case "phone":
		return 360, 740
	case "tablet":
		return 768, 900
	}
	return 1280, 800
}

// Finding is something that is wrong in the site's file, as check says it.
type Finding struct {
	Place string // file, line, column
	Text  string
	Hard  bool // the file does not load with it
}

// StudioPage shows an owner the site as its visitors see it, in any look.
type StudioPage struct {
	Nonce    string
	Viewer   Viewer
	ID, Name string
	Look     Look
	Choices  []StudioChoice
	Findings []Finding
	File     string // the site's file
}

// StudioChoice is one of the look's parts, with what it may be.
type StudioChoice struct {
	Name, Label, Chosen string
	Options             []string
}

func (p *StudioPage) frame() string { return "/admin/sites/" + p.ID + "/studio/page" + p.Look.Query() }

func (p *StudioPage) width() string { w, _ := p.Look.Screen(); return strconv.Itoa(w) }

func (p *StudioPage) height() string { _, h := p.Look.Screen(); return strconv.Itoa(h) }

// StudioFrame is a stand-in for a page of the site, with a layer over it exactly
// as browsers get it: the same HTML in a shadow root under the same style.
type StudioFrame struct {
	Nonce string
	Site  *consent.Site // in the look
	Look  Look
}

// previewCSS puts an opened dialog where showModal would.
const previewCSS = "dialog{position:fixed;inset:0}"

// embedCSS gives a placeholder the room of a usual video.
const embedCSS = ":host{display:block;width:100%;max-width:560px;height:315px}"

// unseen reports whether nobody is shown this layer where the look's regime holds:
// what runs until somebody objects is not asked about.
func (p *StudioFrame) unseen() bool {
	return p.Look.Layer == "banner" && p.Look.Regime != consent.OptIn
}

// controlCSS is the style of the way back to the settings, as static/src/control.ts
// has it.
const controlCSS = ":host{all:unset!important;position:fixed!important;bottom:12px!important;inset-inline-start:12px!important;z-index:9999999!important}" +
	"*{font:inherit;font-size:max(13px,.8125rem);line-height:1.5;padding:5px 12px;border-radius:10px;background:Canvas;color:CanvasText}" +
	"button{border:1px solid GrayText}@media print{*{display:none}}"

// control is the way back to the settings, which stands on every page for as long as
// layer one does not: of everybody whom nobody asks, and beside what waits.
func (p *StudioFrame) control() templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		kind := p.Site.Appearance.Settings
		asked := p.Look.Regime == consent.OptIn && p.Look.Layer != "placeholder"
		if asked || p.Site.Policy.ChildDirected || kind != "button" && kind != "link" {
			return nil
		}
		t := p.Site.Texts[p.Look.Locale]
		label, element := t.Settings, "button"
		if p.Look.Regime == consent.OptOut {
			label = t.PrivacyChoices
		}
		if kind == "link" {
			element = `a href="#"`
		}
		_, err := io.WriteString(w, `<div><template shadowrootmode="open"><style nonce="`+templ.EscapeString(p.Nonce)+`">`+controlCSS+`</style>`+
			`<`+element+` lang="`+p.Look.Locale+`" dir="auto">`+templ.EscapeString(label)+`</`+element[:strings.IndexByte(element+" ", ' ')]+`></template></div>`)
		return err
	})
}

// embedded is the name on a placeholder: a service that visitors decide about.
func (p *StudioFrame) embedded() string {
	name := "YouTube"
	for _, c := range p.Site.Policy.Optional() {
		for _, s := range c.Services {
			name = s.Name
		}
	}
	return name
}

// layer writes the shadow root as HTML, so that the preview needs no script.
func (p *StudioFrame) layer() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		html, css := components.Banner(p.Site, p.Look.Locale), components.BannerCSS(p.Site.Appearance)
		switch p.Look.Layer {
		case "preferences":
			html, css = components.Preferences(p.Site, p.Look.Locale), previewCSS+components.PreferencesCSS(p.Site.Appearance)
		case "placeholder":
			html, css = components.Placeholder(p.Site, p.Look.Locale), embedCSS+components.PlaceholderCSS(p.Site.Appearance)
		}
		var inside strings.Builder
		if err := html.Render(ctx, &inside); err != nil {
			return err
		}
		shown := p.presumed(strings.NewReplacer("<dialog ", "<dialog open ", "{service}", templ.EscapeString(p.embedded())).Replace(inside.String()))
		_, err := io.WriteString(w, `<div><template shadowrootmode="open"><style nonce="`+templ.EscapeString(p.Nonce)+`">`+css+`</style>`+
			shown+`</template></div>`)
		return err
	})
}

// presumed does to layer two what its script does where things run unasked:
// switches stand on, and under opt-out the introduction says so.
func (p *StudioFrame) presumed(html string) string {
	if p.Look.Regime == consent.OptIn {
		return html
	}
	html = strings.ReplaceAll(html, ` role="switch"`, ` role="switch" checked`)
	if p.Look.Regime == consent.OptOut {
		html = strings.NewReplacer(` data-slot="intro"`, ` data-slot="intro" hidden`, ` data-slot="presumed" hidden`, ` data-slot="presumed"`).Replace(html)
	}
	return html
}

// stage is the stand-in's own style.
func (p *StudioFrame) stage() string {
	scheme := p.Look.Scheme
	if scheme == "auto" {
		scheme = "light dark"
	}
	return ":root{color-scheme:" + scheme + "}body{margin:0;padding:24px;background:Canvas;color:CanvasText;font:16px/1.5 system-ui,sans-serif}" +
		"i{display:block;height:12px;margin:12px 0;border-radius:6px;background:GrayText;opacity:.25}i:nth-of-type(3n){width:60%}"
}
