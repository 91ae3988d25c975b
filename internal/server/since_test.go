package server_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Whoever answered an earlier question is told, in their own language, what of it has
// changed since then, however many changes lie between; whoever answered today's, or
// nothing, is told nothing.
func TestAVisitorIsToldWhatHasChangedSinceTheirAnswer(t *testing.T) {
	dir := t.TempDir()
	first := strings.Replace(shopYAML, "locales: [en, de]", "locales: [en, de, ar]", 1)
	writeSite(t, dir, "shop.yaml", first)
	r := newRig(t, dir, nil)
	answer := func() string {
		response, body := r.do(t, ask{to: "POST /privacy/decisions", headers: "Host: shop.example\nOrigin: https://shop.example\nContent-Type: application/json",
			body: decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted")}.request(t, r))
		if response.StatusCode != http.StatusCreated {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		return cookieLine(response)
	}
	mine := func(cookies, locale string) string {
		_, body := r.do(t, ask{to: "GET /privacy/receipts/mine?locale=" + locale, headers: "Accept: application/json\nCookie: " + cookies}.request(t, r))
		_, changes, _ := strings.Cut(strings.TrimSpace(body), `,"changes":`)
		return strings.TrimSuffix(changes, "}")
	}
	change := func(old, now string) {
		first = strings.Replace(first, old, now, 1)
		writeSite(t, dir, "shop.yaml", first)
		r.reload(t)
	}
	oldest := answer()
	change("[youtube, addtoany]", "[youtube, vimeo]")
	middle := answer()
	change("[youtube, vimeo]", "[vimeo, {id: youtube, country: US}]")
	newest := answer()
	for _, c := range []struct{ who, cookies, locale, want string }{
		{"two changes ago", oldest, "en", `{"share":["+` + "\u00a0" + `Vimeo","YouTube: Google Ireland Limited (IE) → Google Ireland Limited (US)","−` + "\u00a0" + `AddToAny"]}`},
		{"one change ago", middle, "de", `{"share":["YouTube: Google Ireland Limited (IE) → Google Ireland Limited (US)"]}`},
		{"from right to left", middle, "ar", `{"share":["` + "\u2068YouTube\u2069: \u2068Google Ireland Limited (IE)\u2069 ← \u2068Google Ireland Limited (US)\u2069" + `"]}`},
		{"today", newest, "en", ""},
		{"never", "", "en", ""},
	} {
		if got := mine(c.cookies, c.locale); got != c.want {
			t.Errorf("who answered %s is told %s, want %s", c.who, got, c.want)
		}
	}
	_, page := r.do(t, ask{to: "GET /privacy/choices?locale=en", headers: "Cookie: " + oldest}.request(t, r))
	if list := between(page, `<div class="small since">`, "</div>"); !strings.Contains(list, "<li>+\u00a0Vimeo</li><li>YouTube: ") {
		t.Errorf("the page lists %q", list)
	}
	if _, page := r.do(t, ask{to: "GET /privacy/choices?locale=en", headers: "Cookie: " + newest}.request(t, r)); strings.Contains(page, "small since") {
		t.Error("the page lists changes to somebody who has answered today's question")
	}
}

// The declaration dates a change by when it was first asked, whatever the look since, and
// lists at most fifty of them.
func TestTheDeclarationDatesItsChanges(t *testing.T) {
	dir := t.TempDir()
	r := (*rig)(nil)
	serve := func(file string) string {
		writeSite(t, dir, "shop.yaml", file)
		if r == nil {
			r = newRig(t, dir, nil)
		} else {
			r.advance(time.Hour)
			r.reload(t)
		}
		return r.clock().Format(time.RFC3339)
	}
	vimeo := strings.Replace(shopYAML, "[youtube, addtoany]", "[youtube, vimeo]", 1)
	first := serve(shopYAML)
	second := serve(vimeo)
	serve(strings.Replace(vimeo, "name: Test shop\n", "name: Another shop\n", 1))
	page := func() string {
		_, page := r.do(t, ask{to: "GET /privacy/declaration?locale=en"}.request(t, r))
		return page
	}
	if got := regexp.MustCompile(`datetime="([^"]*)"`).FindAllStringSubmatch(page(), -1); len(got) != 3 || got[0][1] != second || got[1][1] != second || got[2][1] != first {
		t.Errorf("dated %v, want %s twice, then %s", got, second, first)
	}
	if added, removed := between(page(), "+&nbsp;<bdi>", "</bdi>"), between(page(), "−&nbsp;<bdi>", "</bdi>"); added != "Vimeo" || removed != "addtoany" {
		t.Errorf("added %q, removed %q", added, removed)
	}
	for range 30 {
		serve(shopYAML)
		serve(vimeo)
	}
	if got := strings.Count(page(), "+&nbsp;<bdi>"); got != 50 {
		t.Errorf("%d changes are listed", got)
	}
}

// Whose hint the browser has lost is asked again, and is not told that something had
// changed.
func TestNothingHasChangedForSomebodyWhoseHintIsGone(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	response, _ := r.post(t, decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted"))
	both := cookieLine(response)
	sealed, _, _ := strings.Cut(both, ";")
	for _, cookies := range []string{both, sealed} {
		_, page := r.do(t, ask{to: "GET /privacy/choices?locale=en", headers: "Cookie: " + cookies}.request(t, r))
		if !strings.Contains(page, "Decided on") || strings.Contains(page, "Something has changed") {
			t.Errorf("with %d cookies the page says that something has changed", strings.Count(cookies, "=1.")+1)
		}
	}
}

// forgetting lacks some artefacts that it lists.
type forgetting struct {
	consent.Store
	lost map[string]bool
}

func (f *forgetting) Artefact(ctx context.Context, site, digest string) (consent.Artefact, error) {
	if f.lost[digest] {
		return consent.Artefact{}, consent.ErrNotFound
	}
	return f.Store.Artefact(ctx, site, digest)
}

// That an earlier question is lost keeps nobody from being asked today's.
func TestASiteIsServedWhoseEarlierQuestionIsLost(t *testing.T) {
	dir, store := t.TempDir(), &forgetting{lost: make(map[string]bool)}
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, func(s consent.Store) consent.Store { store.Store = s; return store })
	before := r.site(t, "shop").Rendering
	frames, err := store.Artefacts(t.Context(), "shop", "frame")
	if err != nil || len(frames) == 0 {
		t.Fatal(frames, err)
	}
	for _, f := range frames {
		store.lost[f.Digest] = true
	}
	writeSite(t, dir, "shop.yaml", strings.Replace(shopYAML, "[youtube, addtoany]", "[youtube, vimeo]", 1))
	r.reload(t)
	if after := r.site(t, "shop").Rendering; after == before {
		t.Error("today's question is not served")
	}
}
