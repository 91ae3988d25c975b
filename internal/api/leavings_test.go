package api

import (
	"slices"
	"strings"
	"testing"
)

func TestParentDomainsEndAtTheRegisteredOne(t *testing.T) {
	for host, want := range map[string]string{
		"www.shop.example":      "www.shop.example shop.example",
		"shop.example":          "shop.example",
		"Shop.Example:8443":     "shop.example",
		"a.b.shop.co.uk":        "a.b.shop.co.uk b.shop.co.uk shop.co.uk",
		"someone.github.io":     "someone.github.io",
		"x.someone.github.io":   "x.someone.github.io someone.github.io",
		"github.io":             "",
		"co.uk":                 "",
		"localhost":             "",
		"localhost:8080":        "",
		"shop.localhost":        "shop.localhost",
		"127.0.0.1:80":          "",
		"127.0.0.1":             "",
		"[::1]:8080":            "",
		"[2001:db8::1]":         "",
		"":                      "",
		".":                     "",
		"shop.example.":         "",
		"bücher.example":        "bücher.example",
		"www.xn--bcher-kva.de.": "",
	} {
		if got := parentDomains(host); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}
