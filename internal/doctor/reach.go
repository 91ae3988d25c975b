package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Why an address is not asked.
var (
	ErrElsewhere = errors.New("is none of the site's origins, and only they are asked")
	ErrInside    = errors.New("leads into this server's own network, where nothing is asked from here; look from its command line: consentry doctor")
)

// Reach is where a client may go, redirects included.
type Reach struct {
	Origins []string // as Origin writes them
	// Inside admits addresses that are not public. Without it they are reached only
	// under an origin that names one itself, as in development: a public name that
	// stands for one is refused when it is dialled, so that no answer of a name
	// server can come in between.
	Inside   bool
	Resolver *net.Resolver                         // of names; nil is the system's
	Proxy    func(*http.Request) (*url.URL, error) // nil is none; it dials by itself, so it needs Inside
}

// ReachOf is all that a site's file names: where its pages are, and the host that
// serves Consentry.
func ReachOf(site *consent.Site) Reach {
	var r Reach
	for _, address := range append([]string{site.Base()}, site.Deployment.Origins...) {
		if at, err := url.Parse(address); err == nil && at.Host != "" {
			r.Origins = append(r.Origins, Origin(at))
		}
	}
	return r
}

// Origin is scheme, host and, unless it is the usual one, port.
func Origin(at *url.URL) string {
	host := strings.ToLower(at.Host)
	if usual := map[string]string{"http": ":80", "https": ":443"}[at.Scheme]; usual != "" {
		host = strings.TrimSuffix(host, usual)
	}
	return at.Scheme + "://" + host
}

// Names reports whether an address is of one of the origins.
func (r Reach) Names(at *url.URL) bool {
	for _, origin := range r.Origins {
		if origin == Origin(at) {
			return at.User == nil
		}
	}
	return false
}

// Client asks within the reach only. timeout is for each answer, redirects included.
func (r Reach) Client(timeout time.Duration) *http.Client {
	transport := &http.Transport{
		DialContext: r.dial, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		TLSHandshakeTimeout: timeout, MaxResponseHeaderBytes: 64 << 10,
	}
	if r.Inside {
		transport.Proxy = r.Proxy
	}
	return &http.Client{Timeout: timeout, Transport: within{r, transport}}
}

// within looks at every request, the redirected ones as well.
type within struct {
	reach Reach
	next  http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	if !w.reach.Names(r.URL) {
		return nil, fmt.Errorf("%s %w", Origin(r.URL), ErrElsewhere)
	}
	return w.next.RoundTrip(r)
}

func (r Reach) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Resolver: r.Resolver}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if !r.Inside && !namesInside(host) {
		dialer.Control = func(_, to string, _ syscall.RawConn) error {
			if at, err := netip.ParseAddrPort(to); err != nil || !public(at.Addr()) {
				return fmt.Errorf("%s %w", host, ErrInside)
			}
			return nil
		}
	}
	return dialer.DialContext(ctx, network, address)
}

// namesInside reports whether a host is by itself one that is not public.
func namesInside(host string) bool {
	if at, err := netip.ParseAddr(host); err == nil {
		return !public(at)
	}
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// public reports whether an address is somebody's in the internet. The prefixes are
// those of the IANA registries of special-purpose addresses, with the ways to write
// an IPv4 address as an IPv6 one.
func public(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	if !at.IsGlobalUnicast() || at.IsPrivate() {
		return false
	}
	for _, special := range [...]string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		if netip.MustParsePrefix(special).Contains(at) {
			return false
		}
	}
	return true
}
