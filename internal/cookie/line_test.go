package cookie

import (
	"net/http"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func TestACookiesLineIsWhatNetHTTPWrites(t *testing.T) {
	ring := newRing(t)
	for name, change := range map[string]func(*consent.Site){
		"host":  nil,
		"named": func(s *consent.Site) { s.Deployment.Cookie.Named = true },
		"domain": func(s *consent.Site) {
			s.Deployment.Cookie = consent.CookieConfig{Scope: consent.CookieDomain, Domain: "shop.example"}
		},
		"dotted": func(s *consent.Site) {
			s.Deployment.Cookie = consent.CookieConfig{Scope: consent.CookieDomain, Domain: ".shop.example"}
		},
	} {
		jar := newJar(t, newSite("shop", change), ring)
		value, err := jar.Encode(choice("shop", noon))
		if err != nil {
			t.Fatal(err)
		}
		for _, secure := range []bool{true, false} {
			for _, age := range []int{-1, 1, 33696000} {
				want := http.Cookie{
					Name: jar.SealedName(secure), Value: value, Path: "/", Domain: jar.Domain(), MaxAge: age,
					Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
				}
				if got := jar.line(jar.SealedName(secure), value, age, secure, "; HttpOnly"); got != want.String() {
					t.Errorf("%s: %s, want %s", name, got, want.String())
				}
			}
		}
	}
	jar := newJar(t, newSite("shop", nil), ring)
	// net/http would leave the age out, and the browser would keep the cookie until it is closed.
	if got := jar.line("name", "value", 0, true, ""); !strings.Contains(got, "; Max-Age=0;") {
		t.Errorf("a cookie that has just expired: %s", got)
	}
}
