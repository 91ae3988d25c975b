package templates

import (
	"strings"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
)

// DeclarationPage lists what a site stores. It is the same for everybody who
// reads the language.
type DeclarationPage struct {
	Nonce    string // "" where the style is admitted by its hash
	Site     *consent.Site
	Locale   string
	Versions []components.Version // newest first
}

func (p *DeclarationPage) title() string {
	return strings.ReplaceAll(p.Site.Texts[p.Locale].DeclarationTitle, "{site}", p.Site.Name)
}

// DeclarationStyle is the whole text of the page's one style element, for a
// policy that admits it by its hash: a page that caches keep can have no nonce.
func DeclarationStyle(site *consent.Site) string {
	return theme(site.Appearance) + "\n" + visitorCSS
}
