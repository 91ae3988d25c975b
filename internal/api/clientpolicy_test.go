package api

import (
	"slices"
	"strings"
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

// Google's loader is one for Analytics and Ads: whichever of them a site lists, it
// is held; with both it comes for either, and what only Ads loads waits for Ads.
func TestGooglesLoaderIsHeldForWhoeverUsesIt(t *testing.T) {
	const loader, further = "www.googletagmanager.com/gtag/", "www.googletagmanager.com/gtag/destination"
	for services, want := range map[string]map[string]string{
		"google-ads":                  {"google-ads": loader},
		"ga4":                         {"ga4": loader},
		"ga4, google-ads":             {"ga4|google-ads": loader, "google-ads": further},
		"ga4, google-ads, floodlight": {"floodlight|ga4|google-ads": loader, "floodlight|google-ads": further},
	} {
		known, marked := siteWith(t, consent.GateKnown, services), siteWith(t, consent.GateMarked, services)
		vendors := marked.openerVendors()
		for name, rule := range known.gateRules(nil) {
			if got := googles(rule[0]); got != want[name] {
				t.Errorf("%s: the gate has %q under %s, not %q", services, got, name, want[name])
			}
		}
		for name, pattern := range want {
			if got := googles(vendors[name].Hosts); got != pattern && got != loader+" "+further {
				t.Errorf("%s: where tags are marked the opener has %q under %s, not %q", services, got, name, pattern)
			}
		}
	}
	rules := siteWith(t, consent.GateKnown, "ga4, google-ads").gateRules([]string{"ga4"})
	if got := googles(rules["necessary:ga4"][0]); got != loader {
		t.Errorf("what one of them runs unheld is open: %q", got)
	}
}

// googles are the patterns of Tag Manager's host.
func googles(patterns string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(patterns), func(p string) bool { return !strings.HasPrefix(p, "www.googletagmanager.com") }), " ")
}
