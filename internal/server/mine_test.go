package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const farYAML = `
id: far
name: Far
origins: [https://www.far.example]
mode: remote
host: privacy.vendor.example
controller: {name: Shop Ltd, address: "1 Road, Town", contact: privacy@shop.example}
locales: [en]
categories: [{id: analytics, services: [ga4]}]
`

const farPage = "Host: privacy.vendor.example\nOrigin: https://www.far.example"

func held(t *testing.T, sealed string) string {
	t.Helper()
	b, err := json.Marshal(map[string]string{"sealed": sealed})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// answerHolders asks for the receipt of who holds the sealed value in script storage.
func (r *rig) answerHolders(t *testing.T) {
	t.Helper()
	const post, to = "POST /receipts/mine ", "POST /s/far/receipts/mine"
	body := strings.ReplaceAll(decision(newID(t), r.site(t, "far").Rendering, "accept-all", "granted"), `,"share":"granted"`, "")
	_, recorded := r.expect(t, "POST /decisions 201 application/json", ask{to: "POST /s/far/decisions", body: body, headers: farPage})
	var answer struct{ Record, Receipt, Sealed string }
	if err := json.Unmarshal([]byte(recorded), &answer); err != nil || answer.Sealed == "" {
		t.Fatalf("%v %s", err, recorded)
	}
	response, mine := r.expect(t, post+"200 application/json", ask{to: to, body: held(t, answer.Sealed), headers: farPage})
	if !strings.Contains(mine, `"record":"`+answer.Record+`"`) || !strings.Contains(mine, `"receipt":"`+answer.Receipt+`"`) {
		t.Errorf("%s is told %s", recorded, mine)
	}
	if origin := response.Header.Get("Access-Control-Allow-Origin"); origin != "https://www.far.example" {
		t.Errorf("pages of %q may read it", origin)
	}
	r.expect(t, post+"400"+jsonError+"body", ask{to: to, body: "[]", headers: farPage})
	r.expect(t, post+"403"+jsonError+"origin", ask{to: to, body: held(t, answer.Sealed), headers: farPage + "\nOrigin: https://evil.example"})
	r.expect(t, post+"404"+jsonError+"no-site", ask{to: "POST /privacy/receipts/mine", body: held(t, answer.Sealed), headers: foreign})
	r.expect(t, post+"404"+jsonError+"not-found", ask{to: to, body: held(t, answer.Sealed[1:]), headers: farPage})
	r.expect(t, post+"413"+jsonError+"too-large", ask{to: to, body: strings.Repeat(" ", 5000), headers: farPage})
	r.expect(t, post+"415"+jsonError+"media-type", ask{to: to, body: held(t, ""), headers: farPage + "\nContent-Type:"})
	// Where cookies carry the choice, a value in a body is nobody's.
	r.expect(t, post+"404"+jsonError+"not-found", ask{to: "POST /privacy/receipts/mine", body: held(t, answer.Sealed)})
}

// A page below the same domain as Consentry's host may read where its visitor's receipt
// is, and no other page.
func TestTheReceiptsAddressCanBeReadBelowTheDomain(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "sub.yaml", subYAML)
	r := newRig(t, dir, nil)
	body := strings.ReplaceAll(decision(newID(t), r.site(t, "sub").Rendering, "accept-all", "granted"), `,"share":"granted"`, "")
	recorded, _ := r.expect(t, "POST /decisions 201 application/json", ask{to: "POST /decisions", body: body, headers: subPage})
	for origin, wants := range map[string]string{"https://www.sub.example": "true", "https://evil.example": ""} {
		response, _ := r.expect(t, "GET /receipts/mine 200 application/json", ask{to: "GET /receipts/mine", headers: subPage + "\nOrigin: " + origin, cookies: recorded.Cookies()})
		if h := response.Header; h.Get("Access-Control-Allow-Credentials") != wants || (h.Get("Access-Control-Allow-Origin") == origin) != (wants != "") || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", origin, h)
		}
	}
	if response, _ := r.do(t, ask{to: "GET /receipts/mine", headers: subPage}.request(t, r)); response.StatusCode != http.StatusNotFound {
		t.Errorf("without cookies: %d", response.StatusCode)
	}
}
