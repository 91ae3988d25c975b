package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// HEAD answers what GET would, without the body; RFC 9110 wants it of every
// server, and uptime checks use it.
func TestHEADIsGETWithoutTheBody(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	for _, path := range []string{
		"/gate.js", "/banner/" + r.site(t, "shop").Rendering + "/en.js", "/banner/" + unknown + "/en.js", "/choices",
		"/receipts/mine", "/receipts/x", "/openapi.json", "/nothing/here",
	} {
		get, _ := r.do(t, ask{to: "GET /privacy" + path}.request(t, r))
		head, body := r.do(t, ask{to: "HEAD /privacy" + path}.request(t, r))
		if head.StatusCode != get.StatusCode || body != "" || head.Header.Get("Etag") != get.Header.Get("Etag") ||
			head.Header.Get("Cache-Control") != get.Header.Get("Cache-Control") {
			t.Errorf("%s: GET %d, HEAD %d with %d bytes and %v", path, get.StatusCode, head.StatusCode, len(body), head.Header)
		}
	}
}

func TestOtherMethodsAreNotAllowed(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	for to, status := range map[string]int{
		"PUT /privacy/decisions":     http.StatusMethodNotAllowed,
		"DELETE /privacy/decisions":  http.StatusMethodNotAllowed,
		"GET /privacy/decisions":     http.StatusNotFound, // gate.DIGEST.js takes every other GET
		"BREW /privacy/gate.js":      http.StatusMethodNotAllowed,
		"POST /privacy/gate.js":      http.StatusMethodNotAllowed,
		"PUT /privacy/receipts/abc":  http.StatusMethodNotAllowed,
		"BREW /privacy/nothing/here": http.StatusMethodNotAllowed,
		"POST /elsewhere":            http.StatusNotFound,
	} {
		response, body := r.do(t, ask{to: to}.request(t, r))
		if response.StatusCode != status || !strings.Contains(body, `"error"`) {
			t.Errorf("%s got %d %s", to, response.StatusCode, body)
		}
		if status == http.StatusMethodNotAllowed && response.Header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", to)
		}
	}
	if log := r.log.String(); strings.Contains(log, "BREW") || strings.Contains(log, "elsewhere") || !strings.Contains(log, `"method":"other"`) {
		t.Errorf("log:\n%s", log)
	}
}

// A page of another origin can read that it has sent too much: without the
// headers its script would see a broken network.
func TestTooManyRequestsCanBeReadAcrossOrigins(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "sub.yaml", subYAML)
	r := newRig(t, dir, nil)
	const from = subPage + "\nX-Forwarded-For: 198.51.100.4"
	for range 200 {
		response, err := r.public.Client().Do(ask{to: "POST /impressions", headers: from}.request(t, r))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	for _, path := range []string{"/impressions", "/decisions"} {
		response, _ := r.expect(t, "POST "+path+" 429"+jsonError+"rate", ask{to: "POST " + path, headers: from})
		if response.Header.Get("Access-Control-Allow-Origin") != "https://www.sub.example" || response.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%s: %v", path, response.Header)
		}
	}
}

// Who decides without JavaScript reads in a page, in their language, that too much
// was sent and nothing was switched on.
func TestTooManyRequestsAreExplainedWithoutJavaScript(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	const from = "X-Forwarded-For: 198.51.100.4\nAccept: text/html,*/*;q=0.8"
	for range 201 {
		response, err := r.public.Client().Do(ask{to: "POST /privacy/choices", headers: from}.request(t, r))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	body := form(newID(t), r.site(t, "shop").Rendering, "accept-all", "locale", "de")
	_, page := r.expect(t, "POST /choices 429 text/html", ask{to: "POST /privacy/choices", body: body, headers: from})
	if !strings.Contains(page, `<html lang="de"`) || !strings.Contains(page, `value="/basket"`) || !strings.Contains(page, "role=\"alert\"") {
		t.Errorf("it does not say so in German, with the way back:\n%s", page)
	}
}

// An address answers nothing that was left open on the page.
func TestOnlyTheBodyOfAFormDecides(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	body := form(newID(t), r.site(t, "shop").Rendering, "save")
	response, _ := r.do(t, ask{to: "POST /privacy/choices?c.analytics=granted&s.youtube=granted", body: body, headers: "Content-Type: application/x-www-form-urlencoded"}.request(t, r))
	if response.StatusCode != http.StatusSeeOther || strings.Contains(strings.Join(response.Header.Values("Set-Cookie"), " "), "~g~") {
		t.Errorf("%d, %v", response.StatusCode, response.Header.Values("Set-Cookie"))
	}
}

// Browsers that show text alone send no Origin: they say from which page they come.
func TestABrowserWithoutOriginMayDecideFromOurOwnPage(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	for headers, want := range map[string]int{
		"Origin:\nReferer: https://shop.example/privacy/choices":                              http.StatusSeeOther,
		"Origin:\nReferer: https://shop.example/privacy/choices\nSec-Fetch-Site: same-origin": http.StatusSeeOther,
		"Origin:\nReferer: https://shop.example/privacy/choices\nSec-Fetch-Site: cross-site":  http.StatusForbidden,
		"Origin: null\nReferer: https://shop.example/privacy/choices":                         http.StatusForbidden,
		"Origin: https://evil.example\nReferer: https://shop.example/privacy/choices":         http.StatusForbidden,
		"Origin:\nReferer: https://shop.example.evil.example/privacy/choices":                 http.StatusForbidden,
		"Origin:\nReferer: https://evil.example/https://shop.example/":                        http.StatusForbidden,
		"Origin:": http.StatusForbidden,
	} {
		body := form(newID(t), r.site(t, "shop").Rendering, "reject-all")
		response, _ := r.do(t, ask{to: "POST /privacy/choices", body: body, headers: headers}.request(t, r))
		if response.StatusCode != want {
			t.Errorf("%q: %d, want %d", headers, response.StatusCode, want)
		}
	}
}

// The page that explains a failure keeps the way back, also where it leads to
// another host.
func TestAFailedFormKeepsTheWayBack(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "sub.yaml", subYAML)
	r := newRig(t, dir, nil)
	own := subPage + "\nOrigin: https://privacy.sub.example"
	_, page := r.expect(t, "GET /choices 200 text/html", ask{to: "GET /choices?back=/basket", headers: subPage})
	back := `name="back" value="https://www.sub.example/basket"`
	if !strings.Contains(page, back) {
		t.Fatalf("the page goes back to %s", between(page, `name="back" value="`, `"`))
	}
	body := form(newID(t), unknown, "accept-all", "back", "https://www.sub.example/basket")
	_, page = r.expect(t, "POST /choices 409 text/html", ask{to: "POST /choices", body: body, headers: own})
	if !strings.Contains(page, back) {
		t.Errorf("after a failure it goes back to %s", between(page, `name="back" value="`, `"`))
	}
	body = form(newID(t), r.site(t, "sub").Rendering, "accept-all", "back", "https://www.sub.example/basket")
	response, _ := r.expect(t, "POST /choices 303", ask{to: "POST /choices", body: body, headers: own})
	if to := response.Header.Get("Location"); to != "https://www.sub.example/basket" {
		t.Errorf("it goes back to %s", to)
	}
}

// Loopback alone may be on plain http: cookies go without their prefixes, and the
// form's origin is http too.
func TestPlainHTTPOnLoopback(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", strings.Replace(shopYAML, "https://shop.example", "http://127.0.0.1:8080", 1))
	r := newRig(t, dir, nil)
	const page = "Host: 127.0.0.1:8080\nOrigin: http://127.0.0.1:8080"
	rendering := r.site(t, "shop").Rendering
	response, _ := r.expect(t, "POST /choices 303", ask{to: "POST /privacy/choices", body: form(newID(t), rendering, "accept-all"), headers: page})
	if names := cookieNames(response); names != "consentry consentry_hint" || strings.Contains(strings.Join(response.Header.Values("Set-Cookie"), " "), "Secure") {
		t.Errorf("cookies %q", response.Header.Values("Set-Cookie"))
	}
	r.expect(t, "GET /receipts/mine 200 application/json", ask{to: "GET /privacy/receipts/mine", headers: page, cookies: response.Cookies()})
	https := strings.Replace(page, "http:", "https:", 1)
	r.expect(t, "POST /choices 403 application/json origin", ask{to: "POST /privacy/choices", body: form(newID(t), rendering, "accept-all"), headers: https})
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
