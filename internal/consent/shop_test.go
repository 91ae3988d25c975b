package consent_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// The shop is the site that most tests speak about: necessary, analytics with
// two services, share with two, and marketing with none.
func shopPolicy() *consent.Policy {
	return consent.NewPolicy(consent.Policy{
		Site:       "shop",
		Controller: consent.Controller{ID: "acme", Name: "Acme Ltd", Address: "1 Road, Town", Contact: "privacy@acme.example"},
		Memory:     180 * 24 * time.Hour, Grace: 24 * time.Hour, Retention: "standard",
		Categories: []consent.Category{
			{ID: "analytics", Purposes: []string{"audience-measurement"}, Services: []consent.Service{
				{ID: "ga4", Company: "Google Ireland Ltd", Country: "IE", Cookies: []consent.Cookie{
					{Name: "_ga", Kind: "cookie", Provider: "Google", Purpose: "Tells visitors apart", Duration: "13 months", Recipients: []string{"Google LLC"}},
				}},
				{ID: "matomo", Company: "Acme Ltd", Country: "DE"},
			}},
			{ID: "share", Purposes: []string{"social-media"}, Services: []consent.Service{
				{ID: "youtube", Company: "Google Ireland Ltd", Country: "IE"},
				{ID: "sharer", Company: "Sharer Inc", Country: "US"},
			}},
			{ID: consent.Necessary, Services: []consent.Service{{ID: "basket", Company: "Acme Ltd", Country: "DE"}}},
			{ID: "marketing", Purposes: []string{"advertising"}},
		},
	})
}

func shopFrame(p *consent.Policy) *consent.Frame {
	return consent.NewFrame(p, consent.Digest([]byte("rendering")), consent.Digest([]byte("gate")),
		[]string{"en", "de"}, []string{"https://shop.example", "https://www.shop.example"},
		consent.ServerVersion{Version: "1.0.0", Key: "k1k1k1k1"})
}

func shopKeys(t testing.TB) consent.IdentityKeys {
	t.Helper()
	keys, err := consent.DeriveIdentityKeys(bytes.Repeat([]byte{7}, 32), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

var shopTime = time.Date(2026, 11, 22, 10, 30, 0, 123_456_789, time.UTC)

// shopDecision accepts analytics and refuses the rest, on layer two.
func shopDecision(f *consent.Frame) consent.Decision {
	return consent.Decision{
		ID: consent.ID{1, 2, 3}, Rendering: f.Rendering, Locale: "de", Layout: "bar",
		Surface: "preferences", Control: "save", Layer: 2, Scope: consent.Keep,
		Categories: map[string]consent.Status{"analytics": consent.Granted, "share": consent.Denied, "marketing": consent.Denied},
		Services:   map[string]consent.Status{"youtube": consent.Granted},
		AfterMS:    new(4000),
	}
}

func shopRequest(t testing.TB) consent.Request {
	t.Helper()
	p := shopPolicy()
	f := shopFrame(p)
	return consent.Request{
		Decision: shopDecision(f), Asked: f, Policy: p, Keys: shopKeys(t), Origin: "https://shop.example",
		UA: consent.UAClass{Family: "firefox", Form: "phone"}, Signals: consent.Signals{Source: "none"},
		Regime: consent.RegimeRef{ID: consent.OptIn, Country: "DE", Source: "config"}, JS: true, Now: shopTime,
	}
}

// undetailed is a frame as versions made it that kept no details of a question.
func undetailed(f *consent.Frame) *consent.Frame {
	old := *f
	old.Categories = slices.Clone(f.Categories)
	for i := range old.Categories {
		old.Categories[i].Details = nil
	}
	return &old
}

func frameDigest(t testing.TB, f *consent.Frame) (encoded []byte, digest string) {
	t.Helper()
	encoded, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded, consent.Digest(encoded)
}

// sealedShopRecord is the shop's decision as a store would hold it.
func sealedShopRecord(t testing.TB) (consent.Stored, *consent.Frame, consent.Record) {
	t.Helper()
	return sealedRecord(t, shopRequest(t))
}

func sealedRecord(t testing.TB, q consent.Request) (consent.Stored, *consent.Frame, consent.Record) {
	t.Helper()
	out := decide(t, q)
	_, digest := frameDigest(t, q.Asked)
	secret := q.Keys.Secret(q.Decision.ID)
	sealed, leaf, err := consent.SealRecord(&out.Record, q.Asked, digest, secret)
	if err != nil {
		t.Fatal(err)
	}
	return consent.Stored{Entry: consent.Entry{Site: "shop", Record: out.Record.ID, Secret: secret, Leaf: leaf, Sealed: sealed}}, q.Asked, out.Record
}

func decide(t testing.TB, q consent.Request) consent.Outcome {
	t.Helper()
	out, err := consent.Decide(q)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
