package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/lang"
)

func TestTheWayBackNeverLeavesTheSite(t *testing.T) {
	long := "/" + strings.Repeat("a", 1023)
	for raw, want := range map[string]string{
		"":                       "/",
		"/":                      "/",
		"/basket?a=1&b=2#c":      "/basket?a=1&b=2#c",
		"/straße":                "/straße",
		"/%2f%2fevil.example":    "/%2f%2fevil.example", // stays encoded, so stays a path
		"/%5cevil.example":       "/%5cevil.example",
		"/%0d%0aSet-Cookie:a=b":  "/%0d%0aSet-Cookie:a=b",
		"/x?to=//evil.example":   "/x?to=//evil.example",
		"/@evil.example":         "/@evil.example",
		long:                     long,
		long + "a":               "/",
		"basket":                 "/",
		"//evil.example":         "/",
		"///evil.example":        "/",
		`/\evil.example`:         "/",
		`\\evil.example`:         "/",
		`/x\y`:                   "/",
		"/\t/evil.example":       "/",
		"/\n/evil.example":       "/",
		"/\r\nSet-Cookie: a=b":   "/",
		"/\x00/evil.example":     "/",
		"/\x7f":                  "/",
		"/a b":                   "/",
		" //evil.example":        "/",
		"https://evil.example/":  "/",
		"//evil.example/%2e%2e/": "/",
		"javascript:alert(1)":    "/",
		"data:text/html,x":       "/",
		"@evil.example":          "/",
		".evil.example":          "/",
		":443@evil.example/":     "/",
	} {
		got := backPath(raw)
		if got != want {
			t.Errorf("%q goes to %q", raw, got)
		}
		// Whatever it is, a browser stays where it was.
		base, _ := url.Parse("https://shop.example/privacy/choices")
		if to, err := base.Parse(got); err != nil || to.Host != "shop.example" || to.Scheme != "https" {
			t.Errorf("%q leads to %v, %v", raw, to, err)
		}
	}
}

// Where Consentry has a host of its own the form carries the page's address; one
// that merely begins like it is none of the site's.
func TestTheWayBackToAnotherHost(t *testing.T) {
	s := &Site{Site: &consent.Site{Deployment: consent.Deployment{
		Mode: consent.ModeSubdomain, Origins: []string{"https://www.sub.example", "https://m.sub.example"},
	}}}
	for raw, want := range map[string]string{
		"https://www.sub.example/basket":               "https://www.sub.example/basket",
		"/basket":                                      "https://www.sub.example/basket",
		"https://www.sub.example":                      "https://www.sub.example/",
		"https://www.sub.example.evil.example/":        "https://www.sub.example/",
		"https://www.sub.example@evil.example/":        "https://www.sub.example/",
		"https://www.sub.example//evil.example":        "https://www.sub.example/",
		"https://www.sub.example\\@evil.example":       "https://www.sub.example/",
		"https://evil.example/https://www.sub.example": "https://www.sub.example/",
	} {
		if got := s.backURL(s.backFrom(raw)); got != want {
			t.Errorf("%q goes to %q", raw, got)
		}
	}
}

func TestJSONIsForThoseWhoAskForItAlone(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": true, "application/json, text/plain;q=0.5": true,
		"text/html,application/xhtml+xml,application/json": false,
	} {
		if got := wantsJSON(&http.Request{Header: http.Header{"Accept": {accept}}}); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

func TestAPageSpeaksTheNearestLanguage(t *testing.T) {
	s := &Site{languages: lang.NewMatcher([]string{"en", "de", "pt-BR", "zh-Hant"})}
	for _, test := range []struct{ asked, header, want string }{
		{"", "", "en"},
		{"de", "", "de"},
		{"DE-at", "", "de"},
		{"de", "en", "de"},
		{"fr", "de;q=0.9", "de"},
		{"", "fr-CA, de-CH;q=0.8, en;q=0.5", "de"},
		{"", "pt-br", "pt-BR"},
		{"", "pt", "pt-BR"},
		{"", "pt-PT, de", "pt-BR"},
		{"", "zh-HK", "zh-Hant"},
		{"", "en;q=0.5, de;q=0.8", "de"},
		{"", "de;q=0, fr, en", "en"},
		{"", "de;q=x, zh-TW;q=0.1", "zh-Hant"},
		{"", "*", "en"},
		{"", ";;,,--,-de", "en"},
		{"", " de ;q=0.3", "de"},
		{"../../etc", "<script>", "en"},
		{"", strings.Repeat("fr,", 20) + "de", "en"}, // sixteen are read
	} {
		r := &http.Request{Header: http.Header{"Accept-Language": {test.header}}}
		if got := s.pageLocale(r, test.asked); got != test.want {
			t.Errorf("%q with %q is %s, want %s", test.asked, test.header, got, test.want)
		}
	}
}
