package api

import (
	"context"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
	"github.com/consentry/consentry/internal/lang"
)

// Site is one site as it is served: its configuration, its keys, and every byte
// that a visitor can be shown, made once.
type Site struct {
	*consent.Site
	Rendering string // digest of all bytes, locales and layouts

	languages *lang.Matcher
	root      string // fingerprint of the key file's root
	jar       *cookie.Jar
	keys      consent.IdentityKeys
	*audience                              // of whom nothing is presumed
	others    []*audience                  // of a site with several regimes
	doc       []byte                       // the rendering's canonical JSON
	domains   []string                     // registrable ones that the policy lists, and the site's own
	scripts   map[string]map[string]*asset // by locale, by kind

	declarations map[string]declared // by locale, made when the site is published
	earlier      earlier             // likewise

	trial *trial // shared by both sites of an experiment, nil without one
}

// NewSite renders a site. version is the program's.
func NewSite(ctx context.Context, site *consent.Site, ring *consent.Keyring, version string) (*Site, error) {
	s := &Site{
		Site: site, languages: lang.NewMatcher(site.Locales), root: ring.RootCheck(),
		scripts: make(map[string]map[string]*asset),
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
	s.domains = s.listedDomains()
	if err := s.renderAudiences(consent.ServerVersion{Version: version, Key: s.jar.KeyID()}); err != nil {
		return nil, fmt.Errorf("render gate of site %s: %w", site.ID, err)
	}
	if err := s.startTrial(ctx, ring, version); err != nil {
		return nil, fmt.Errorf("render experiment of site %s: %w", site.ID, err)
	}
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

// GateTexts returns every gate that some visitor gets: one of each regime, and
// those of advanced mode.
func (s *Site) GateTexts() (texts []string) {
	for _, a := range append([]*audience{s.audience}, s.others...) {
		texts = append(texts, string(a.gate.plain))
		if a.advanced != nil {
			texts = append(texts, string(a.advanced.plain))
		}
	}
	return texts
}

// GateBytes returns the gate script, for writing it to a static file, and its
// frozen address's digest.
func (s *Site) GateBytes() (body []byte, digest string) { return s.gate.plain, s.gate.digest }
