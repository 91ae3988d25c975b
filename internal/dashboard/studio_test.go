package dashboard_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/siteconfig"
)

func TestTheStudioShowsEveryLookAndWhatTheLintSays(t *testing.T) {
	d := newDesk(t)
	d.change(func(o *dashboard.Options) {
		o.Findings = func(site *consent.Site) []siteconfig.Problem {
			return []siteconfig.Problem{{File: site.Source, Line: 7, Column: 3, Message: "memory is short <b>", Warning: true, Rule: "short-memory"}}
		}
	})
	d.in()
	page := d.get("/admin/sites/shop/studio?layer=preferences&layout=card&scheme=dark&device=phone&regime=opt-out")
	for _, want := range []string{"memory is short &lt;b&gt;", ":7:3", "Warning", `width="360"`, "layout=card", `<option selected>opt-out</option>`, `sandbox=""`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the studio lacks %q", want)
		}
	}
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Error(csp)
	}
	for query, want := range map[string]string{
		"layer=banner&regime=opt-out":                "No visitor sees this here",
		"layer=banner&regime=notice-only":            "No visitor sees this here",
		"layer=placeholder":                          `data-do="load-once"`,
		"layer=banner&regime=opt-out&locale=en":      `<button lang="en" dir="auto">Your privacy choices</button>`,
		"layer=preferences&regime=opt-out&locale=en": `<button lang="en" dir="auto">Your privacy choices</button>`,
		"layer=banner&regime=notice-only&locale=en":  `<button lang="en" dir="auto">Cookie settings</button>`,
		"layer=placeholder&regime=opt-in&locale=en":  `<button lang="en" dir="auto">Cookie settings</button>`,
		"layer=receipt":                              `class="site"`,
		"layer=banner&layout=dialog":                 "height:fit-content",
		"layer=banner&layout=bar&scheme=dark":        "color-scheme:dark;--paper:#",
		"layer=preferences":                          "<dialog open lang",
		"layer=preferences&regime=opt-out":           " checked",
		"layer=choices":                              `value="reject-all"`,
		"layer=declaration":                          `class="declaration"`,
		"layer=%3Cscript%3E&locale=xx&layout=":       `data-do="reject-all"`,
	} {
		frame := d.get("/admin/sites/shop/studio/page?" + query)
		if frame.status != http.StatusOK || !strings.Contains(frame.body, want) {
			t.Errorf("%s: %d, without %q", query, frame.status, want)
		}
		if csp := frame.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'self'") || strings.Contains(frame.body, "<script") {
			t.Errorf("%s: %s", query, csp)
		}
	}
	for _, asked := range []string{"banner", "preferences"} {
		if frame := d.get("/admin/sites/shop/studio/page?regime=opt-in&layer=" + asked); strings.Contains(frame.body, "inset-inline-start:12px!important") {
			t.Errorf("%s: the way back stands there while layer one does", asked)
		}
	}
	if got := d.get("/admin/sites/none/studio"); got.status != http.StatusNotFound {
		t.Errorf("an unknown site: %d", got.status)
	}
	d.fresh()
	if got := d.get("/admin/sites/shop/studio/page"); got.status != http.StatusSeeOther {
		t.Errorf("a stranger gets %d", got.status)
	}
}
