package doctor_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/doctor"
)

// web is a server that counts who asks it.
func web(t *testing.T, answer http.HandlerFunc) (server *httptest.Server, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server, asked
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }

const patience = 10 * time.Second

func get(t *testing.T, client *http.Client, address string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err == nil {
		_ = answer.Body.Close()
	}
	return err
}

// Nothing is asked that the site's file does not name: not at first, and not where
// an answer leads.
func TestOnlyTheSitesOwnOriginsAreAsked(t *testing.T) {
	inner, asked := web(t, hello)
	to := new(atomic.Pointer[string])
	own, _ := web(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, *to.Load(), http.StatusFound) })
	last, _ := web(t, hello)
	reach := doctor.ReachOf(&consent.Site{ID: "shop", Deployment: consent.Deployment{Mode: consent.ModePath, Origins: []string{own.URL, last.URL}, Prefix: "/privacy"}})
	for _, where := range []string{
		inner.URL, strings.Replace(inner.URL, "127.0.0.1", "localhost", 1), "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "gopher://" + inner.Listener.Addr().String(),
		strings.Replace(last.URL, "http:", "https:", 1), strings.Replace(last.URL, "//", "//user:password@", 1), "//" + inner.Listener.Addr().String(),
	} {
		if !strings.HasPrefix(where, "//") {
			if err := get(t, reach.Client(patience), where); !errors.Is(err, doctor.ErrElsewhere) {
				t.Errorf("%s: %v", where, err)
			}
		}
		to.Store(&where)
		if err := get(t, reach.Client(patience), own.URL); !errors.Is(err, doctor.ErrElsewhere) {
			t.Errorf("led to %s: %v", where, err)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("another server was asked %d times", asked.Load())
	}
	to.Store(&last.URL)
	if err := get(t, reach.Client(patience), own.URL); err != nil {
		t.Errorf("led to another of its own: %v", err)
	}
}

// names answers every question for an IPv4 address with this machine's own.
func names(t *testing.T) *net.Resolver {
	t.Helper()
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := listener.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = listener.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", listener.LocalAddr().String())
	}}
}

// A name says nothing about where it leads: that is looked at when it is dialled.
func TestAPublicNameThatLeadsInsideIsNotAsked(t *testing.T) {
	inner, asked := web(t, hello)
	address := strings.Replace(inner.URL, "127.0.0.1", "shop.example", 1)
	reach := doctor.Reach{Origins: []string{address}, Resolver: names(t)}
	if err := get(t, reach.Client(patience), address); !errors.Is(err, doctor.ErrInside) || asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
	reach.Inside = true
	if err := get(t, reach.Client(patience), address); err != nil || asked.Load() != 1 {
		t.Errorf("with a command line: %v, asked %d times", err, asked.Load())
	}
	in := doctor.Reach{Origins: []string{inner.URL}} // as in development
	if err := get(t, in.Client(patience), inner.URL); err != nil {
		t.Error(err)
	}
}

func TestWhichAddressesArePublic(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.215.14": true, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": true, "172.32.0.1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "0.1.2.3": false, "255.255.255.255": false, "224.0.0.1": false, "240.0.0.1": false, "198.18.0.1": false, "192.0.0.8": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fd00::1": false, "fec0::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::10.0.0.1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false,
	} {
		if got := doctor.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func TestAnOriginHasItsUsualPortOnlyOnce(t *testing.T) {
	for address, want := range map[string]string{
		"https://Shop.example:443/a?b#c": "https://shop.example", "http://shop.example:80": "http://shop.example", "https://shop.example:80/": "https://shop.example:80",
	} {
		at, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := doctor.Origin(at); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

// What a page says of itself moves no terminal's cursor and fills no screen.
func TestAPagesOwnWordsAreCutAndMadeReadable(t *testing.T) {
	own, _ := web(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><head><script src='data:\x1b[2J\u202e" + strings.Repeat("x", 5000) + "'></script><script src='/privacy/gate.js'></script>"))
	})
	page, err := url.Parse(own.URL)
	if err != nil {
		t.Fatal(err)
	}
	site := &consent.Site{ID: "shop", Locales: []string{"en"}, Policy: consent.NewPolicy(consent.Policy{}), Deployment: consent.Deployment{Mode: consent.ModeRemote, Origins: []string{own.URL}, Host: page.Host}}
	visit := doctor.Visit{Client: doctor.ReachOf(site).Client(patience), Page: page, Site: site}
	site.Deployment.Mode, site.Deployment.Prefix = consent.ModePath, "/privacy"
	findings, err := visit.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Check != "first in head" {
			continue
		}
		if len(f.Says) > 300 || strings.ContainsAny(f.Says, "\x1b\u202e") || !strings.Contains(f.Says, "Before the gate stands <script> of data:") {
			t.Errorf("%q", f.Says)
		}
		return
	}
	t.Errorf("%+v", findings)
}
