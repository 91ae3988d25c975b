package server_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
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
