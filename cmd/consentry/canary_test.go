package main

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
)

// canary stands in everything that a visitor can send and that nothing may keep.
const canary = "xyzzycanary"

// canaryHeaders are lines that hold the canary wherever a header can, after
// those that a route insists on.
func canaryHeaders(lines ...string) []string {
	insisted := func(name string) bool {
		return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
	}
	for _, name := range []string{
		"User-Agent", "Referer", "Accept-Language", "Accept-Encoding", "Accept", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
		"X-Real-Ip", "Forwarded", "Via", "Cookie", "Authorization", "If-None-Match", "X-Request-Id", "X-Http-Method-Override",
		"Sec-Gpc", "Dnt", "Sec-Fetch-Site", "Sec-Ch-Ua", "Origin", "Content-Type", "Traceparent", "Xyzzycanary",
	} {
		if !insisted(name) {
			lines = append(lines, name+": "+canary+"-"+name)
		}
	}
	return lines
}

// Nothing that a visitor sends by the way (headers, paths, queries, what a form
// or body says beyond ids) is in the log, the metrics or any file of the server,
// even at the most talkative level; nor is what a visitor is known by.
func TestNothingOfAVisitorIsKept(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts+"trusted_proxies: [127.0.0.1]\nlog: {level: debug}\n")
	p := start(t, dir)
	rendering := p.rendering()
	sendCanaries(t, p, rendering)

	// Decisions that are recorded, and all that follows them.
	id := newDecisionID()
	insisted := []string{"Origin: https://shop.example", "Content-Type: application/json", "X-Forwarded-Host: shop.example", "Sec-Fetch-Site: same-origin"}
	got := ask(t, p.visitors, "POST", "/privacy/decisions?q="+canary, decisionBody(id, rendering, "accept-all"), canaryHeaders(insisted...)...)
	if got.status != http.StatusCreated {
		t.Fatalf("a decision got %d: %s", got.status, got.body)
	}
	answer := decoded[decisionReply](t, got.body)
	own := []string{"Cookie: " + got.cookies() + "; c=" + canary, "X-Forwarded-Host: shop.example"}
	for _, path := range []string{answer.Receipt, "/privacy/receipts/mine", "/privacy/choices?back=/" + canary} {
		if got := ask(t, p.visitors, "GET", path, "", canaryHeaders(own...)...); got.status != http.StatusOK {
			t.Errorf("GET %s got %d", path, got.status)
		}
	}
	if len(kept(t, dir)) != 1 {
		t.Error("more than the one good decision was recorded")
	}
	metrics := ask(t, p.operators, "GET", "/metrics", "").body
	p.stop()
	wantNowhere(t, p, metrics, secretsOf(t, dir, id, answer, got.cookies()))
}

// sendCanaries makes requests of every kind that goes wrong.
func sendCanaries(t *testing.T, p *program, rendering string) {
	t.Helper()
	bodies := []string{
		canary, `{"` + canary + `":1}`, `{"id":"` + canary + `"}`,
		strings.Replace(decisionBody(newDecisionID(), rendering, "accept-all"), `"analytics"`, `"`+canary+`"`, 1),
		strings.Replace(decisionBody(newDecisionID(), rendering, "accept-all"), `"locale":"en"`, `"locale":"`+canary+`"`, 1),
		decisionBody(newDecisionID(), canary+rendering[len(canary):], "accept-all"),
		strings.Repeat(canary, 1000),
	}
	forms := "id=" + newDecisionID() + "&rendering=" + canary + "&locale=" + canary + "&control=" + canary + "&back=/" + canary
	for _, path := range []string{
		"/privacy/gate.js", "/privacy/gate." + canary + ".js", "/privacy/" + canary, "/privacy/a/b/" + canary, "/privacy/choices",
		"/privacy/banner/" + canary + "/en.js", "/privacy/banner/" + rendering + "/" + canary + ".js", "/privacy/preferences/" + canary + "/x.js",
		"/privacy/receipts/" + canary, "/privacy/openapi.json", "/" + canary, "/s/" + canary + "/gate.js", "/privacy/%2e%2e/" + canary, "/privacy/%zz" + canary,
	} {
		for _, method := range []string{"GET", "OPTIONS", "PUT", strings.ToUpper(canary)} {
			ask(t, p.visitors, method, path+"?q="+canary, "", canaryHeaders("X-Forwarded-Host: shop.example")...)
		}
		ask(t, p.visitors, "GET", path+"?q="+canary, "", canaryHeaders()...)
	}
	for _, path := range []string{"/privacy/decisions", "/privacy/impressions", "/privacy/choices", "/privacy/" + canary} {
		for _, body := range bodies {
			ask(t, p.visitors, "POST", path, body, canaryHeaders("Origin: https://shop.example", "Content-Type: application/json", "X-Forwarded-Host: shop.example")...)
			ask(t, p.visitors, "POST", path, body, canaryHeaders("X-Forwarded-Host: shop.example")...)
		}
		ask(t, p.visitors, "POST", path, forms, canaryHeaders("Origin: https://shop.example", "Content-Type: application/x-www-form-urlencoded", "X-Forwarded-Host: shop.example")...)
	}
	for _, path := range []string{"/admin/" + canary, "/admin/login?q=" + canary, "/admin/setup/" + canary, "/metrics/" + canary, "/readyz?q=" + canary} {
		ask(t, p.operators, "GET", path, "", canaryHeaders()...)
		ask(t, p.operators, "POST", path, "password="+canary, canaryHeaders("Content-Type: application/x-www-form-urlencoded")...)
	}
}

// secretsOf is what one visitor is known by, as text and as bytes, beside the
// canary: the decision's id, the receipt's token and the visitor's id.
func secretsOf(t *testing.T, dir, decision string, answer decisionReply, cookies string) map[string][]byte {
	t.Helper()
	ring, err := readKeyring(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookie.New(shopSite("https://shop.example"), ring)
	if err != nil {
		t.Fatal(err)
	}
	sealed, _ := jar.Read(&http.Request{Header: http.Header{"Cookie": {cookies}}}, true, time.Now())
	if sealed == nil {
		t.Fatalf("the cookies do not verify: %s", cookies)
	}
	id, err := consent.ParseID(decision)
	if err != nil {
		t.Fatal(err)
	}
	token := answer.Receipt[strings.LastIndexByte(answer.Receipt, '/')+1:]
	whole, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	value, _, _ := strings.Cut(strings.TrimPrefix(cookies, "__Host-consentry="), ";")
	return map[string][]byte{
		"the canary": []byte(canary[1:]), "the canary in capitals": []byte(strings.ToUpper(canary)), "the sealed cookie": []byte(value),
		"the decision's id": []byte(decision), "the decision's id in bytes": id[:],
		"the receipt's token": []byte(token), "the receipt's token in bytes": whole[16:],
		"the visitor's id": []byte(sealed.Visitor.String()), "the visitor's id in bytes": sealed.Visitor[:],
	}
}

func wantNowhere(t *testing.T, p *program, metrics string, secrets map[string][]byte) {
	t.Helper()
	places := map[string][]byte{"the log": []byte(p.log()), "/metrics": []byte(metrics)}
	err := filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		places[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(places) < 6 || !bytes.Contains(places["the log"], []byte("route=/receipts/:token")) {
		t.Errorf("only %d places were looked at, or the log is not as talkative as it can be", len(places))
	}
	for place, b := range places {
		for what, secret := range secrets {
			if bytes.Contains(b, secret) {
				t.Errorf("%s is in %s", what, place)
			}
		}
	}
}
