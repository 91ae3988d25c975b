package api

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// index finds a site by host and path. It is replaced as a whole on reload.
type index struct {
	byHost map[string][]route // longest prefix first
	remote map[string]*Site   // mode C, by id
	all    []*Site
}

type route struct {
	prefix string
	site   *Site
	secure bool
}

// SetSites replaces the sites that are served, between two requests.
func (a *API) SetSites(sites []*Site) {
	ix := &index{byHost: make(map[string][]route), remote: make(map[string]*Site), all: sites}
	for _, s := range sites {
		ix.add(s)
	}
	for _, routes := range ix.byHost {
		slices.SortFunc(routes, func(a, b route) int { return len(b.prefix) - len(a.prefix) })
	}
	a.sites.Store(ix)
}

func (ix *index) add(s *Site) {
	d := s.Deployment
	switch d.Mode {
	case consent.ModeRemote:
		ix.remote[s.ID] = s
	case consent.ModeSubdomain:
		ix.route(d.Host, route{d.Prefix, s, d.Secure()})
	default:
		for _, origin := range d.Origins {
			scheme, host, _ := strings.Cut(origin, "://")
			ix.route(host, route{d.Prefix, s, scheme == "https"})
		}
	}
}

func (ix *index) route(host string, r route) {
	host = bareHost(host)
	ix.byHost[host] = append(ix.byHost[host], r)
}

// bareHost lowers a host and cuts a default port, which browsers leave out.
func bareHost(host string) string {
	host = strings.ToLower(host)
	if !strings.Contains(host, ":") { // which SplitHostPort makes an error of
		return host
	}
	if h, port, err := net.SplitHostPort(host); err == nil && (port == "80" || port == "443") {
		host = h
		if strings.Contains(h, ":") {
			host = "[" + h + "]"
		}
	}
	return host
}

// Sites returns what is served now.
func (a *API) Sites() []*Site {
	if ix := a.sites.Load(); ix != nil {
		return ix.all
	}
	return nil
}

const (
	siteKey   = "site"
	secureKey = "secure"
)

// What the server has found out about a request's sender, under these keys of
// its context: a netip.Addr, and a Place. Either may be absent.
const (
	AddressKey = "address"
	PlaceKey   = "place"
)

// FindSite finds the site by host and unstripped path prefix (mode C: /s/ID),
// cuts the prefix off and remembers the site for the handlers.
func (a *API) FindSite(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		found, ok := a.sites.Load().find(r)
		if !ok {
			return ErrNoSite
		}
		r.URL.Path = strings.TrimPrefix(r.URL.Path, found.prefix)
		r.URL.RawPath = ""
		c.Set(siteKey, found.site.At(a.Now()))
		c.Set(secureKey, found.secure)
		return next(c)
	}
}

func (ix *index) find(r *http.Request) (route, bool) {
	if ix == nil {
		return route{}, false
	}
	path, routes := r.URL.Path, ix.byHost[bareHost(r.Host)]
	if path == gpcPath && len(routes) > 0 {
		return route{"", routes[0].site, routes[0].secure}, true
	}
	for _, candidate := range routes {
		if strings.HasPrefix(path, candidate.prefix+"/") {
			return candidate, true
		}
	}
	if rest, ok := strings.CutPrefix(path, "/s/"); ok {
		id, _, _ := strings.Cut(rest, "/")
		if s := ix.remote[id]; s != nil {
			return route{"/s/" + id, s, s.Deployment.Secure()}, true
		}
	}
	return route{}, false
}

// gpcPath is where browsers and auditors look for a site's word on Global Privacy
// Control: below its root, whatever its prefix is.
const gpcPath = "/.well-known/gpc.json"

func siteOf(c echo.Context) *Site { return c.Get(siteKey).(*Site) }
func secure(c echo.Context) bool  { return c.Get(secureKey).(bool) }
