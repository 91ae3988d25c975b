package main

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// What pages report is listed in the site file by one click, every line of it kept;
// visitors are asked about it at once and after a restart, and the log verifies.
func TestWhatWasSeenIsListedByOneClick(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts+"trusted_proxies: [127.0.0.1]\n")
	before := content(t, siteFile(dir)) + "\ngate: report # for now\n"
	replace(t, siteFile(dir), before)
	p := start(t, dir)
	for n := range 5 {
		if got := ask(t, p.visitors, "POST", "/privacy/sightings", `{"hosts": ["player.vimeo.com"], "cookies": [], "storage": []}`, "Content-Type: application/json", "Origin: https://shop.example", "X-Forwarded-For: "+fmt.Sprintf("203.0.%d.7", n)); got.status != http.StatusNoContent {
			t.Fatalf("a sighting got %d: %s", got.status, got.body)
		}
	}
	asked := p.rendering()
	post := p.operator()
	form := url.Values{"kind": {consent.SeenHost}, "name": {"vimeo.com"}, "service": {"vimeo"}, "category": {""}}
	if status, _ := post("/admin/sites/shop/unlisted", form); status != http.StatusSeeOther {
		t.Fatalf("the click got %d\n%s", status, p.log())
	}
	if status, _ := post("/admin/sites/shop/unlisted", form); status != http.StatusNotFound {
		t.Errorf("the second click got %d", status)
	}
	after := content(t, siteFile(dir))
	if !strings.Contains(after, "services: [youtube, vimeo]") {
		t.Errorf("the site file is\n%s", after)
	}
	if strings.Replace(after, ", vimeo]", "]", 1) != before {
		t.Errorf("another line changed:\n%s", after)
	}
	listed := p.rendering()
	if listed == asked {
		t.Error("the banner is the one from before")
	}
	p.stop()
	p = start(t, dir)
	if got := p.rendering(); got != listed {
		t.Errorf("after a restart %s is shown, not %s", got, listed)
	}
	p.stop()
	wantCommand(t, exitOK, "", "verify", "--config", dir)
}

// The dashboard looks at a page through the owner's own proxy and says what the
// command says.
func TestTheDashboardSaysOfAnInstallationWhatTheDoctorSays(t *testing.T) {
	o, dir := newOwner(t)
	o.now.Store(&installation{head: `<script src="/privacy/gate.js" async></script>`, spoil: func(r *http.Request) { r.Header.Del("Sec-GPC") }, cache: func(http.Header) {}})
	_, said, _ := command(t, "doctor", o.URL+"/", "--config", dir)
	status, page := o.program.operator()("/admin/sites/shop/installation", url.Values{"page": {"/"}})
	if status != http.StatusOK || !strings.Contains(said, "does not arrive") {
		t.Fatalf("status %d, and the command: %s", status, said)
	}
	page = html.UnescapeString(page)
	for line := range strings.Lines(said) {
		_, says, found := strings.Cut(line, ": ")
		if !found {
			says = line
		}
		if !strings.Contains(page, strings.TrimSpace(says)) {
			t.Errorf("the page does not say %q", says)
		}
	}
}
