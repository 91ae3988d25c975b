package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/static"
	"github.com/consentry/consentry/templates"
)

// renderingDoc names the bytes of every locale by digest. Its own digest is the
// rendering's name.
type renderingDoc struct {
	Schema  string                       `json:"schema"`
	Site    string                       `json:"site"`
	Notice  string                       `json:"notice"`
	Layout  string                       `json:"layout"`
	Locales map[string]map[string]string `json:"locales"` // by locale, by kind
}

// part is a script beside the gate: what it shows, if anything, in which style,
// its part of the policy, and the bundle that all are laid into.
type part struct {
	kind string // in addresses and in the store
	html interface {
		Render(context.Context, io.Writer) error
	}
	css    string
	policy any
	lay    func(policy, html, css []byte) []byte
}

func (s *Site) parts(locale string) []part {
	look := s.Appearance
	return []part{
		{"banner", components.Banner(s.Site, locale), components.BannerCSS(look), s.noticePolicy(), static.Banner},
		{"preferences", components.Preferences(s.Site, locale), components.PreferencesCSS(look), layerTwoPolicy{s.noticePolicy(), s.yields()}, static.Preferences},
		{"placeholders", components.Placeholder(s.Site, locale), components.PlaceholderCSS(look), s.places(), static.Placeholders},
		{"opener", nil, "", openerPolicy{s.openerVendors(), s.settings(locale), s.Deployment.Mode, s.jar.Domain(), look.Layout}, static.Opener},
	}
}

// settings are the way back to the choice; a site for children has none.
func (s *Site) settings(locale string) clientSettings {
	t := s.Texts[locale]
	way := clientSettings{Kind: s.Appearance.Settings, Label: t.Settings}
	if s.Policy.ChildDirected {
		way.Kind = "none"
	}
	if len(s.Policy.Regimes.Rules) > 0 {
		way.Choices = t.PrivacyChoices
		way.Honoured = map[string]string{"globalPrivacyControl": t.GPCHonoured, "doNotTrack": t.Honoured("Do Not Track")}
	}
	return way
}

// render makes the scripts of every locale. They hold a policy without a
// rendering, since their digests make the rendering's name; the client takes the
// name from the address it fetched them by.
func (s *Site) render(ctx context.Context) error {
	doc := renderingDoc{
		Schema: "consentry.rendering/1", Site: s.ID, Notice: s.Policy.NoticeDigest(),
		Layout: s.Appearance.Layout, Locales: make(map[string]map[string]string),
	}
	for _, locale := range s.Locales {
		s.scripts[locale], doc.Locales[locale] = make(map[string]*asset), make(map[string]string)
		for _, part := range s.parts(locale) {
			script, err := part.script(ctx)
			if err != nil {
				return err
			}
			s.scripts[locale][part.kind], doc.Locales[locale][part.kind] = script, script.digest
		}
		form, err := templates.ChoicesForm(ctx, s.Site, locale)
		if err != nil {
			return err
		}
		page := newAsset(form)
		s.scripts[locale]["page"], doc.Locales[locale]["page"] = page, page.digest
	}
	var err error
	if s.doc, err = consent.Canonical(doc); err != nil {
		return err
	}
	s.Rendering = consent.Digest(s.doc)
	return nil
}

func (p part) script(ctx context.Context) (*asset, error) {
	var html bytes.Buffer
	if p.html != nil {
		if err := p.html.Render(ctx, &html); err != nil {
			return nil, err
		}
	}
	var literals [3][]byte
	for i, value := range [...]any{p.policy, html.String(), p.css} {
		var err error
		if literals[i], err = literal(value); err != nil {
			return nil, err
		}
	}
	return newAsset(p.lay(bareNames(literals[0]), literals[1], literals[2])), nil
}

// literal writes a value into a script of a file of its own, where < > & need no
// escape.
func literal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
