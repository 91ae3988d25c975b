package api

import (
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// The gate refuses and deletes these names in the page's own jar and storage.
func TestOnlyWhatAPageCanReachIsRefusedThere(t *testing.T) {
	service := consent.Service{Cookies: []consent.Cookie{
		{Name: "_v", Kind: "cookie"},
		{Name: "_v", Kind: "cookie"},
		{Name: "lang", Kind: "cookie", ThirdParty: true},
		{Name: "id", Kind: "cookie", HTTPOnly: true},
		{Name: "v.*", Kind: "local"},
		{Name: "player", Kind: "session", ThirdParty: true},
		{Name: "v", Kind: "indexeddb"},
	}}
	if got := storedNames(service); got != "_v indexeddb:v local:v.*" {
		t.Errorf("got %q", got)
	}
}

// A name of the site's own stays the site's, whoever else declares it.
func TestTheGateKnowsWhatIsNecessary(t *testing.T) {
	shop := siteOfMode(t, consent.GateKnown)
	policy := *shop.Policy
	policy.Categories = slices.Clone(policy.Categories)
	policy.Categories[0].Services = []consent.Service{
		{ID: "basket", Cookies: []consent.Cookie{{Name: "_gabasket", Kind: "cookie"}, {Name: "sid", Kind: "cookie", HTTPOnly: true}}},
		{ID: "pay", Hosts: []string{"pay.example", "*.pay.example"}},
	}
	shop.Policy = &policy
	rules := shop.gateRules([]string{"ga4"})
	for id, want := range map[string]clientRule{
		"necessary:basket": {"", "", "_gabasket"},
		"necessary:pay":    {"*.pay.example"},
		"necessary:ga4":    {"www.googletagmanager.com/gtag/ *.google-analytics.com *.analytics.google.com"},
		"ga4":              {"", "", "_ga _ga_*"},
	} {
		if !slices.Equal(rules[id], want) {
			t.Errorf("%s: %q, want %q", id, rules[id], want)
		}
	}
	vendors := shop.openerVendors()
	if got := vendors["necessary:basket"].Stored; got != "_gabasket" || vendors["necessary:pay"] != (clientVendor{}) {
		t.Errorf("the opener knows %v", vendors)
	}
}

// What LinkedIn, YouTube and Facebook keep on their own domains is not the page's.
func TestTheCataloguesThirdPartyNamesAreNotRefused(t *testing.T) {
	rules := siteOfMode(t, consent.GateKnown).gateRules(nil)
	for id, want := range map[string]string{
		"linkedin-share": "", "youtube": "", "x-widgets": "",
		"meta-pixel": "_fbc _fbp", "pinterest-save": "_pin_unauth",
	} {
		got := ""
		if rule := rules[id]; len(rule) > 2 {
			got = rule[2]
		}
		if got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}
