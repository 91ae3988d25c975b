package api

import (
	"net"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// maxExpired bounds how many cookies one answer removes: proxies take headers of
// 4 KB by default. What is left goes with the next answer.
const maxExpired = 16

// expireLeavings removes cookies that the browser has sent and the state does not
// permit.
func (s *Site) expireLeavings(c echo.Context, state consent.State, now time.Time) {
	var names []string
	for _, cookie := range c.Request().Cookies() {
		if !slices.Contains(names, cookie.Name) {
			names = append(names, cookie.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	names = s.Policy.Expired(state, names, now)
	domains := parentDomains(c.Request().Host)
	for _, name := range names[:min(len(names), maxExpired)] {
		s.jar.Expire(c.Response().Header(), name, domains, secure(c))
	}
}

// parentDomains lists the domains that a cookie of a host may have: the host
// itself and those above it, down to the one that was registered. None for an
// address, and for a name that is itself a public suffix.
func parentDomains(host string) []string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	top := registrable(host)
	if top == "" {
		return nil
	}
	domains := []string{host}
	for host != top {
		_, host, _ = strings.Cut(host, ".")
		domains = append(domains, host)
	}
	return domains
}
