package dashboard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Whoever may see to something finds it on the first page, and nobody else.
func TestTheFirstPageSaysWhatWaits(t *testing.T) {
	const first, leaked = "/admin/?days=90", "although nobody had permitted it: youtube."
	d := newDesk(t)
	d.in()
	d.leak(12, false, "youtube")
	d.ask(1, consent.Correction, "not-me")
	d.want(d.get(first), http.StatusOK, "1 request of visitors waits for an answer.")
	d.pass(31 * 24 * time.Hour)
	d.in2()
	d.ask(2, consent.Objection, "")
	got := d.get(first)
	for range 100 { // the store may hold counters back
		if strings.Contains(got.body, leaked) {
			break
		}
		time.Sleep(50 * time.Millisecond)
		got = d.get(first)
	}
	for _, told := range []string{leaked, "2 requests of visitors wait for an answer, 1 overdue.", "seen that the site file does not list.", "/admin/sites/shop/unlisted"} {
		d.want(got, http.StatusOK, told)
	}
	links := map[string]string{"marketer": d.invite("mira", "marketer"), "auditor": d.invite("ada", "auditor")}
	for who, hidden := range map[string]string{"auditor": leaked, "marketer": "What needs you?"} {
		d.as(links[who])
		page := d.get(first).body
		if strings.Contains(page, hidden) {
			t.Errorf("the %s is told of what is not for them to see to: %s", who, hidden)
		}
		if strings.Contains(page, "1 overdue.") != (who == "auditor") {
			t.Errorf("the %s reads %s", who, page)
		}
	}
}
