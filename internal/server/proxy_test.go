package server

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/consentry/consentry/internal/api"
)

// through sends a request with the given headers through trustProxies and
// returns what it made of it: the visitor's address, "" for none, and the host.
func through(t *testing.T, o Options, m *Metrics, peer string, headers http.Header) (address, host string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/decisions", nil)
	r.RemoteAddr, r.Host = peer, "shop.example"
	for name, values := range headers {
		r.Header[name] = values
	}
	c := echo.New().NewContext(r, httptest.NewRecorder())
	handler := trustProxies(o, m)(func(c echo.Context) error {
		if addr, ok := c.Get(api.AddressKey).(netip.Addr); ok {
			address = addr.String()
		}
		host = c.Request().Host
		return nil
	})
	if err := handler(c); err != nil {
		t.Fatal(err)
	}
	return address, host
}

func quietOptions(proxies ...string) Options {
	o := Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	for _, p := range proxies {
		o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(p))
	}
	return o
}

func TestOnlyDeclaredProxiesSpeakForOthers(t *testing.T) {
	o := quietOptions("10.0.0.0/8", "2001:db8:1::/48")
	for name, test := range map[string]struct {
		peer      string
		forwarded []string
		host      string // X-Forwarded-Host
		address   string
		want      string // host
	}{
		"a visitor":                        {peer: "198.51.100.1:99", address: "198.51.100.1"},
		"a visitor who says otherwise":     {peer: "198.51.100.1:99", forwarded: []string{"203.0.113.1"}, host: "evil.example", address: "198.51.100.1"},
		"a private peer that is no proxy":  {peer: "192.168.0.5:99", forwarded: []string{"203.0.113.1"}, host: "evil.example", address: "192.168.0.5"},
		"a proxy":                          {peer: "10.0.0.1:99", forwarded: []string{"203.0.113.1"}, host: "two.example", address: "203.0.113.1", want: "two.example"},
		"a proxy that forwards no address": {peer: "10.0.0.1:99", address: "10.0.0.1"},
		"a chain of proxies":               {peer: "10.0.0.1:99", forwarded: []string{"203.0.113.1, 10.0.0.2, 10.9.9.9"}, address: "203.0.113.1"},
		"a visitor who begins a chain":     {peer: "10.0.0.1:99", forwarded: []string{"203.0.113.66, 203.0.113.1"}, address: "203.0.113.1"},
		"a visitor who claims a proxy":     {peer: "10.0.0.1:99", forwarded: []string{"10.0.0.9, 203.0.113.1"}, address: "203.0.113.1"},
		"a chain in two fields":            {peer: "10.0.0.1:99", forwarded: []string{"203.0.113.66", "203.0.113.1, 10.0.0.2"}, address: "203.0.113.1"},
		"a hop that nobody declared":       {peer: "10.0.0.1:99", forwarded: []string{"203.0.113.1, 192.168.1.1"}, address: "192.168.1.1"},
		"a proxies-only chain":             {peer: "10.0.0.1:99", forwarded: []string{"10.0.0.3, 10.0.0.2"}, address: "10.0.0.3"},
		"words for an address":             {peer: "10.0.0.1:99", forwarded: []string{"unknown"}, address: "10.0.0.1"},
		"an address with its port":         {peer: "10.0.0.1:99", forwarded: []string{"203.0.113.1:4711"}, address: "203.0.113.1"},
		"an IPv6 address with its port":    {peer: "10.0.0.1:99", forwarded: []string{"[2001:db8:2::7]:4711"}, address: "2001:db8:2::7"},
		"an IPv6 visitor":                  {peer: "10.0.0.1:99", forwarded: []string{"2001:db8:2::7"}, address: "2001:db8:2::7"},
		"an IPv6 proxy":                    {peer: "[2001:db8:1::1]:99", forwarded: []string{"203.0.113.1"}, address: "203.0.113.1"},
		"an IPv6 neighbour of a proxy":     {peer: "[2001:db8:2::1]:99", forwarded: []string{"203.0.113.1"}, host: "evil.example", address: "2001:db8:2::1"},
		"a proxy over a mapped address":    {peer: "[::ffff:10.0.0.1]:99", forwarded: []string{"::ffff:203.0.113.1"}, address: "203.0.113.1"},
	} {
		t.Run(name, func(t *testing.T) {
			headers := http.Header{"X-Forwarded-For": test.forwarded, "Forwarded": {"for=203.0.113.77"}, "X-Real-Ip": {"203.0.113.77"}}
			if test.host != "" {
				headers.Set("X-Forwarded-Host", test.host)
			}
			if test.want == "" {
				test.want = "shop.example"
			}
			address, host := through(t, o, newMetrics(Options{Version: "test"}), test.peer, headers)
			if address != test.address || host != test.want {
				t.Errorf("%s at %s, want %s at %s", address, host, test.address, test.want)
			}
		})
	}
}

// Without a declared proxy a private peer is one nearly always. It must not
// share a bucket with everybody behind it, and the log says so, once a minute.
func TestAnUndeclaredProxyIsNoticed(t *testing.T) {
	var log bytes.Buffer
	now := time.Unix(1_800_000_000, 0)
	o := quietOptions()
	o.Log, o.Now = slog.New(slog.NewJSONHandler(&log, nil)), func() time.Time { return now }
	m := newMetrics(Options{Version: "test"})
	handler := trustProxies(o, m)
	send := func(peer string) (limited bool) {
		r := httptest.NewRequest(http.MethodPost, "/decisions", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "203.0.113.1")
		c := echo.New().NewContext(r, httptest.NewRecorder())
		if err := handler(func(echo.Context) error { return nil })(c); err != nil {
			t.Fatal(err)
		}
		return c.Get(api.AddressKey) != nil
	}
	for range 3 {
		if send("172.17.0.1:99") || send("127.0.0.1:99") || send("[fd00::1]:99") {
			t.Error("a private peer has a bucket")
		}
	}
	if !send("198.51.100.1:99") {
		t.Error("a visitor has none")
	}
	scraped := httptest.NewRecorder()
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(scraped, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(scraped.Body.String(), "\nconsentry_undeclared_proxy_requests_total 9\n") {
		t.Errorf("counted otherwise:\n%s", scraped.Body)
	}
	now = now.Add(61 * time.Second)
	send("172.17.0.1:99")
	if n := strings.Count(log.String(), "trusted_proxies"); n != 2 {
		t.Errorf("warned %d times:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), "172.17") || strings.Contains(log.String(), "203.0.113") {
		t.Errorf("the log holds an address:\n%s", log.String())
	}
}

// The country counts only when a declared proxy names one, in the header that
// the owner says, once.
func TestACountryIsBelievedFromDeclaredProxiesOnly(t *testing.T) {
	for name, test := range map[string]struct {
		peer, header, want string
		values             []string
	}{
		"a proxy's":          {"10.0.0.1:99", "Cf-Ipcountry", "US", []string{"US"}},
		"small letters":      {"10.0.0.1:99", "Cf-Ipcountry", "DE", []string{"de"}},
		"a visitor's own":    {"198.51.100.1:99", "Cf-Ipcountry", "", []string{"US"}},
		"another header":     {"10.0.0.1:99", "X-Country", "", []string{"US"}},
		"no header is named": {"10.0.0.1:99", "", "", []string{"US"}},
		"twice":              {"10.0.0.1:99", "Cf-Ipcountry", "", []string{"US", "DE"}},
		"joined":             {"10.0.0.1:99", "Cf-Ipcountry", "", []string{"US, DE"}},
		"Tor of Cloudflare":  {"10.0.0.1:99", "Cf-Ipcountry", "", []string{"T1"}},
		"not a letter":       {"10.0.0.1:99", "Cf-Ipcountry", "", []string{"Ü"}},
		"empty":              {"10.0.0.1:99", "Cf-Ipcountry", "", []string{""}},
		"none":               {"10.0.0.1:99", "Cf-Ipcountry", "", nil},
	} {
		o := quietOptions("10.0.0.0/8")
		o.CountryHeader = test.header
		r := httptest.NewRequest(http.MethodGet, "/gate.js", nil)
		r.RemoteAddr = test.peer
		r.Header["Cf-Ipcountry"] = test.values
		c := echo.New().NewContext(r, httptest.NewRecorder())
		if err := trustProxies(o, newMetrics(Options{Version: "test"}))(func(echo.Context) error { return nil })(c); err != nil {
			t.Fatal(err)
		}
		if got, _ := c.Get(api.PlaceKey).(api.Place); got.Country != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// Where a proxy stands says nothing about where its visitors are: only an address
// that is a visitor's for sure is looked up, and who has none is asked first.
func TestNobodyIsPlacedByTheAddressOfAProxy(t *testing.T) {
	for name, test := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"a visitor of a proxy":               {"10.0.0.1:99", []string{"203.0.113.1"}, "US"},
		"a visitor of two":                   {"10.0.0.1:99", []string{"203.0.113.1, 10.0.0.2"}, "US"},
		"a visitor with a port":              {"10.0.0.1:99", []string{"203.0.113.1:4711"}, "US"},
		"a visitor":                          {"203.0.113.1:99", nil, "US"},
		"a proxy that forwards no address":   {"10.0.0.1:99", nil, ""},
		"a proxy that forwards words":        {"10.0.0.1:99", []string{"unknown"}, ""},
		"words behind a proxy":               {"10.0.0.1:99", []string{"203.0.113.1, unknown, 10.0.0.2"}, ""},
		"proxies alone":                      {"10.0.0.1:99", []string{"10.0.0.3, 10.0.0.2"}, ""},
		"perhaps a proxy that is undeclared": {"10.0.0.1:99", []string{"198.51.100.7, 203.0.113.1"}, ""},
	} {
		o := quietOptions("10.0.0.0/8")
		o.Locate = func(netip.Addr) (country, region string) { return "US", "CA" }
		r := httptest.NewRequest(http.MethodGet, "/gate.js", nil)
		r.RemoteAddr = test.peer
		r.Header["X-Forwarded-For"] = test.forwarded
		c := echo.New().NewContext(r, httptest.NewRecorder())
		if err := trustProxies(o, newMetrics(Options{Version: "test"}))(func(echo.Context) error { return nil })(c); err != nil {
			t.Fatal(err)
		}
		if got, _ := c.Get(api.PlaceKey).(api.Place); got.Country != test.want {
			t.Errorf("%s is placed in %q, want %q", name, got.Country, test.want)
		}
	}
}
