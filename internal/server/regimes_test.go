package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

var localYAML = strings.Replace(shopYAML, "locales:", "regime: local\nlocales:", 1)

var (
	presumedInGate = regexp.MustCompile(`presumed:"(.)"`)
	rulingInGate   = regexp.MustCompile(`ruling:"([^"]*)"`)
)

// gateOf asks for the gate and returns what it presumes, by letter.
func (r *rig) gateOf(t *testing.T, headers string) (response *http.Response, body, presumed string) {
	t.Helper()
	response, body = r.do(t, ask{to: "GET /privacy/gate.js", headers: headers}.request(t, r))
	for _, found := range presumedInGate.FindAllStringSubmatch(body, -1) {
		presumed += found[1]
	}
	return response, body, presumed
}

// Every visitor's gate is made for where the visitor is and what the browser says;
// whoever cannot be placed is asked first.
func TestEveryVisitorGetsTheGateOfTheirOwnRegime(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", localYAML)
	r := newRig(t, dir, nil)
	frozen, digest := r.site(t, "shop").GateBytes()
	for headers, want := range map[string]string{
		"": "", "X-Country: FR": "", "X-Country: AR": "", "X-Region: CA": "", "X-Country: XX": "",
		"X-Country: US": "gg", "X-Country: US\nX-Region: CA": "gg", "X-Country: US\nX-Region: US-UT": "gg", "X-Country: JP": "gg",
		"X-Country: US\nSec-GPC: 1": "dd", "X-Country: JP\nSec-GPC: 1": "dd", "X-Country: US\nDNT: 1": "dd", "X-Country: FR\nSec-GPC: 1": "",
		// The header's truth table: nothing counts but 1.
		"X-Country: US\nSec-GPC: 0": "gg", "X-Country: US\nSec-GPC: true": "gg", "X-Country: US\nSec-GPC: 11": "gg", "X-Country: US\nSec-GPC: 0, 1": "dd",
	} {
		response, body, presumed := r.gateOf(t, headers)
		if presumed != want {
			t.Errorf("%q: the gate presumes %q, want %q", headers, presumed, want)
		}
		if cache, vary := response.Header.Get("Cache-Control"), response.Header.Get("Vary"); cache != "private, no-cache" || vary != "Accept-Encoding, Sec-GPC" {
			t.Errorf("%q: Cache-Control %q, Vary %q", headers, cache, vary)
		}
		if headers == "" && body != string(frozen) {
			t.Error("who is not known gets another gate than the frozen one")
		}
	}
	if _, body := r.do(t, ask{to: "GET /privacy/gate." + digest + ".js", headers: "X-Country: US"}.request(t, r)); body != string(frozen) {
		t.Error("the frozen gate is not the same for all")
	}
	american, _, _ := r.gateOf(t, "X-Country: US")
	response, _, _ := r.gateOf(t, "X-Country: FR\nIf-None-Match: "+american.Header.Get("Etag"))
	if response.StatusCode != http.StatusOK {
		t.Errorf("a visitor who comes back from the United States gets %d", response.StatusCode)
	}
}

// A site with one regime is served to all alike, from any cache.
func TestTheGateOfOneRegimeIsPublic(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	var first string
	for _, headers := range []string{"", "X-Country: US\nSec-GPC: 1\nDNT: 1", "X-Country: FR"} {
		response, body, _ := r.gateOf(t, headers)
		if first == "" {
			first = body
		}
		if body != first || !strings.HasPrefix(response.Header.Get("Cache-Control"), "public") || response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", headers, response.Header)
		}
	}
}

// Where a site honours Global Privacy Control only under a law that binds to it, its
// gate elsewhere does not heed the page's own word either: it would deny what the
// server permits.
func TestASignalThatBindsNobodyIsLeftAloneByTheGateToo(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", strings.Replace(localYAML, "locales:", "gpc: binding\nlocales:", 1))
	r := newRig(t, dir, nil)
	for headers, want := range map[string]string{
		"": "", "X-Country: JP\nSec-GPC: 1": "", "X-Country: US\nX-Region: CA": "globalPrivacyControl",
		"X-Country: US\nX-Region: CA\nSec-GPC: 1": "globalPrivacyControl signal:true",
		// Do Not Track counts everywhere, where Global Privacy Control binds nobody too.
		"X-Country: JP\nDNT: 1": "signal:true", "X-Country: JP\nSec-GPC: 1\nDNT: 1": "signal:true",
	} {
		_, body, _ := r.gateOf(t, headers)
		held := regexp.MustCompile(`globalPrivacyControl|signal:\w+`).FindAllString(body[strings.Index(body, "{site:"):], -1)
		if got := strings.Join(held, " "); got != want {
			t.Errorf("%q: the gate holds %q, want %q", headers, got, want)
		}
	}
}

// The gate names the signal that the server has seen, also where no page can see it.
func TestTheGateNamesTheSignalThatWasSeen(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", localYAML)
	r := newRig(t, dir, nil)
	for headers, want := range map[string]string{
		"": `heeds:["globalPrivacyControl","doNotTrack"]`, "Sec-GPC: 1": `heeds:["globalPrivacyControl","doNotTrack"]`,
		"Sec-GPC: 1\nDNT: 1": `heeds:["globalPrivacyControl","doNotTrack"]`, "DNT: 1": `heeds:["doNotTrack","globalPrivacyControl"]`,
	} {
		for _, place := range []string{"FR", "US", "JP"} {
			if _, body, _ := r.gateOf(t, "X-Country: "+place+"\n"+headers); !strings.Contains(body, want) {
				t.Errorf("%s with %q: the gate does not hold %s", place, headers, want)
			}
		}
	}
}

// A cached gate asks the browser itself for what its site honours, and for nothing else.
func TestTheGateOfOneRegimeAsksForTheSignalsThatItsSiteHonours(t *testing.T) {
	for line, want := range map[string]string{
		"": `heeds:["globalPrivacyControl","doNotTrack"]`, "dnt: ignore": `heeds:["globalPrivacyControl"]`, "dnt: disclose": `heeds:["globalPrivacyControl"]`,
		"gpc: binding": `heeds:["doNotTrack"]`, "gpc: binding\ndnt: ignore": `heeds:[]`,
	} {
		dir := t.TempDir()
		writeSite(t, dir, "shop.yaml", strings.Replace(shopYAML, "locales:", line+"\nlocales:", 1))
		r := newRig(t, dir, nil)
		_, gate, _ := r.gateOf(t, "DNT: 1")
		if !strings.Contains(gate, want) {
			t.Errorf("%q: the gate lacks %s", line, want)
		}
		for _, name := range []string{"globalPrivacyControl", "doNotTrack"} {
			if strings.Contains(gate, name) != strings.Contains(want, name) {
				t.Errorf("%q: the gate says %s, or does not, against %s", line, name, want)
			}
		}
	}
}

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
		if refused := response.StatusCode == http.StatusUnprocessableEntity; refused != (share == "d") {
			t.Errorf("%s despite the signal got %d %s", control, response.StatusCode, body)
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

func cookieLine(response *http.Response) string {
	var pairs []string
	for _, c := range response.Cookies() {
		if c.MaxAge >= 0 && strings.Contains(c.Name, "consentry") {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	return strings.Join(pairs, "; ")
}

// The page without JavaScript treats a visitor as the gate does.
func TestThePageWithoutJavaScriptFollowsTheRegime(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", localYAML)
	r := newRig(t, dir, nil)
	for headers, want := range map[string]struct {
		title   string
		allowed int
	}{
		"X-Country: FR":                             {"Cookie settings of Test shop", 0},
		"X-Country: US\nX-Region: CA":               {"Your privacy choices", 2},
		"X-Country: US\nX-Region: CA\nSec-GPC: 1":   {"Your privacy choices", 0},
		"X-Country: JP":                             {"Cookie settings of Test shop", 2},
		"X-Country: JP\nAccept-Language: de":        {"Cookie-Einstellungen", 0}, // in German it says Erlaubt
		"X-Country: FR\nSec-GPC: 1\nX-Region: anon": {"Global Privacy Control honoured", 0},
		"X-Country: FR\nDNT: 1":                     {"Do Not Track honoured", 0},
	} {
		_, body := r.do(t, ask{to: "GET /privacy/choices", headers: headers}.request(t, r))
		if got := strings.Count(body, "<b>Allowed</b>"); got != want.allowed || !strings.Contains(body, want.title) {
			t.Errorf("%q: %d are allowed, want %d, under %q", headers, got, want.allowed, want.title)
		}
	}
}

// A site for children grants nothing, asks nothing and mints no id.
func TestASiteForChildrenTakesNoDecision(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", strings.Replace(shopYAML, "locales:", "child_directed: true\nlocales:", 1))
	r := newRig(t, dir, nil)
	if _, _, presumed := r.gateOf(t, ""); presumed != "dd" {
		t.Errorf("its gate presumes %q", presumed)
	}
	for _, body := range []string{decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted"), decision(newID(t), r.site(t, "shop").Rendering, "reject-all", "denied")} {
		response, answer := r.post(t, body)
		if response.StatusCode != http.StatusUnprocessableEntity || len(response.Cookies()) > 0 {
			t.Errorf("a decision got %d, cookies %v: %s", response.StatusCode, response.Cookies(), answer)
		}
	}
	_, page := r.do(t, ask{to: "GET /privacy/choices"}.request(t, r))
	if strings.Contains(page, "<form") || !strings.Contains(page, "for children") {
		t.Error("its page asks something")
	}
	if n := r.records(t, "shop"); n != 0 {
		t.Errorf("%d records", n)
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
