package api

import "github.com/consentry/consentry/internal/consent"

// clientConsent is what Google's tags are told; static/src/types.ts has its twin.
type clientConsent struct {
	// Keys are the Consent Mode keys that follow a category, and the four of
	// version 2 in any case, "" for none.
	Keys map[string]string `json:"keys"`
	// Rest is what else the default says.
	Rest    map[string]any   `json:"rest"`
	Redact  bool             `json:"redact"`
	Regions []map[string]any `json:"regions,omitempty"` // whole default commands
}

// version2 is how many of consent.SignalKeys every update names.
const version2 = 4

func (s *Site) clientConsent() clientConsent {
	mode := s.Deployment.ConsentMode
	c := clientConsent{Keys: make(map[string]string), Rest: map[string]any{"wait_for_update": mode.Wait}, Redact: mode.Redact}
	for _, category := range s.Policy.Categories {
		for _, key := range category.Signals {
			c.Keys[key] = category.ID
		}
	}
	for i, key := range consent.SignalKeys() {
		if _, follows := c.Keys[key]; follows {
			continue
		}
		switch {
		case i < version2:
			c.Keys[key] = ""
		case key == "security_storage":
			c.Rest[key] = consent.Granted // what keeps the site itself safe
		default:
			c.Rest[key] = consent.Denied
		}
	}
	for _, region := range mode.Regions {
		command := map[string]any{"region": region.Regions}
		for _, key := range region.Granted {
			command[key] = consent.Granted
		}
		c.Regions = append(c.Regions, command)
	}
	return c
}
