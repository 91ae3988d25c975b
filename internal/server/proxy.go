package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/api"
)

// trustProxies takes the visitor's address and the page's host from forwarded
// headers, and the visitor's country from the one that the owner names, but only
// those that a declared proxy sent. The address serves rate limits and the
// counting of networks in sightings, and is forgotten with the request.
//
// A private or loopback peer while no proxy is declared is an undeclared proxy
// nearly always. All its visitors would share one bucket; instead they share
// none, and the log says so.
func trustProxies(o Options, m *Metrics) echo.MiddlewareFunc {
	var warned atomic.Int64
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			peer, sure := peerAddr(r), true
			switch {
			case trusted(o.TrustedProxies, peer):
				if host := r.Header.Get("X-Forwarded-Host"); host != "" {
					r.Host = host
				}
				peer, sure = visitorOf(r.Header.Values("X-Forwarded-For"), o.TrustedProxies, peer)
				c.Set(api.AddressKey, peer)
				c.Set(api.PlaceKey, placeOf(r, o))
			case len(o.TrustedProxies) == 0 && (peer.IsPrivate() || peer.IsLoopback()):
				m.undeclaredProxy.Inc()
				if now := o.Now().Unix(); now-warned.Load() > 60 && warned.Swap(now) != now {
					o.Log.WarnContext(r.Context(), "requests come from a private address and no proxy is declared: rate limits are off for them; "+
						"list your proxy under trusted_proxies in consentry.yaml")
				}
			default:
				c.Set(api.AddressKey, peer)
			}
			if sure {
				locate(c, o)
			}
			return next(c)
		}
	}
}

// locate looks the visitor's address up, unless a header has said where it is. It
// is used for that in memory and nothing of it is kept.
func locate(c echo.Context, o Options) {
	addr, ok := c.Get(api.AddressKey).(netip.Addr)
	if p, _ := c.Get(api.PlaceKey).(api.Place); o.Locate == nil || !ok || !addr.IsValid() || p.Country != "" {
		return
	}
	p := api.Place{Source: "database"}
	p.Country, p.Region = o.Locate(addr)
	if p.Country != "" {
		c.Set(api.PlaceKey, p)
	}
}

// placeOf reads what a declared proxy says about where the visitor is.
func placeOf(r *http.Request, o Options) api.Place {
	p := api.Place{Country: code(r, o.CountryHeader, ""), Source: "header"}
	if p.Country == "" {
		return api.Place{}
	}
	if p.Country == "US" {
		p.Region = code(r, o.RegionHeader, "US-")
	}
	return p
}

// code reads a header of two letters, which a prefix may precede; "" when it says
// anything else or says it twice.
func code(r *http.Request, header, prefix string) string {
	values := r.Header.Values(header)
	if header == "" || len(values) != 1 {
		return ""
	}
	text := strings.TrimPrefix(strings.ToUpper(values[0]), prefix)
	if len(text) != 2 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return text
}

func peerAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}

func trusted(proxies []netip.Prefix, addr netip.Addr) bool {
	for _, p := range proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// visitorOf finds the visitor in X-Forwarded-For: the last address that no declared
// proxy has; the peer's where there is none. It is sure to be the visitor's, good
// enough to say where that is, when nothing stands before it: otherwise it may be
// that of a proxy that nobody declared, which can be in another country.
func visitorOf(fields []string, proxies []netip.Prefix, peer netip.Addr) (addr netip.Addr, sure bool) {
	hops := strings.Split(strings.Join(fields, ","), ",")
	for i, hop := range slices.Backward(hops) {
		addr, ok := hopAddr(hop)
		if !ok {
			return peer, false
		}
		if !trusted(proxies, addr) {
			return addr, i == 0
		}
		peer = addr
	}
	return peer, false
}

// hopAddr reads an address, to which some proxies add the port.
func hopAddr(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if both, err := netip.ParseAddrPort(hop); err == nil {
		return both.Addr().Unmap(), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return addr.Unmap(), err == nil
}

// limiter is a fixed table of token buckets, found by a salted hash of the
// address prefix (IPv4 /32, IPv6 /64). Its memory never grows; the salt and so
// the table change every hour, and nothing in it leads back to an address.
type limiter struct {
	perMinute, burst float64
	now              func() time.Time
	seed             [32]byte
	table            atomic.Pointer[bucketTable]
}

func newLimiter(o Options) *limiter {
	return &limiter{perMinute: float64(o.PerMinute), burst: float64(max(o.Burst, 1)), now: o.Now, seed: o.Seed}
}

func (l *limiter) middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		addr, ok := c.Get(api.AddressKey).(netip.Addr)
		if ok && addr.IsValid() && l.perMinute > 0 && !l.allow(addr) {
			c.Response().Header().Set("Retry-After", "30")
			return api.ErrRate
		}
		return next(c)
	}
}

func (l *limiter) allow(addr netip.Addr) bool {
	now := l.now()
	t := l.current(now.Unix() / 3600)
	return t.bucket(addr).take(now, l.perMinute/60, l.burst)
}

// current returns the table of the hour, or a later one: a request that read the
// clock just before the others must not bring back an empty table.
func (l *limiter) current(hour int64) *bucketTable {
	for {
		t := l.table.Load()
		if t != nil && t.hour >= hour {
			return t
		}
		if l.table.CompareAndSwap(t, newBucketTable(l.seed, hour)) {
			return l.table.Load()
		}
	}
}
