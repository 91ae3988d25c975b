package siteconfig

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
)

// Every entry of the catalogue decodes strictly and tells a visitor all that
// the law wants told; the golden file shows it at a glance.
func TestTheCatalogueIsComplete(t *testing.T) {
	services, problems := Catalogue(catalogue.Files)
	for _, p := range problems {
		t.Error(p)
	}
	var out strings.Builder
	shares := 0
	for _, id := range serviceNames(services) {
		s := services[id]
		fmt.Fprintf(&out, "%s: %s, %s (%s)\n  policy %s\n", id, s.Name, s.Company, s.Country, s.PolicyURL)
		if s.ShareURL != "" {
			fmt.Fprintf(&out, "  share  %s\n", s.ShareURL)
			shares++
		}
		if s.Inline != "" {
			fmt.Fprintf(&out, "  inline %s\n", s.Inline)
		}
		if s.Calls != nil {
			calls, err := json.Marshal(s.Calls)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "  calls  %s\n", calls)
		}
		fmt.Fprintf(&out, "  hosts  %s\n", strings.Join(s.Hosts, " "))
		for _, c := range s.Cookies {
			fmt.Fprintf(&out, "  %-9s %s, %s, %s%s → %s\n", c.Kind, c.Name, c.Duration, c.Provider, party(c), strings.Join(c.Recipients, ", "))
			if c.Duration == "" || c.Provider == "" {
				t.Errorf("%s: %s has no duration or provider", id, c.Name)
			}
			if !strings.HasSuffix(c.Purpose, ".") {
				t.Errorf("%s: the purpose of %s is not a sentence: %q", id, c.Name, c.Purpose)
			}
		}
	}
	golden(t, "testdata/catalogue.golden", out.String())
	if len(services) < 120 || shares < 20 {
		t.Errorf("%d services, %d of them with a plain share link", len(services), shares)
	}
}

func party(c consent.Cookie) string {
	if c.ThirdParty {
		return " (third party)"
	}
	return ""
}

// What a service keeps on the site's own domain is refused and deleted there
// while the service is denied, so a name that any site could use for itself must
// never be taken for a vendor's.
func TestNoNameOfASitesOwnIsTakenForAVendors(t *testing.T) {
	own := strings.Fields(`
		lang language locale i18n theme color_scheme currency country region timezone
		pref PREF prefs preferences settings options config flags features player volume
		id ID uid uuid user userid userId user_id username visitor visitorId visitor_uuid client_id device_id
		session Session sessionid session_id sid SID PHPSESSID JSESSIONID ASP.NET_SessionId connect.sid
		token access_token auth jwt csrf csrftoken XSRF-TOKEN login remember
		cart basket checkout order wishlist recent consent cookie cookies state data test cache store popup utm_source ref`)
	services, _ := Catalogue(catalogue.Files)
	for _, id := range serviceNames(services) {
		for _, c := range services[id].Cookies {
			beginning, open := strings.CutSuffix(c.Name, "*")
			for _, name := range own {
				if !c.ThirdParty && (name == c.Name || open && strings.HasPrefix(name, beginning)) {
					t.Errorf("%s keeps %s on the site's own domain, where a site may have a %s of its own: is it not under the vendor's (third_party: true)?", id, c.Name, name)
				}
			}
		}
	}
}

// shared are the patterns that several services have, as their vendors' documentation
// has it: the gate holds them until one of these is permitted.
var shared = map[string]string{
	"*.adobedc.net":                             "adobe-analytics adobe-target",
	"*.demdex.net":                              "adobe-analytics adobe-target",
	"*.googlesyndication.com":                   "adsense google-ad-manager",
	"cdn.matomo.cloud":                          "matomo matomo-tag-manager",
	"connect.facebook.net":                      "facebook-comments facebook-plugins",
	"vk.com/js/api/openapi.js":                  "vk-pixel vk-widgets",
	"www.facebook.com/v":                        "facebook-comments facebook-plugins",
	"www.googletagmanager.com/gtag/":            "floodlight ga4 google-ads",
	"www.googletagmanager.com/gtag/destination": "floodlight google-ads",
}

// An address belongs to one service, or under one pattern to those that share it:
// what two claim under patterns that are equally long would be permitted or denied
// by chance.
func TestNoTwoServicesClaimTheSameAddressByChance(t *testing.T) {
	services, _ := Catalogue(catalogue.Files)
	owner := make(map[string]string)
	for _, id := range serviceNames(services) {
		for _, pattern := range services[id].Hosts {
			owner[pattern] = strings.TrimSpace(owner[pattern] + " " + id)
		}
	}
	for pattern, ids := range owner {
		if strings.Contains(ids, " ") && ids != shared[pattern] {
			t.Errorf("%s all claim %s", ids, pattern)
		}
	}
	for pattern, ids := range shared {
		if owner[pattern] != ids {
			t.Errorf("%s is shared by %q, not by %q", pattern, owner[pattern], ids)
		}
	}
	for a, one := range owner {
		for b, other := range owner {
			if one != other && len(a) == len(b) && claims(a, strings.TrimPrefix(b, "*.")) {
				t.Errorf("%s of %s and %s of %s are equally long and claim the same", a, one, b, other)
			}
		}
	}
}

// claims reports whether a pattern covers an address, a host and a path, as the
// gate finds it.
func claims(pattern, address string) bool {
	host, path, _ := strings.Cut(pattern, "/")
	name, rest, _ := strings.Cut(address, "/")
	domain, open := strings.CutPrefix(host, "*")
	return strings.HasPrefix(rest, path) && (name == host || open && strings.HasSuffix("."+name, domain))
}

func TestProblemsOfACatalogueNameTheirEntry(t *testing.T) {
	files := fstest.MapFS{
		"a.yaml": {Data: []byte("- id: one\n  category: analytics\n  name: One\n  hosts: []\n  cookies: []\n- {name: Nameless}\n- id: ga4\n  hots: []\n")},
		"b.yaml": {Data: []byte("- id: two\n  name: Two\n  company: C\n  country: DE\n  policy_url: https://two.example\n  hosts: [two.example]\n  cookies: [{name: c, provider: P}]\n  category: share\n  source: [https://two.example]\n- id: two\n  name: Two\n  company: C\n  country: DE\n  policy_url: https://two.example\n  hosts: []\n  cookies: []\n  category: share\n  source: [https://two.example]\n")},
	}
	_, problems := Catalogue(files)
	golden(t, "testdata/catalogue-problems.golden", report(problems, nil))
}

// Addresses that vendors hand out, in other regions and languages too, belong to
// their services, with that one alone or with neighbours.
func TestWhatVendorsHandOutBelongsToThem(t *testing.T) {
	services, _ := Catalogue(catalogue.Files)
	for id, addresses := range map[string]string{
		"hubspot":            "js-eu1.hs-scripts.com/1.js js-na1.hs-analytics.net/a.js js-eu1.hsforms.net/forms/embed/v2.js js-eu1.hs-banner.com/1.js forms-eu1.hsforms.com/x track-eu1.hubspot.com/__ptq.gif js-eu1.usemessages.com/c.js",
		"meta-pixel":         "connect.facebook.net/en_US/fbevents.js connect.facebook.net/de_DE/fbevents.js connect.facebook.net/xx_XX/fbevents.js connect.facebook.net/signals/config/1",
		"facebook-comments":  "connect.facebook.net/de_DE/sdk.js www.facebook.com/v19.0/plugins/comments.php",
		"facebook-plugins":   "connect.facebook.net/de_DE/sdk.js www.facebook.com/v19.0/plugins/like.php",
		"youtube":            "img.youtube.com/vi/1/0.jpg i.ytimg.com/vi/1/0.jpg www.youtube.com/iframe_api youtube.com/embed/1",
		"sentry":             "o1.ingest.sentry.io/api o1.ingest.us.sentry.io/api o1.ingest.de.sentry.io/api js.sentry-cdn.com/a.js js-de.sentry-cdn.com/a.js browser.sentry-cdn.com/8/b.js",
		"datadog-rum":        "browser-intake-datadoghq.com/api browser-intake-us5-datadoghq.com/api browser-intake-ap1-datadoghq.com/api browser-intake-datadoghq.eu/api",
		"matomo":             "cdn.matomo.cloud/shop.matomo.cloud/matomo.js shop.matomo.cloud/matomo.php",
		"matomo-tag-manager": "cdn.matomo.cloud/shop.matomo.cloud/container_abcdefgh.js",
		"adobe-analytics":    "dpm.demdex.net/id shop.demdex.net/dest5.html edge.adobedc.net/ee/v1/interact shop.sc.omtrdc.net/b/ss",
		"adobe-target":       "shop.tt.omtrdc.net/rest dpm.demdex.net/id edge.adobedc.net/ee/v1/interact",
		"vk-widgets":         "vk.com/js/api/openapi.js",
		"google-ad-manager":  "pagead2.googlesyndication.com/tag/js/gpt.js a.safeframe.googlesyndication.com/safeframe/1",
	} {
		for _, address := range strings.Fields(addresses) {
			if !slices.ContainsFunc(services[id].Hosts, func(pattern string) bool { return claims(pattern, address) }) {
				t.Errorf("%s is not held for %s", address, id)
			}
		}
	}
}
