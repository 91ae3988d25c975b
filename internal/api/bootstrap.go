package api

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/consentry/consentry/static"
)

// bootstrapPolicy is as much of the policy as the inline bootstrap needs.
type bootstrapPolicy struct {
	Site    string            `json:"site"`
	Cookie  string            `json:"cookie"`
	Digests map[string]string `json:"digests"` // by category
	Heeds   []string          `json:"heeds"`
	Mark    string            `json:"mark"`
	Consent clientConsent     `json:"consent"`
}

// ConsentMode returns, as a JSON object, what the gate tells Google's tags.
func (s *Site) ConsentMode() ([]byte, error) { return json.Marshal(s.clientConsent()) }

// Bootstrap returns a script for pages to hold inline, before Tag Manager. It is
// safe inside a script element, and no secret is in it.
func (s *Site) Bootstrap() ([]byte, error) {
	policy := bootstrapPolicy{Site: s.ID, Cookie: s.jar.HintName(true), Heeds: s.heeds(s.audience.ruling), Mark: s.Policy.SignalMark(), Consent: s.clientConsent(), Digests: make(map[string]string)}
	for _, c := range s.Policy.Optional() {
		policy.Digests[c.ID] = s.Policy.CategoryDigest(c.ID)
	}
	body, err := json.Marshal(policy)
	if err != nil {
		return nil, err
	}
	return bytes.TrimSpace(static.Bootstrap(body)), nil
}

// Early returns a script for pages to hold inline before the gate: it has layer one
// fetched beside the gate where no choice is remembered. It names a rendering, and
// does nothing but a superfluous request once there is a newer one.
func (s *Site) Early() ([]byte, error) {
	if s.isLocal() {
		return nil, errors.New("not every first visitor of this site is asked: where they are, or that it is for children, decides")
	}
	body, err := json.Marshal(struct {
		Base      string            `json:"base"`
		Cookie    string            `json:"cookie"`
		Rendering string            `json:"rendering"`
		Locales   map[string]string `json:"locales"`
	}{s.Base(), s.jar.HintName(true), nameOf(s.Rendering), s.languages.Table()})
	if err != nil {
		return nil, err
	}
	return bytes.TrimSpace(static.Early(body)), nil
}
