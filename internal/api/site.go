package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
	"github.com/consentry/consentry/internal/lang"
	"github.com/consentry/consentry/static"
)

// Site is one site as it is served: its configuration, its keys, and every byte
// that a visitor can be shown, made once.
type Site struct {
	*consent.Site
	Rendering string // digest of all bytes, locales and layouts

	languages   *lang.Matcher
	root        string // fingerprint of the key file's root
	jar         *cookie.Jar
	keys        consent.IdentityKeys
	frame       *consent.Frame
	frameBytes  []byte
	frameDigest string
	doc         []byte // the rendering's canonical JSON
	gate        *asset
	opener      *asset
	banners     map[string]*asset // by locale
	preferences map[string]*asset
}

// renderingDoc names the bytes of every locale by digest. Its own digest is the
// rendering's name.
type renderingDoc struct {
	Schema  string                      `json:"schema"`
	Site    string                      `json:"site"`
	Notice  string                      `json:"notice"`
	Layout  string                      `json:"layout"`
	Locales map[string]renderingScripts `json:"locales"`
}

type renderingScripts struct {
	Banner      string `json:"banner"`
	Preferences string `json:"preferences"`
}

// NewSite renders a site. version is the program's.
func NewSite(ctx context.Context, site *consent.Site, ring *consent.Keyring, version string) (*Site, error) {
	s := &Site{
		Site: site, languages: lang.NewMatcher(site.Locales), root: ring.RootCheck(),
		banners: make(map[string]*asset), preferences: make(map[string]*asset),
	}
	var err error
	if s.jar, err = cookie.New(site, ring); err != nil {
		return nil, err
	}
	if s.keys, err = consent.DeriveIdentityKeys(ring.Root, site.ID); err != nil {
		return nil, err
	}
	if err = s.render(ctx); err != nil {
		return nil, fmt.Errorf("render site %s: %w", site.ID, err)
	}
	if err := s.renderGate(); err != nil {
		return nil, fmt.Errorf("render gate of site %s: %w", site.ID, err)
	}
	server := consent.ServerVersion{Version: version, Key: s.jar.KeyID()}
	s.frame = consent.NewFrame(site.Policy, s.Rendering, s.gate.digest, site.Locales, s.recordOrigins(), server)
	if s.frameBytes, err = s.frame.Encode(); err != nil {
		return nil, err
	}
	s.frameDigest = consent.Digest(s.frameBytes)
	return s, nil
}

// recordOrigins are the origins that a record can name: the pages', and the host
// of Consentry itself, where the page without JavaScript lives.
func (s *Site) recordOrigins() []string {
	origins := append([]string(nil), s.Deployment.Origins...)
	if s.Deployment.Host != "" {
		scheme := "http://"
		if s.Deployment.Secure() {
			scheme = "https://"
		}
		origins = append(origins, scheme+bareHost(s.Deployment.Host))
	}
	return origins
}

// render makes the banner and preferences scripts of every locale. They hold a
// policy without a rendering, since their digests make the rendering's name; the
// client takes the name from the address it fetched them by.
func (s *Site) render(ctx context.Context) error {
	policy, err := json.Marshal(s.noticePolicy())
	if err != nil {
		return err
	}
	doc := renderingDoc{
		Schema: "consentry.rendering/1", Site: s.ID, Notice: s.Policy.NoticeDigest(),
		Layout: s.Appearance.Layout, Locales: make(map[string]renderingScripts),
	}
	for _, locale := range s.Locales {
		var banner, preferences bytes.Buffer
		if err := components.Banner(s.Site, locale).Render(ctx, &banner); err != nil {
			return err
		}
		if err := components.Preferences(s.Site, locale).Render(ctx, &preferences); err != nil {
			return err
		}
		s.banners[locale] = newAsset(static.Banner(policy, literal(banner.String()), literal(components.BannerCSS(s.Appearance))))
		s.preferences[locale] = newAsset(static.Preferences(policy, literal(preferences.String()), literal(components.PreferencesCSS(s.Appearance))))
		doc.Locales[locale] = renderingScripts{s.banners[locale].digest, s.preferences[locale].digest}
	}
	if s.doc, err = consent.Canonical(doc); err != nil {
		return err
	}
	s.Rendering = consent.Digest(s.doc)
	return nil
}

// literal writes a JavaScript string; encoding/json escapes < > & and the line
// separators, so that it is safe inside a script element too.
func literal(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return b
}

// GateBytes returns the gate script, for writing it to a static file, and its
// frozen address's digest.
func (s *Site) GateBytes() (body []byte, digest string) { return s.gate.plain, s.gate.digest }
