package api

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/publicsuffix"

	"github.com/consentry/consentry/internal/consent"
)

// maxSightings is how many names of a kind one gate may send.
const maxSightings = 20

// sightings is the body of POST sightings.
type sightings struct {
	Hosts   []string `json:"hosts"`
	Cookies []string `json:"cookies"`
	Storage []string `json:"storage"`
}

// postSightings notes what a gate in report mode has seen on a page. Nothing of
// it is stored, logged or measured.
func (a *API) postSightings(c echo.Context) error {
	s := siteOf(c)
	if _, err := pageOrigin(c.Request(), s); err != nil {
		return err
	}
	var body sightings
	if err := decodeJSON(c.Request(), &body); err != nil {
		return err
	}
	keys, err := s.undeclared(body)
	if err != nil {
		return err
	}
	if s.Deployment.Gate == consent.GateReport { // an older gate may still be in a cache
		from, _ := c.Get(AddressKey).(netip.Addr)
		a.seen.add(s.ID, from, keys, a.now())
	}
	setHeader(c.Response().Header(), "Cache-Control", noStore)
	return c.NoContent(http.StatusNoContent)
}

// Sightings returns what pages of a site have shown in enough networks and its
// policy, as it is now, does not list. It is kept in memory only and begins anew
// with the server; several servers each see their own part.
func (a *API) Sightings(site string) []consent.Sighting {
	seen := a.seen.list(site)
	for _, s := range a.Sites() {
		if s.ID == site {
			return slices.DeleteFunc(seen, func(found consent.Sighting) bool { return s.declares(found.Kind, found.Name) })
		}
	}
	return nil
}

// undeclared checks a body strictly and returns what of it the policy does not
// list.
func (s *Site) undeclared(body sightings) ([]seenKey, error) {
	var keys []seenKey
	if max(len(body.Hosts), len(body.Cookies), len(body.Storage)) > maxSightings {
		return nil, fmt.Errorf("%w: more than %d names of a kind", consent.ErrInvalid, maxSightings)
	}
	for _, host := range body.Hosts {
		if len(host) > 253 || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fmt.Errorf("%w: a host is none", consent.ErrInvalid)
		}
		if domain := registrable(host); domain != "" && len(domain) <= consent.MaxSeenName {
			keys = append(keys, seenKey{consent.SeenHost, domain})
		}
	}
	for _, list := range []struct {
		kind  string
		names []string
	}{{consent.SeenCookie, body.Cookies}, {consent.SeenStorage, body.Storage}} {
		for _, name := range list.names {
			if !consent.ValidSeenName(name) {
				return nil, fmt.Errorf("%w: a name of a %s is not as it has to be sent", consent.ErrInvalid, list.kind)
			}
			keys = append(keys, seenKey{list.kind, name})
		}
	}
	return slices.DeleteFunc(keys, func(key seenKey) bool { return s.declares(key.kind, key.name) }), nil
}

// declares reports whether the policy lists what was seen, or it is Consentry's.
func (s *Site) declares(kind, name string) bool {
	if kind == consent.SeenHost {
		return slices.Contains(s.domains, name)
	}
	return strings.Contains(name, "consentry") || s.Policy.Lists(kind, name)
}

// listedDomains are the registrable domains of the site and of its services.
func (s *Site) listedDomains() []string {
	hosts := s.ownHosts()
	for _, c := range s.Policy.Categories {
		for _, service := range c.Services {
			hosts = append(hosts, service.Hosts...)
		}
	}
	var domains []string
	for _, pattern := range hosts {
		host, _, _ := strings.Cut(strings.TrimPrefix(pattern, "*."), "/")
		if domain := registrable(host); domain != "" {
			domains = append(domains, domain)
		}
	}
	return domains
}

// registrable is the part of a host that somebody has registered, "" for an
// address and for a name that nobody can have.
func registrable(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if net.ParseIP(strings.Trim(host, "[]")) != nil {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(host))
	if err != nil {
		return ""
	}
	return domain
}
