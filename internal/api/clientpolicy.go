package api

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/static"
)

// corePolicy is what every script of the browser code needs to know;
// static/src/types.ts has the twins of all types in this file.
type corePolicy struct {
	Site       string           `json:"site"`
	Base       string           `json:"base"`
	Mode       consent.Mode     `json:"mode"`
	Cookie     string           `json:"cookie"`
	Rendering  string           `json:"rendering"`
	Settings   clientSettings   `json:"settings"`
	Categories []clientCategory `json:"categories"`
}

// gatePolicy is the gate's: what it blocks by, and what Google's tags are told.
type gatePolicy struct {
	corePolicy
	Locales map[string]string       `json:"locales"` // see lang.Matcher.Table
	Opener  string                  `json:"opener"`
	Block   string                  `json:"block,omitempty"`
	Vendors map[string]clientVendor `json:"vendors,omitempty"`
	Consent clientConsent           `json:"consent"`
}

// noticePolicy is that of the scripts that ask.
type noticePolicy struct {
	corePolicy
	Domain string `json:"domain"`
	Layout string `json:"layout"`
	Memory int64  `json:"memory"` // seconds
}

type clientSettings struct {
	Kind  string            `json:"kind"`
	Label map[string]string `json:"label"`
}

type clientCategory struct {
	ID       string   `json:"id"`
	Digest   string   `json:"digest"`
	Services []string `json:"services"`
}

// clientVendor is what is known of a service; lists are separated by spaces.
type clientVendor struct {
	Hosts  string         `json:"hosts,omitempty"`
	Inline string         `json:"inline,omitempty"`
	Stored string         `json:"stored,omitempty"`
	Calls  *consent.Calls `json:"calls,omitempty"`
}

// renderGate makes the gate and, named by digest in it, the opener.
func (s *Site) renderGate() error {
	vendors, err := json.Marshal(s.openerVendors())
	if err != nil {
		return err
	}
	s.opener = newAsset(static.Opener(vendors))
	if s.gate, err = s.gateAsset(nil); err != nil {
		return err
	}
	if advanced := s.Deployment.ConsentMode.Advanced.Services; len(advanced) > 0 {
		s.advanced, err = s.gateAsset(advanced)
	}
	return err
}

// gateAsset makes a gate that lets the tags of some services through unheld.
func (s *Site) gateAsset(unheld []string) (*asset, error) {
	policy := gatePolicy{
		corePolicy: s.corePolicy(s.Rendering), Locales: s.languages.Table(), Opener: s.opener.digest, Consent: s.clientConsent(),
	}
	mode := s.Deployment.Gate
	auto := mode == consent.GateKnown || mode == consent.GateStrict
	if auto {
		policy.Vendors = s.gateVendors(unheld)
	}
	if mode != consent.GateMarked {
		policy.Block = mode
	}
	body, err := json.Marshal(policy)
	if err != nil {
		return nil, err
	}
	return newAsset(static.Gate(auto, body)), nil
}

func (s *Site) noticePolicy() noticePolicy {
	return noticePolicy{s.corePolicy(""), s.jar.Domain(), s.Appearance.Layout, int64(s.Policy.Memory.Seconds())}
}

func (s *Site) corePolicy(rendering string) corePolicy {
	p := corePolicy{
		Site: s.ID, Base: s.Base(), Mode: s.Deployment.Mode, Cookie: s.jar.HintName(true),
		Rendering: rendering,
		Settings:  clientSettings{Kind: s.Appearance.Settings, Label: make(map[string]string)},
	}
	for _, locale := range s.Locales {
		p.Settings.Label[locale] = s.Texts[locale].Settings
	}
	for _, c := range s.Policy.Optional() {
		category := clientCategory{ID: c.ID, Digest: s.Policy.CategoryDigest(c.ID), Services: []string{}}
		for _, service := range c.Services {
			category.Services = append(category.Services, service.ID)
		}
		p.Categories = append(p.Categories, category)
	}
	return p
}

// gateVendors are what automatic blocking goes by. What is necessary stands
// there too, under a name that is always permitted: a pattern of its own may be
// more specific than somebody else's, and mode strict holds all the rest. So does
// what is unheld, of which cookies and storage are still refused.
func (s *Site) gateVendors(unheld []string) map[string]clientVendor {
	vendors := make(map[string]clientVendor)
	for _, service := range s.Policy.Categories[0].Services {
		vendors[consent.Necessary+":"+service.ID] = clientVendor{Hosts: strings.Join(service.Hosts, " ")}
	}
	if s.Deployment.Gate == consent.GateStrict {
		vendors[consent.Necessary+":"] = clientVendor{Hosts: strings.Join(s.ownHosts(), " ")}
	}
	for _, c := range s.Policy.Optional() {
		for _, service := range c.Services {
			v := clientVendor{Hosts: strings.Join(service.Hosts, " "), Inline: service.Inline, Stored: storedNames(service)}
			if slices.Contains(unheld, service.ID) {
				vendors[consent.Necessary+":"+service.ID] = clientVendor{Hosts: v.Hosts}
				v.Hosts, v.Inline = "", ""
			}
			if v != (clientVendor{}) {
				vendors[service.ID] = v
			}
		}
	}
	return vendors
}

// ownHosts are what mode strict takes for the site itself.
func (s *Site) ownHosts() []string {
	hosts := slices.Clone(s.Deployment.Allow)
	for _, origin := range s.recordOrigins() {
		_, host, _ := strings.Cut(origin, "://")
		hosts = append(hosts, host)
	}
	if domain := s.Deployment.Cookie.Domain; domain != "" {
		hosts = append(hosts, "*."+domain)
	}
	return hosts
}

// openerVendors are what permitted and denied services are told, and what the
// latter leave behind.
func (s *Site) openerVendors() map[string]clientVendor {
	vendors := make(map[string]clientVendor)
	for _, c := range s.Policy.Optional() {
		for _, service := range c.Services {
			v := clientVendor{Stored: storedNames(service), Calls: service.Calls}
			if v != (clientVendor{}) {
				vendors[service.ID] = v
			}
		}
	}
	return vendors
}

// storedNames lists what scripts of the page could write and remove. Under a
// vendor's own domain neither is possible, and the site may have an entry of that
// name for itself.
func storedNames(service consent.Service) string {
	var names []string
	for _, c := range service.Cookies {
		if !c.HTTPOnly && !c.ThirdParty {
			names = append(names, strings.TrimPrefix(c.Kind+":", "cookie:")+c.Name)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return strings.Join(slices.Compact(names), " ")
}
