package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Pages name scripts by digest and may sit in a cache for months: whatever was
// ever published stays at its address, byte for byte.
func TestOlderScriptsStayAtTheirAddress(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	writeSite(t, dir, "club.yaml", strings.NewReplacer("id: shop", "id: club", "https://shop.example", "https://club.example").Replace(shopYAML))
	r := newRig(t, dir, nil)
	old := r.site(t, "shop")
	gate, digest := old.GateBytes()
	paths := []string{
		"/gate." + digest + ".js", "/banner/" + old.Rendering + "/en.js", "/banner/" + old.Rendering + "/de.js", "/preferences/" + old.Rendering + "/de.js", "/placeholders/" + old.Rendering + "/de.js", "/opener/" + old.Rendering + "/en.js",
		"/banner/" + old.Rendering[:22] + "/en.js", // as gates name it
	}
	before := make(map[string]string)
	for _, path := range paths {
		_, before[path] = r.do(t, ask{to: "GET /privacy" + path}.request(t, r))
	}
	if before[paths[0]] != string(gate) || before[paths[1]] == before[paths[2]] {
		t.Fatal("the scripts are not what they should be")
	}

	writeSite(t, dir, "shop.yaml", strings.NewReplacer("locales: [en, de]", "locales: [en]", "name: Test shop", "name: Best shop").Replace(shopYAML))
	r.reload(t)
	today := r.site(t, "shop")
	if _, now := today.GateBytes(); now == digest || today.Rendering == old.Rendering {
		t.Fatal("the site did not change")
	}
	for _, path := range paths {
		response, body := r.do(t, ask{to: "GET /privacy" + path, headers: "Accept-Encoding: identity"}.request(t, r))
		if body != before[path] || response.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s got %d with %d bytes, %d before", path, response.StatusCode, len(body), len(before[path]))
		}
	}
	r.nowhere(t, old.Rendering, digest)

	response, body := r.do(t, ask{to: "POST /privacy/decisions", body: decision(newID(t), old.Rendering[:22], "accept-all", "granted")}.request(t, r))
	if response.StatusCode != http.StatusCreated {
		t.Errorf("a page that names the rendering in short, whose look alone has changed, got %d: %s", response.StatusCode, body)
	}
}

// nowhere asks for scripts under addresses that nearly exist.
func (r *rig) nowhere(t *testing.T, rendering, gate string) {
	t.Helper()
	today := r.site(t, "shop").Rendering
	var doc struct {
		Locales map[string]struct{ Banner string }
	}
	stored, err := r.store.Artefact(t.Context(), "shop", rendering)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(stored.Body, &doc); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{
		"a banner under the gate's address":    "/gate." + doc.Locales["en"].Banner + ".js",
		"a rendering under the gate's":         "/gate." + rendering + ".js",
		"a gate for a rendering":               "/banner/" + gate + "/en.js",
		"a locale that the site has not":       "/banner/" + today + "/de.js",
		"a locale that it never had":           "/banner/" + rendering + "/fr.js",
		"a locale of several segments":         "/banner/" + rendering + "/en/de.js",
		"another ending":                       "/banner/" + today + "/en.css",
		"a short name of no rendering":         "/banner/AAAAAAAAAAAAAAAAAAAAAA/en.js",
		"a rendering under half of its digest": "/banner/" + rendering[:21] + "/en.js",
		"preferences of no rendering":          "/preferences/none/en.js",
		"placeholders of no rendering":         "/placeholders/none/en.js",
		"a gate without a digest":              "/gate..js",
		"a gate under half of its digest":      "/gate." + gate[:20] + ".js",
		"a gate with something after its end":  "/gate." + gate + ".js.map",
	} {
		if response, body := r.do(t, ask{to: "GET /privacy" + path}.request(t, r)); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s got %d with %d bytes", what, response.StatusCode, len(body))
		}
	}
	for what, path := range map[string]string{"gate": "/gate." + gate + ".js", "banner": "/banner/" + rendering + "/en.js"} {
		if response, _ := r.do(t, ask{to: "GET /privacy" + path, headers: "Host: club.example"}.request(t, r)); response.StatusCode != http.StatusNotFound {
			t.Errorf("the %s of another site got %d", what, response.StatusCode)
		}
	}
}

// forgingStore has a gate for every digest that is asked for, once it forges.
type forgingStore struct {
	consent.Store
	forges atomic.Bool
}

func (f *forgingStore) Artefact(ctx context.Context, site, digest string) (consent.Artefact, error) {
	if !f.forges.Load() {
		return f.Store.Artefact(ctx, site, digest)
	}
	return consent.Artefact{Kind: "gate", Body: []byte("forged")}, nil
}

// A store that gives back other bytes than were put is not believed.
func TestBytesThatDoNotMatchTheirDigestAreNotServed(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	store := &forgingStore{}
	r := newRig(t, dir, func(s consent.Store) consent.Store { store.Store = s; return store })
	store.forges.Store(true)
	for _, digest := range []string{unknown, consent.Digest([]byte("forged"))} {
		want := http.StatusNotFound
		if digest != unknown {
			want = http.StatusOK // the same store with what does match
		}
		response, body := r.do(t, ask{to: "GET /privacy/gate." + digest + ".js"}.request(t, r))
		if response.StatusCode != want {
			t.Errorf("%s got %d %.100s", digest, response.StatusCode, body)
		}
	}
}

// A receipt shows the record as it was made, however often the notice has changed
// and the server started since.
func TestAReceiptOutlivesItsNotice(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	accept := decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted")
	_, answer := r.post(t, accept)
	path := between(answer, `"receipt":"`, `"`) + "?format=json"
	_, before := r.do(t, ask{to: "GET " + path}.request(t, r))
	for _, name := range []string{"Best shop", "Last shop"} {
		writeSite(t, dir, "shop.yaml", strings.NewReplacer("Test shop", name, "youtube, addtoany", "youtube").Replace(shopYAML))
		r.reload(t)
		r = r.restarted(t)
		for range 2 { // from the store, then as it was kept
			if _, after := r.do(t, ask{to: "GET " + path}.request(t, r)); after != before || !strings.Contains(after, `"category": "share"`) {
				t.Errorf("as %s the receipt is\n%s\nbefore\n%s", name, after, before)
			}
		}
		if _, again := r.post(t, accept); between(again, `"record":"`, `"`) != between(answer, `"record":"`, `"`) {
			t.Errorf("as %s a retry got %s, first %s", name, again, answer)
		}
	}
	if n := r.records(t, "shop"); n != 1 {
		t.Errorf("%d records", n)
	}
}

// A server whose clock is set back records on as if it stood still, also one
// that was started anew meanwhile.
func TestRecordsNeverGoBackInTime(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	first := r.eventTime(t)
	r.advance(-time.Hour)
	if second := r.eventTime(t); second.Before(first) {
		t.Errorf("%v after %v", second, first)
	}
	// The next start knows the log's last activation and nothing else.
	published := time.Now().Add(48 * time.Hour)
	r.advance(49 * time.Hour)
	writeSite(t, dir, "shop.yaml", strings.ReplaceAll(shopYAML, "Test shop", "Best shop"))
	r.reload(t)
	r.advance(-49 * time.Hour)
	again := r.restarted(t)
	if at := again.eventTime(t); at.Before(published.Add(-time.Hour)) {
		t.Errorf("a record of %v under a notice that was published about %v", at, published)
	}
}

// eventTime records a decision and reads its time from the receipt.
func (r *rig) eventTime(t *testing.T) time.Time {
	t.Helper()
	_, body := r.post(t, decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted"))
	var answer struct{ Receipt string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	_, body = r.do(t, ask{to: "GET " + answer.Receipt + "?format=json"}.request(t, r))
	var receipt struct {
		Records []struct {
			Time time.Time `json:"event_time"`
		}
	}
	if err := json.Unmarshal([]byte(body), &receipt); err != nil || len(receipt.Records) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	return receipt.Records[0].Time
}

// The gate of advanced mode is for those whom the server knows to be where it is
// allowed; under its digest everybody could have it.
func TestTheGateOfAdvancedModeHasNoAddressOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", strings.Replace(shopYAML, "locales:", "consent_mode: {advanced: {services: [ga4], countries: [US]}}\nlocales:", 1))
	r := newRig(t, dir, nil)
	_, advanced := r.do(t, ask{to: "GET /privacy/gate.js", headers: "X-Country: US"}.request(t, r))
	_, basic := r.do(t, ask{to: "GET /privacy/gate.js"}.request(t, r))
	for _, signal := range []string{"Sec-GPC: 1", "DNT: 1"} {
		if _, body := r.do(t, ask{to: "GET /privacy/gate.js", headers: "X-Country: US\n" + signal}.request(t, r)); body == advanced {
			t.Errorf("%s: who asks to be left alone gets the gate of advanced mode", signal)
		}
	}
	if advanced == basic {
		t.Fatal("there is one gate for all")
	}
	for body, want := range map[string]int{basic: http.StatusOK, advanced: http.StatusNotFound} {
		to := "GET /privacy/gate." + consent.Digest([]byte(body)) + ".js"
		if response, _ := r.do(t, ask{to: to, headers: "X-Country: US"}.request(t, r)); response.StatusCode != want {
			t.Errorf("%s got %d, want %d", to, response.StatusCode, want)
		}
	}
}
