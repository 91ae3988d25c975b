package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Whatever a visitor's request carries, the log keeps none of it: one line of
// known fields, with the route's pattern for the path.
func TestALogLineHoldsNothingOfAPerson(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	store := &moodyStore{}
	r := newRig(t, dir, func(s consent.Store) consent.Store { store.Store = s; return store })
	rendering := r.site(t, "shop").Rendering
	const person = "X-Forwarded-For: 203.0.113.77\nUser-Agent: Mark-UA/47x11\nReferer: https://shop.example/mark-page?mark=query\n" +
		"Cookie: mark-cookie=mark-value\nX-Request-Id: mark-id\nAccept-Language: mark-language"
	id := newID(t)
	accepted, _ := r.do(t, ask{to: "POST /privacy/decisions", body: decision(id, rendering, "accept-all", "granted"), headers: person}.request(t, r))
	r.do(t, ask{to: "GET /privacy/choices?back=/mark-back", headers: person, cookies: accepted.Cookies()}.request(t, r))
	r.do(t, ask{to: "POST /privacy/choices", body: form(newID(t), rendering, "accept-all", "back", "/mark-back"), headers: person}.request(t, r))
	r.do(t, ask{to: "POST /privacy/decisions", body: `{"mark-member":"mark-text"}`, headers: person}.request(t, r))
	r.do(t, ask{to: "GET /privacy/receipts/mark-token?mark=query", headers: person}.request(t, r))
	r.do(t, ask{to: "POST /mark-path", headers: person + "\nHost: mark.example"}.request(t, r))
	store.set(consent.ErrUnavailable, false)
	r.do(t, ask{to: "POST /privacy/decisions", body: decision(newID(t), rendering, "accept-all", "granted"), headers: person}.request(t, r))
	r.do(t, ask{to: "POST /privacy/decisions", body: decision(newID(t), rendering, "reject-all", "denied"), headers: person}.request(t, r))

	log, requests := r.log.String(), 0
	for _, cookie := range accepted.Cookies() {
		if strings.Contains(log, cookie.Value) {
			t.Errorf("the log holds the cookie %s", cookie.Name)
		}
	}
	for _, trace := range []string{"mark", "Mark", "203.0.113", "127.0.0.1", "47x11", id, "shop.example"} {
		if strings.Contains(log, trace) {
			t.Errorf("the log holds %q:\n%s", trace, log)
		}
	}
	known := []string{"time", "level", "msg", "listener", "method", "route", "status", "took", "request", "error"}
	for line := range strings.Lines(log) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		if fields["msg"] != "request" {
			continue
		}
		requests++
		for name := range fields {
			if !slices.Contains(known, name) {
				t.Errorf("a line has the field %q", name)
			}
		}
		if status := fields["status"].(float64); (fields["level"] == "ERROR") != (status >= http.StatusInternalServerError) || (fields["error"] != nil) != (status >= http.StatusInternalServerError) {
			t.Errorf("an answer of %v is logged as %s", status, line)
		}
	}
	if requests != 8 {
		t.Errorf("%d lines for 8 requests:\n%s", requests, log)
	}
}
