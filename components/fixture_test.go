package components_test

import (
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
)

// texts reads one of the languages that are delivered.
func texts(t *testing.T, locale string) consent.Texts {
	t.Helper()
	source, err := components.Locales.ReadFile("locales/" + locale + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out consent.Texts
	if err := yaml.Unmarshal(source, &out); err != nil {
		t.Fatalf("%s: %v", locale, err)
	}
	return out
}

// shop is a site with every kind of thing that the two layers show. "ar" reads
// from right to left; its words stay English, so that a reader of the golden
// files sees what differs.
func shop(t *testing.T) *consent.Site {
	t.Helper()
	site := &consent.Site{
		ID: "shop", Name: `Kiln & <Leaf>`, Locales: []string{"en", "de", "fr", "ar"},
		Appearance: consent.Appearance{
			Layout: "card", Scheme: "auto", Settings: "button", Radius: 10, Font: "page",
			Links: []consent.Link{{URL: "/about#privacy", Label: map[string]string{"en": "Privacy", "de": "Datenschutz", "fr": "Confidentialité", "ar": "Privacy"}}},
		},
		Texts: map[string]consent.Texts{"en": texts(t, "en"), "de": texts(t, "de"), "fr": texts(t, "fr"), "ar": texts(t, "en")},
		Policy: consent.NewPolicy(consent.Policy{
			Site: "shop", Memory: 180 * 24 * time.Hour,
			Categories: []consent.Category{
				{ID: "necessary", Services: []consent.Service{{ID: "basket", Name: "Basket", Company: "Kiln & Leaf", Cookies: []consent.Cookie{
					{Name: "sid", Provider: "Kiln & Leaf", Purpose: "Keeps the basket.", Duration: "session"},
				}}}},
				{ID: "analytics", Signals: []string{"analytics_storage"}, Services: []consent.Service{
					{ID: "ga4", Name: "Google Analytics", Company: "Google Ireland Limited", Country: "IE", PolicyURL: "https://policies.google.com/privacy", Cookies: []consent.Cookie{
						{Name: "_ga", Provider: "Google", Purpose: "Tells visitors apart.", Duration: "2 years", Recipients: []string{"Google LLC (US)"}},
					}},
					{ID: "matomo", Name: "Matomo", Company: "Kiln & Leaf", PolicyURL: "javascript:alert(1)"},
				}},
				{ID: "unheard-of"},
			},
		}),
	}
	return site
}
