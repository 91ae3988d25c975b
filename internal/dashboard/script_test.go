package dashboard_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var scriptAddress = regexp.MustCompile(`<script nonce="([A-Za-z0-9_-]{43})" src="(/admin/script/[0-9a-f]{16}\.js)" defer></script>`)

// Pages of figures run one script, under the nonce of that answer, and others none.
func TestOnlyPagesOfFiguresRunAScript(t *testing.T) {
	d := newDesk(t)
	d.in()
	for _, path := range []string{"/admin/", "/admin/sites/shop", "/admin/sites/shop?from=2026-11-01&to=2026-11-20"} {
		page := d.get(path)
		script := scriptAddress.FindStringSubmatch(page.body)
		csp := page.header.Get("Content-Security-Policy")
		if script == nil || strings.Count(page.body, "<script") != 1 || !strings.HasSuffix(csp, "; script-src 'nonce-"+script[1]+"'; connect-src 'self'") {
			t.Errorf("%s: its scripts are %q under the policy %s", path, script, csp)
		}
	}
	for _, path := range []string{"/admin/access", "/admin/requests", "/admin/sites/shop/studio"} {
		page := d.get(path)
		if page.status != http.StatusOK || strings.Contains(page.body, "<script") || strings.Contains(page.header.Get("Content-Security-Policy"), "script-src") {
			t.Errorf("%s: %d, or it has a script", path, page.status)
		}
	}
}

// A browser keeps it for good, in a cache that strangers may share: it is the same for
// all, and has no other address.
func TestTheScriptIsKeptForGoodUnderItsOwnAddress(t *testing.T) {
	d := newDesk(t)
	d.in()
	address := scriptAddress.FindStringSubmatch(d.get("/admin/").body)[2]
	d.fresh()
	plain := d.do(http.MethodGet, address, nil, map[string]string{"Accept-Encoding": "identity"})
	zipped := d.do(http.MethodGet, address, nil, map[string]string{"Accept-Encoding": "gzip, deflate, br"})
	if plain.status != http.StatusOK || plain.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || plain.header.Get("Content-Encoding") != "" {
		t.Errorf("%d, %v", plain.status, plain.header)
	}
	if zipped.header.Get("Content-Encoding") != "gzip" || zipped.header.Get("Vary") != "Accept-Encoding" || 2*len(zipped.body) > len(plain.body) {
		t.Errorf("%d bytes instead of %d, %v", len(zipped.body), len(plain.body), zipped.header)
	}
	// The licences of others' code go where the code goes.
	for _, says := range []string{"Copyright (c) 2022 Leon Sorokin", "Zero-Clause BSD"} {
		d.want(plain, http.StatusOK, says)
	}
	d.want(d.get("/admin/script/0123456789abcdef.js"), http.StatusNotFound, "")
}

// A filter asks for the main part alone, and for the whole door when its session is over.
func TestAPartIsAnsweredWithAPart(t *testing.T) {
	d := newDesk(t)
	d.in()
	part := d.do(http.MethodGet, "/admin/sites/shop?days=7", nil, map[string]string{"HX-Request": "true"})
	d.want(part, http.StatusOK, `<title>Kiln &amp; Leaf – Consentry</title><main id="main"`)
	if strings.Contains(part.body, "<html") || strings.Contains(part.body, "<style") || strings.Contains(part.body, "<nav aria-label=\"Dashboard\"") || !strings.HasSuffix(part.body, "</main>") {
		t.Error("it holds more than the main part")
	}
	if vary := part.header.Values("Vary"); !slices.Contains(vary, "HX-Request") {
		t.Errorf("Vary: %s", vary)
	}
	d.pass(13 * time.Hour)
	part = d.do(http.MethodGet, "/admin/sites/shop?days=7", nil, map[string]string{"HX-Request": "true"})
	if part.status != http.StatusUnauthorized || part.header.Get("HX-Redirect") != "/admin/login" || part.body != "" {
		t.Errorf("%d, %v, %s", part.status, part.header, part.body)
	}
}

// Steps are compared one by one, in the table that the charts read: the first day
// beside the first, few of them withheld on either side, and none made up.
func TestStepsStandBesideThoseComparedWith(t *testing.T) {
	d := comparing(t)
	page := d.get("/admin/sites/shop?days=7&" + twoDays)
	row := `<tr><th scope="row" data-label="17 Nov"><b>Tue 17 Nov 2026</b> </th><td>0</td>.*?</tr>\s*<tr class="before"><th scope="row" data-label="1 Nov"><b>Sun 1 Nov 2026</b> </th><td>40</td><td>10</td>`
	if !regexp.MustCompile(row).MatchString(page.body) {
		t.Errorf("no second day beside the second one")
	}
	if rows := strings.Count(page.body, `<tr class="before"><th scope="row" data-label`); rows != 2*2 {
		t.Errorf("%d days of two in two tables are compared with", rows)
	}
}
