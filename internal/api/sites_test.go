package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func TestAHostIsComparedAsBrowsersWriteIt(t *testing.T) {
	for host, want := range map[string]string{
		"shop.example":      "shop.example",
		"Shop.EXAMPLE":      "shop.example",
		"shop.example:443":  "shop.example",
		"shop.example:80":   "shop.example",
		"shop.example:8080": "shop.example:8080",
		"127.0.0.1:8080":    "127.0.0.1:8080",
		"[::1]":             "[::1]",
		"[::1]:443":         "[::1]",
		"[::1]:8080":        "[::1]:8080",
		"":                  "",
		"shop.example:":     "shop.example:",
	} {
		if got := bareHost(host); got != want {
			t.Errorf("%q is %q, want %q", host, got, want)
		}
	}
}

func deployed(id string, d consent.Deployment) *Site {
	return &Site{Site: &consent.Site{ID: id, Deployment: d}}
}

func testIndex() *index {
	var a API
	a.SetSites([]*Site{
		deployed("shop", consent.Deployment{Mode: consent.ModePath, Origins: []string{"https://shop.example", "http://127.0.0.1:8080"}, Prefix: "/privacy"}),
		deployed("club", consent.Deployment{Mode: consent.ModePath, Origins: []string{"https://shop.example"}, Prefix: "/privacy/club"}),
		deployed("six", consent.Deployment{Mode: consent.ModePath, Origins: []string{"http://[::1]:8080"}, Prefix: "/six"}),
		deployed("sub", consent.Deployment{Mode: consent.ModeSubdomain, Origins: []string{"https://www.sub.example"}, Host: "privacy.sub.example"}),
		deployed("far", consent.Deployment{Mode: consent.ModeRemote, Origins: []string{"https://far.example"}, Host: "consent.example.net"}),
		deployed("lab", consent.Deployment{Mode: consent.ModeRemote, Origins: []string{"http://localhost:3000"}, Host: "localhost:8080"}),
	})
	return a.sites.Load()
}

func TestASiteIsFoundByHostAndWholePrefix(t *testing.T) {
	ix := testIndex()
	for _, test := range []struct{ host, path, site, rest string }{
		{"shop.example", "/privacy/gate.js", "shop", "/gate.js"},
		{"SHOP.example:443", "/privacy/gate.js", "shop", "/gate.js"},
		{"shop.example", "/privacy/", "shop", "/"},
		{"shop.example", "/privacy/club/gate.js", "club", "/gate.js"},
		{"shop.example", "/privacy/clubs/gate.js", "shop", "/clubs/gate.js"},
		{"127.0.0.1:8080", "/privacy/club/gate.js", "shop", "/club/gate.js"},
		{"[::1]:8080", "/six/gate.js", "six", "/gate.js"},
		{"privacy.sub.example", "/gate.js", "sub", "/gate.js"},
		{"privacy.sub.example", "/privacy/gate.js", "sub", "/privacy/gate.js"},
		{"consent.example.net", "/s/far/gate.js", "far", "/gate.js"},
		{"any.host", "/s/far/gate.js", "far", "/gate.js"},
		{"shop.example", "/privacy", "", ""},
		{"shop.example", "/privacyx/gate.js", "", ""},
		{"shop.example", "/Privacy/gate.js", "", ""},
		{"shop.example", "/gate.js", "", ""},
		{"shop.example", "/", "", ""},
		{"shop.example:8443", "/privacy/gate.js", "", ""},
		{"127.0.0.1", "/privacy/gate.js", "", ""},
		{"www.shop.example", "/privacy/gate.js", "", ""},
		{"www.sub.example", "/gate.js", "", ""},
		{"any.host", "/s/shop/gate.js", "", ""},
		{"any.host", "/s//gate.js", "", ""},
		{"any.host", "/s/", "", ""},
		{"", "/privacy/gate.js", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, test.path, nil)
		r.Host = test.host
		found, ok := ix.find(r)
		switch {
		case ok != (test.site != ""):
			t.Errorf("%s%s: found %v", test.host, test.path, ok)
		case ok && (found.site.ID != test.site || test.path[len(found.prefix):] != test.rest):
			t.Errorf("%s%s is %s under %q, want %s", test.host, test.path, found.site.ID, found.prefix, test.site)
		}
	}
}

// The scheme tells whether cookies carry their prefixes and which origin a form
// comes from.
func TestPlainHTTPIsKnownWhereASiteIsOnIt(t *testing.T) {
	ix := testIndex()
	for address, want := range map[[2]string]bool{
		{"shop.example", "/privacy/"}:   true,
		{"127.0.0.1:8080", "/privacy/"}: false,
		{"[::1]:8080", "/six/"}:         false,
		{"privacy.sub.example", "/"}:    true,
		{"any.host", "/s/far/"}:         true,
		{"localhost:8080", "/s/lab/"}:   false,
	} {
		r := httptest.NewRequest(http.MethodGet, address[1], nil)
		r.Host = address[0]
		if found, ok := ix.find(r); !ok || found.secure != want {
			t.Errorf("%s: found %v, secure %v", address, ok, found.secure)
		}
	}
}

func TestBeforeThereAreSitesNoneIsFound(t *testing.T) {
	var ix *index
	if _, ok := ix.find(httptest.NewRequest(http.MethodGet, "/s/shop/gate.js", nil)); ok {
		t.Error("found one")
	}
}
