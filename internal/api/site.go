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

	languages   *lang.Matcher
	root        string // fingerprint of the key file's root
	jar         *cookie.Jar
	keys        consent.IdentityKeys
	frame       *consent.Frame
	frameBytes  []byte
	frameDigest string
	doc         []byte   // the rendering's canonical JSON
	domains     []string // registrable ones that the policy lists, and the site's own
	gate        *asset
	advanced    *asset                       // the gate of visitors in advanced mode, nil when there are none
	scripts     map[string]map[string]*asset // by locale, by kind

	declarations map[string]declared // by locale, made when the site is published

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
	if err := s.renderGate(); err != nil {
		return nil, fmt.Errorf("render gate of site %s: %w", site.ID, err)
	}
	server := consent.ServerVersion{Version: version, Key: s.jar.KeyID()}
	s.frame = consent.NewFrame(site.Policy, s.Rendering, s.gate.digest, site.Locales, s.recordOrigins(), server)
	s.frame.Variants = []string{site.Variant}
	if s.frameBytes, err = s.frame.Encode(); err != nil {
		return nil, err
	}
	s.frameDigest = consent.Digest(s.frameBytes)
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

// GateBytes returns the gate script, for writing it to a static file, and its
// frozen address's digest.
func (s *Site) GateBytes() (body []byte, digest string) { return s.gate.plain, s.gate.digest }
