package cookie

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/consentry/consentry/internal/consent"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newRing(t *testing.T) *consent.Keyring {
	t.Helper()
	ring, err := consent.NewKeyring(rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newSite(id string, change func(*consent.Site)) *consent.Site {
	site := &consent.Site{ID: id, Deployment: consent.Deployment{
		Mode: consent.ModePath, Origins: []string{"https://" + id + ".example"}, Prefix: "/privacy",
		Cookie: consent.CookieConfig{Scope: consent.CookieHost},
	}}
	if change != nil {
		change(site)
	}
	return site
}

func newJar(t *testing.T, site *consent.Site, ring *consent.Keyring) *Jar {
	t.Helper()
	j, err := New(site, ring)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func choice(site string, now time.Time) *consent.Sealed {
	return &consent.Sealed{
		V: 1, Site: site, Visitor: consent.ID{1}, Record: consent.ID{2}, Regime: consent.OptIn,
		Issued: now.Unix(), Expires: now.Add(180 * 24 * time.Hour).Unix(),
		Categories: map[string][2]string{"analytics": {"granted", "abcdefgh"}, "share": {"denied", "ijklmnop"}},
		Services:   map[string]consent.Status{"youtube": consent.Granted},
	}
}

// The attributes are what browsers enforce, so every deployment's are written
// out here. The sealed value changes with the key and is replaced.
func TestSetCookieHeadersOfEveryDeployment(t *testing.T) {
	const hint = "1.1810900800.analytics~g~abcdefgh.share~d~ijklmnop.youtube~g"
	tests := []struct {
		name   string
		secure bool
		change func(*consent.Site)
		want   []string
	}{
		{"mode A, scope host", true, nil, []string{
			"__Host-consentry=SEALED; Path=/; Max-Age=15552000; HttpOnly; Secure; SameSite=Lax",
			"__Host-consentry_hint=" + hint + "; Path=/; Max-Age=15552000; Secure; SameSite=Lax",
		}},
		{"mode A, scope domain", true, func(s *consent.Site) {
			s.Deployment.Cookie = consent.CookieConfig{Scope: consent.CookieDomain, Domain: "shop.example"}
		}, []string{
			"__Secure-consentry=SEALED; Path=/; Domain=shop.example; Max-Age=15552000; HttpOnly; Secure; SameSite=Lax",
			"__Secure-consentry_hint=" + hint + "; Path=/; Domain=shop.example; Max-Age=15552000; Secure; SameSite=Lax",
		}},
		{"mode B, scope domain", true, func(s *consent.Site) {
			s.Deployment.Mode, s.Deployment.Host = consent.ModeSubdomain, "privacy.shop.example"
			s.Deployment.Cookie = consent.CookieConfig{Scope: consent.CookieDomain, Domain: "shop.example"}
		}, []string{
			"__Secure-consentry=SEALED; Path=/; Domain=shop.example; Max-Age=15552000; HttpOnly; Secure; SameSite=Lax",
			"__Secure-consentry_hint=" + hint + "; Path=/; Domain=shop.example; Max-Age=15552000; Secure; SameSite=Lax",
		}},
		{"loopback http", false, nil, []string{
			"consentry=SEALED; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax",
			"consentry_hint=" + hint + "; Path=/; Max-Age=15552000; SameSite=Lax",
		}},
		{"a second site on one origin", true, func(s *consent.Site) { s.Deployment.Cookie.Named = true }, []string{
			"__Host-consentry-shop=SEALED; Path=/; Max-Age=15552000; HttpOnly; Secure; SameSite=Lax",
			"__Host-consentry-shop_hint=" + hint + "; Path=/; Max-Age=15552000; Secure; SameSite=Lax",
		}},
		{"mode C writes none", true, func(s *consent.Site) { s.Deployment.Mode = consent.ModeRemote }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := newJar(t, newSite("shop", test.change), newRing(t))
			h := http.Header{}
			if err := j.Set(h, choice("shop", noon), choice("shop", noon).State(), test.secure, noon); err != nil {
				t.Fatal(err)
			}
			got := h["Set-Cookie"]
			if len(got) != len(test.want) {
				t.Fatalf("got %d cookies, want %d: %q", len(got), len(test.want), got)
			}
			for i := range got {
				if i == 0 {
					name, rest, _ := strings.Cut(got[i], "=")
					value, attributes, _ := strings.Cut(rest, ";")
					if len(name)+len(value) > 900 {
						t.Errorf("the sealed cookie has %d bytes", len(name)+len(value))
					}
					got[i] = name + "=SEALED;" + attributes
				}
				if got[i] != test.want[i] {
					t.Errorf("cookie %d\n got %s\nwant %s", i, got[i], test.want[i])
				}
			}
		})
	}
}

func TestAChoiceComesBackAsItWasWritten(t *testing.T) {
	j := newJar(t, newSite("shop", nil), newRing(t))
	h := http.Header{}
	if err := j.Set(h, choice("shop", noon), choice("shop", noon).State(), true, noon); err != nil {
		t.Fatal(err)
	}
	sealed, hint := j.Read(requestWith(h), true, noon.Add(time.Hour))
	if sealed == nil || hint == nil || sealed.Categories["analytics"][0] != "granted" || hint.Categories["share"].Status != consent.Denied {
		t.Fatalf("got %+v and %+v", sealed, hint)
	}
	if sealed, hint := j.Read(requestWith(h), false, noon); sealed != nil || hint != nil {
		t.Error("cookies of the https site were read on plain http")
	}
}

func requestWith(h http.Header) *http.Request {
	r, _ := http.NewRequest("GET", "https://shop.example/", nil)
	for _, c := range (&http.Response{Header: h}).Cookies() {
		r.AddCookie(c)
	}
	return r
}

// Whatever does not verify is no choice at all.
func TestSealedValuesThatMustNotBeBelieved(t *testing.T) {
	ring, other := newRing(t), newRing(t)
	j := newJar(t, newSite("shop", nil), ring)
	encode := func(j *Jar, s *consent.Sealed) string {
		value, err := j.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	valid := encode(j, choice("shop", noon))
	change := func(edit func(*consent.Sealed)) string {
		s := choice("shop", noon)
		edit(s)
		return encode(j, s)
	}
	flipped := []byte(valid)
	flipped[len(flipped)/2] ^= 1
	tests := map[string]string{
		"empty":              "",
		"forged":             "eyJ2IjoxfQ",
		"truncated":          valid[:len(valid)-4],
		"one bit flipped":    string(flipped),
		"oversized":          strings.Repeat("A", 5000),
		"another site's key": encode(newJar(t, newSite("other", nil), ring), choice("shop", noon)),
		"another site's id":  change(func(s *consent.Sealed) { s.Site = "other" }),
		"another ring's key": encode(newJar(t, newSite("shop", nil), other), choice("shop", noon)),
		"another version":    change(func(s *consent.Sealed) { s.V = 2 }),
		"no visitor":         change(func(s *consent.Sealed) { s.Visitor = consent.ID{} }),
		"expired by a second": change(func(s *consent.Sealed) {
			s.Expires = noon.Unix()
		}),
		"another cookie's name": signedAs(t, ring, "shop", "consentry_hint", choice("shop", noon), 0),
		"an unknown member":     signedAs(t, ring, "shop", "consentry", map[string]any{"v": 1, "site": "shop", "extra": true}, 0),
	}
	for name, value := range tests {
		if s, err := j.Decode(value, noon); err == nil {
			t.Errorf("%s: believed as %+v", name, s)
		}
	}
}

// securecookie alone would drop every choice after 30 days.
func TestAChoiceHoldsForItsOwnLifetime(t *testing.T) {
	ring := newRing(t)
	j := newJar(t, newSite("shop", nil), ring)
	now := time.Now()
	tests := []struct {
		days  int
		valid bool
	}{{0, true}, {29, true}, {31, true}, {179, true}, {181, false}, {391, false}}
	for _, test := range tests {
		age := time.Duration(test.days) * 24 * time.Hour
		value := signedAs(t, ring, "shop", "consentry", choice("shop", now.Add(-age)), age)
		if _, err := j.Decode(value, now); (err == nil) != test.valid {
			t.Errorf("%d days old: valid %v, want %v (%v)", test.days, err == nil, test.valid, err)
		}
	}
}

// signedAs signs a value under any name, dated age ago. securecookie keeps its
// clock to itself, so that an old signature is assembled by hand and checked
// against a fresh one from the library.
func signedAs(t *testing.T, ring *consent.Keyring, site, name string, value any, age time.Duration) string {
	t.Helper()
	key, err := SiteKey(ring.Cookie[0], site)
	if err != nil {
		t.Fatal(err)
	}
	if age == 0 {
		signed, err := securecookie.New(key, nil).SetSerializer(strictJSON{}).Encode(name, value)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	return datedSignature(t, key, name, value, time.Now().Add(-age))
}

func TestRotationKeepsOldChoicesAndSignsWithTheNewKey(t *testing.T) {
	ring := newRing(t)
	old := newJar(t, newSite("shop", nil), ring)
	value, err := old.Encode(choice("shop", noon))
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Rotate(rand.Reader, noon); err != nil {
		t.Fatal(err)
	}
	rotated := newJar(t, newSite("shop", nil), ring)
	if _, err := rotated.Decode(value, noon); err != nil {
		t.Errorf("a choice signed before the rotation: %v", err)
	}
	if rotated.KeyID() == old.KeyID() {
		t.Error("the newest key does not sign")
	}
	fresh, err := rotated.Encode(choice("shop", noon))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Decode(fresh, noon); err == nil {
		t.Error("a server without the new key believed it")
	}
	ring.Cookie = ring.Cookie[:1]
	if _, err := newJar(t, newSite("shop", nil), ring).Decode(value, noon); err == nil {
		t.Error("a removed key still verifies")
	}
}

func FuzzDecode(f *testing.F) {
	ring, err := consent.NewKeyring(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), noon)
	if err != nil {
		f.Fatal(err)
	}
	j, err := New(newSite("shop", nil), ring)
	if err != nil {
		f.Fatal(err)
	}
	good, err := j.Encode(choice("shop", noon))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("MTIzfGFiY3xkZWY=")
	f.Fuzz(func(t *testing.T, value string) {
		s, err := j.Decode(value, noon)
		if err == nil && !reflect.DeepEqual(s, choice("shop", noon)) { // base64 has several spellings of one value
			t.Fatalf("believed %q", value)
		}
	})
}
