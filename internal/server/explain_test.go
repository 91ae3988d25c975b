package server_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Whatever goes wrong on a page that works without JavaScript is said on a page: in
// the visitor's language, with a way on, under the status that a program would get.
func TestAnErrorOfAPageIsAPage(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	store := &moodyStore{}
	r := newRigWith(t, dir, func(s consent.Store) consent.Store { store.Store = s; return store }, slog.LevelError+1, 0, time.Minute)
	shop := r.site(t, "shop").Rendering
	_, body := r.post(t, decision(newID(t), shop, "accept-all", "granted"))
	var answer struct{ Receipt string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	receipt := answer.Receipt
	const unsaved, unshown = "konnte nicht gespeichert werden", "kann im Moment nicht angezeigt werden"
	german := func(id, control string) string { return form(id, shop, control, "locale", "de") }
	for name, c := range map[string]struct {
		to, body, headers string
		fail              error
		status            int
		says              string
	}{
		"a field is missing":      {"POST /privacy/choices", german("", "accept-all"), "", nil, http.StatusBadRequest, unsaved},
		"a foreign form":          {"POST /privacy/choices", german(newID(t), "accept-all"), "Origin: https://evil.example", nil, http.StatusForbidden, unsaved},
		"a form that is too long": {"POST /privacy/choices", "back=" + strings.Repeat("A", 17000), "", nil, http.StatusRequestEntityTooLarge, unsaved},
		"an unknown language":     {"POST /privacy/choices", form(newID(t), shop, "reject-all", "locale", "xx"), "", nil, http.StatusUnprocessableEntity, unsaved},
		"an unknown request":      {"POST " + receipt, "request=everything", "", nil, http.StatusBadRequest, "Ihr Antrag " + unsaved},
		"an erasure not now":      {"POST " + receipt, "", "", consent.ErrUnavailable, http.StatusServiceUnavailable, "Ihr Antrag " + unsaved},
		"a receipt not now":       {"GET " + receipt, "", "", consent.ErrUnavailable, http.StatusServiceUnavailable, unshown},
		"a file that is not":      {"GET /privacy/receipts/wrong?format=json", "", "", nil, http.StatusNotFound, "keinen Beleg"},
	} {
		t.Run(name, func(t *testing.T) {
			store.set(c.fail, false)
			defer store.set(nil, false)
			asked := ask{to: c.to, body: c.body, headers: "Accept: text/html,application/xhtml+xml,*/*;q=0.8\nAccept-Language: de\n" + c.headers}
			if c.body != "" {
				asked.headers += "\nContent-Type: application/x-www-form-urlencoded"
			}
			response, page := r.do(t, asked.request(t, r))
			if response.StatusCode != c.status || response.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasSuffix(response.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("%d, want %d: %v", response.StatusCode, c.status, response.Header)
			}
			if !strings.Contains(page, `<html lang="de"`) || !strings.Contains(page, c.says) || !strings.Contains(page, "<a ") {
				t.Errorf("it does not say %q in German, or has no way on:\n%s", c.says, page)
			}
			asked.headers = strings.Replace(asked.headers, "text/html", "application/json", 1)
			if response, body := r.do(t, asked.request(t, r)); response.StatusCode != c.status || !strings.HasPrefix(body, `{"error":`) {
				t.Errorf("a program got %d, %s", response.StatusCode, body)
			}
		})
	}
}
