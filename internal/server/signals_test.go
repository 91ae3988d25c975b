package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func signalBody(t *testing.T, rendering, control, surface, status, ruling string) string {
	return fmt.Sprintf(`{"id":%q,"rendering":%q,"locale":"en","layout":"bar","surface":%q,"control":%q,"layer":1,"scope":"keep",`+
		`"categories":{"analytics":%[5]q,"share":%[5]q},"ruling":%[6]q}`, newID(t), rendering, surface, control, status, ruling)
}

// A signal narrows what was granted without it, once and on record; what is granted
// with it in view holds, but for what sells or shares where the owner lets no answer go
// before a signal.
func TestASignalNarrowsAGrantOnRecord(t *testing.T) {
	t.Run("which no answer goes before", func(t *testing.T) { signalNarrows(t, localYAML, ".gpc-kept~d", "d", 1) })
	t.Run("which answers go before", func(t *testing.T) {
		signalNarrows(t, strings.Replace(localYAML, "locales:", "site_specific_override: true\nlocales:", 1), ".gpc~d", "g", 2)
	})
}

// signalNarrows wants a mark in the cookie, share by its letter after a grant despite
// the signal, and how many categories that allows.
func signalNarrows(t *testing.T, file, mark, share string, allowed int) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", file)
	r := newRig(t, dir, nil)
	rendering := r.site(t, "shop").Rendering
	_, gate, _ := r.gateOf(t, "X-Country: US\nX-Region: CA")
	place := "Host: shop.example\nOrigin: https://shop.example\nContent-Type: application/json\nX-Country: US\nX-Region: CA"
	post := func(body, headers string) (*http.Response, string) {
		return r.do(t, ask{to: "POST /privacy/decisions", headers: place + headers, body: body}.request(t, r))
	}
	ruling := rulingInGate.FindStringSubmatch(gate)[1]
	granted, answer := post(signalBody(t, rendering, "accept-all", "banner", "granted", ruling), "")
	if granted.StatusCode != http.StatusCreated {
		t.Fatalf("a grant got %d %s", granted.StatusCode, answer)
	}
	cookies := "\nCookie: " + cookieLine(granted)
	if _, body := post(signalBody(t, rendering, "signal", "signal", "denied", ruling), cookies); !strings.Contains(body, "invalid") {
		t.Errorf("a signal that nobody sent got %s", body)
	}
	if _, body := post(signalBody(t, rendering, "signal", "signal", "denied", ruling), "\nSec-GPC: 1"); !strings.Contains(body, "invalid") {
		t.Errorf("a signal without a choice got %s", body)
	}
	narrowed, answer := post(signalBody(t, rendering, "signal", "signal", "denied", ruling), cookies+"\nSec-GPC: 1")
	if narrowed.StatusCode != http.StatusCreated || !strings.Contains(answer, mark) || strings.Contains(answer, "~g") {
		t.Fatalf("the signal got %d %s", narrowed.StatusCode, answer)
	}
	receipt := between(answer, `"receipt":"`, `"`)
	_, shown := r.do(t, ask{to: "GET " + receipt + "?format=json"}.request(t, r))
	for _, want := range []string{`"event": "signal"`, `"gpc": true`, `"id": "opt-out"`, `"country": "US-CA"`, `"source": "header"`} {
		if !strings.Contains(shown, want) {
			t.Errorf("the receipt lacks %s", want)
		}
	}
	again, answer := post(signalBody(t, rendering, "accept-all", "preferences", "granted", ruling), "\nSec-GPC: 1\nCookie: "+cookieLine(narrowed))
	if again.StatusCode != http.StatusCreated || !strings.Contains(answer, "analytics~g~") || !strings.Contains(answer, "share~"+share+"~") || !strings.Contains(answer, mark) {
		t.Errorf("a grant despite the signal got %d %s", again.StatusCode, answer)
	}
	_, shown = r.do(t, ask{to: "GET " + between(answer, `"receipt":"`, `"`) + "?format=json"}.request(t, r))
	newest := strings.SplitN(spaceless(shown), `"consentry.record/1"`, 3)[1]
	if want := map[string]string{"g": "granted", "d": "denied"}[share]; !strings.Contains(newest, `"category":"share","status":"`+want) || !strings.Contains(newest, `"honoured":true`) {
		t.Errorf("the receipt does not say that share is %s, under a signal: %s", want, newest)
	}
	for _, control := range []string{"load-once", "allow-service"} {
		one := fmt.Sprintf(`{"id":%q,"rendering":%q,"locale":"en","layout":"bar","surface":"placeholder","control":%q,"layer":1,"scope":%q,"categories":{},"services":{"youtube":"granted"},"ruling":%q}`,
			newID(t), rendering, control, map[string]string{"load-once": "once", "allow-service": "keep"}[control], ruling)
		response, body := post(one, "\nSec-GPC: 1\nCookie: "+cookieLine(narrowed))
		if response.StatusCode != http.StatusCreated || control == "allow-service" && !strings.Contains(body, "youtube~g") {
			t.Errorf("an embed's own button, %s, despite the signal got %d %s", control, response.StatusCode, body)
		}
	}
	page := func(response *http.Response) string {
		_, body := r.do(t, ask{to: "GET /privacy/choices", headers: place + "\nSec-GPC: 1\nCookie: " + cookieLine(response)}.request(t, r))
		return body
	}
	if holds := strings.Count(page(again), "<b>Allowed</b>"); holds != allowed {
		t.Errorf("%d categories are allowed that were granted with the signal in view, want %d", holds, allowed)
	}
	if holds := strings.Count(page(granted), "<b>Allowed</b>"); holds != 0 {
		t.Errorf("%d categories are allowed that were granted without the signal", holds)
	}
}

// Do Not Track alone is a signal like any other where a site honours it, and none
// where it does not; it never grants.
func TestDoNotTrackAloneNarrowsAGrantOnRecord(t *testing.T) {
	for _, dnt := range []string{consent.DNTHonor, consent.DNTIgnore, consent.DNTDisclose} {
		dir := t.TempDir()
		writeSite(t, dir, "shop.yaml", strings.Replace(shopYAML, "locales:", "dnt: "+dnt+"\nlocales:", 1))
		r := newRig(t, dir, nil)
		rendering := r.site(t, "shop").Rendering
		post := func(control, surface, status, headers string) (*http.Response, string) {
			head := "Host: shop.example\nOrigin: https://shop.example\nContent-Type: application/json" + headers
			return r.do(t, ask{to: "POST /privacy/decisions", headers: head, body: strings.Replace(signalBody(t, rendering, control, surface, status, ""), `,"ruling":""`, "", 1)}.request(t, r))
		}
		granted, answer := post("accept-all", "banner", "granted", "")
		if granted.StatusCode != http.StatusCreated {
			t.Fatalf("a grant got %d %s", granted.StatusCode, answer)
		}
		cookies := "\nCookie: " + cookieLine(granted)
		for _, refused := range [][2]string{{"denied", cookies}, {"denied", "\nDNT: 1"}, {"denied", cookies + "\nDNT: 0"}, {"granted", cookies + "\nDNT: 1"}} {
			if response, body := post("signal", "signal", refused[0], refused[1]); response.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s: a signal that is %s under %q got %d %s", dnt, refused[0], refused[1], response.StatusCode, body)
			}
		}
		narrowed, answer := post("signal", "signal", "denied", cookies+"\nDNT: 1")
		if dnt != consent.DNTHonor {
			if narrowed.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s: the signal got %d %s", dnt, narrowed.StatusCode, answer)
			}
			// A grant under a signal that nobody follows is none despite a signal: one that is followed takes it back.
			granted, answer = post("accept-all", "preferences", "granted", "\nDNT: 1"+cookies)
			if granted.StatusCode != http.StatusCreated || strings.Contains(answer, ".gpc~") {
				t.Errorf("%s: a grant got %d %s", dnt, granted.StatusCode, answer)
			}
			narrowed, answer = post("signal", "signal", "denied", "\nSec-GPC: 1\nCookie: "+cookieLine(granted))
			if narrowed.StatusCode != http.StatusCreated || !strings.Contains(answer, ".gpc-kept~d") || strings.Contains(answer, "~g") {
				t.Errorf("%s: Global Privacy Control got %d %s", dnt, narrowed.StatusCode, answer)
			}
			continue
		}
		if narrowed.StatusCode != http.StatusCreated || !strings.Contains(answer, ".gpc-kept~d") || strings.Contains(answer, "~g") {
			t.Fatalf("the signal got %d %s", narrowed.StatusCode, answer)
		}
		_, shown := r.do(t, ask{to: "GET " + between(answer, `"receipt":"`, `"`) + "?format=json"}.request(t, r))
		for _, want := range []string{`"event": "signal"`, `"gpc": false`, `"dnt": true`, `"honoured": true`, `"source": "header"`} {
			if !strings.Contains(shown, want) {
				t.Errorf("the receipt lacks %s", want)
			}
		}
		again, answer := post("accept-all", "preferences", "granted", "\nDNT: 1\nCookie: "+cookieLine(narrowed))
		if again.StatusCode != http.StatusCreated || !strings.Contains(answer, "analytics~g~") || !strings.Contains(answer, "share~d~") || !strings.Contains(answer, ".gpc-kept~d") {
			t.Errorf("a grant despite the signal got %d %s", again.StatusCode, answer)
		}
	}
}

// Where Global Privacy Control binds nobody, a browser that sends it beside Do Not Track
// reads which of the two is followed.
func TestThePageNamesTheSignalThatIsFollowed(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", strings.Replace(shopYAML, "locales:", "gpc: binding\nlocales:", 1))
	r := newRig(t, dir, nil)
	for headers, want := range map[string]string{"Sec-GPC: 1\nDNT: 1": "Do Not Track honoured", "DNT: 1": "Do Not Track honoured", "Sec-GPC: 1": ""} {
		_, page := r.do(t, ask{to: "GET /privacy/choices?locale=en", headers: headers}.request(t, r))
		if strings.Contains(page, "Global Privacy Control") || strings.Contains(page, "honoured") != (want != "") || !strings.Contains(page, want) {
			t.Errorf("%q: the page does not say %q alone", headers, want)
		}
	}
}

// spaceless is JSON as machines write it.
func spaceless(s string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(s)) != nil {
		return s
	}
	return b.String()
}
