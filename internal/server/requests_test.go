package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// shopRig serves the shop alone.
func shopRig(t *testing.T, wrap func(consent.Store) consent.Store) *rig {
	t.Helper()
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	return newRig(t, dir, wrap)
}

// receiptFor makes a choice for everything and returns its receipt and cookies.
func receiptFor(t *testing.T, r *rig) (link string, cookies []*http.Cookie) {
	t.Helper()
	response, body := r.post(t, decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted"))
	var answer struct{ Receipt string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Receipt, response.Cookies()
}

func recordsUnder(t *testing.T, r *rig, link string) []consent.Record {
	t.Helper()
	_, body := r.do(t, ask{to: "GET " + link + "?format=json"}.request(t, r))
	var got struct{ Records []consent.Record }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return got.Records
}

func allDenied(r consent.Record) bool {
	for _, d := range r.Decisions {
		if d.Category != consent.Necessary && d.Status != consent.Denied {
			return false
		}
	}
	return true
}

// An objection denies everything at once, in the record that takes the place of
// the old one and in the browser that sent it, and waits thirty days for the rest.
func TestAnObjectionTakesEffectAtOnceAndWaitsForAnAnswer(t *testing.T) {
	r := shopRig(t, nil)
	link, cookies := receiptFor(t, r)
	sent, _ := r.do(t, ask{to: "POST " + link, body: "request=objection", cookies: cookies}.request(t, r))
	if sent.StatusCode != http.StatusSeeOther || len(sent.Cookies()) != 2 {
		t.Fatalf("status %d, cookies %v", sent.StatusCode, sent.Cookies())
	}
	_, page := r.do(t, ask{to: "GET /privacy/choices?locale=en", cookies: sent.Cookies()}.request(t, r))
	if strings.Contains(page, "Withdraw permission") || !strings.Contains(page, "Not allowed") {
		t.Error("something is still permitted in this browser")
	}
	records := recordsUnder(t, r, link)
	if len(records) != 2 || records[0].Event != consent.Objected || *records[0].Previous != records[1].ID || !allDenied(records[0]) {
		t.Fatalf("the receipt shows %+v", records)
	}
	_, page = r.do(t, ask{to: "GET " + link + "?locale=en"}.request(t, r))
	if !strings.Contains(page, "You objected on") || !strings.Contains(page, "answers by") || strings.Contains(page, `value="objection"`) {
		t.Errorf("the receipt does not tell of the objection:\n%s", page)
	}
	asked, err := r.api.Requests(t.Context(), "shop")
	if err != nil || len(asked) != 1 || !asked[0].Waits() || asked[0].Due().Sub(asked[0].At.Time) != consent.AnswerWithin {
		t.Errorf("operators find %+v, %v", asked, err)
	}
	_, operators := r.server.Handlers()
	r.advance(31 * 24 * time.Hour)
	metrics := fetch(operators, http.MethodGet, "/metrics").Body.String()
	for _, line := range []string{"waiting{site=\"shop\"} 1\n", "overdue{site=\"shop\"} 1\n", "due_seconds{site=\"shop\"} -"} {
		if !strings.Contains(metrics, "consentry_visitor_requests_"+line) {
			t.Errorf("metrics lack %q", line)
		}
	}
}

// A request that is sent again, in German or by a second click, is one request.
func TestAskingTwiceIsAskingOnce(t *testing.T) {
	r := shopRig(t, nil)
	link, _ := receiptFor(t, r)
	for range 2 {
		for _, body := range []string{"request=objection", "request=correction&reason=not-me", "request=correction&reason=not-chosen"} {
			r.do(t, ask{to: "POST " + link + "?locale=de", body: body}.request(t, r))
		}
	}
	asked, err := r.api.Requests(t.Context(), "shop")
	if err != nil || len(asked) != 2 || len(recordsUnder(t, r, link)) != 2 {
		t.Errorf("%d requests, %d records, %v", len(asked), len(recordsUnder(t, r, link)), err)
	}
}

// A correction changes nothing until an operator has looked; then a record under
// which nothing is permitted stands in the wrong one's place, once, and the
// visitor reads the answer. A second answer changes nothing.
func TestACorrectionSupersedesTheRecordOnceSettled(t *testing.T) {
	r := shopRig(t, nil)
	link, cookies := receiptFor(t, r)
	sent, _ := r.do(t, ask{to: "POST " + link, body: "request=correction&reason=not-chosen", cookies: cookies}.request(t, r))
	if sent.StatusCode != http.StatusSeeOther || len(sent.Cookies()) != 0 || len(recordsUnder(t, r, link)) != 1 {
		t.Fatalf("status %d, cookies %v", sent.StatusCode, sent.Cookies())
	}
	asked, err := r.api.Requests(t.Context(), "shop")
	if err != nil || len(asked) != 1 {
		t.Fatalf("%v, %v", asked, err)
	}
	for _, answer := range []consent.Settlement{{Done: true}, {Reason: "law"}} {
		if err := r.api.Settle(t.Context(), "shop", asked[0].Digest, answer); err != nil {
			t.Fatal(err)
		}
	}
	records := recordsUnder(t, r, link)
	if len(records) != 2 || records[0].Event != consent.Corrected || !allDenied(records[0]) {
		t.Errorf("the receipt shows %+v", records)
	}
	_, page := r.do(t, ask{to: "GET " + link + "?locale=en"}.request(t, r))
	if !strings.Contains(page, "You asked for a correction on") || !strings.Contains(page, "Done on") {
		t.Errorf("the receipt does not tell of the answer:\n%s", page)
	}
	for digest, site := range map[string]string{"unknown": "shop", asked[0].Digest: "elsewhere"} {
		if err := r.api.Settle(t.Context(), site, digest, consent.Settlement{Done: true}); err == nil {
			t.Errorf("request %s of %s was settled", digest, site)
		}
	}
}

// While the store cannot keep a request the visitor is told so, and an objection
// holds in the browser all the same.
func TestAnObjectionHoldsWhileTheStoreIsAway(t *testing.T) {
	store := &moodyStore{}
	r := shopRig(t, func(real consent.Store) consent.Store {
		store.Store = real
		return store
	})
	link, cookies := receiptFor(t, r)
	store.setNotes(consent.ErrUnavailable)
	sent, page := r.do(t, ask{to: "POST " + link + "?locale=en", body: "request=objection", cookies: cookies}.request(t, r))
	if sent.StatusCode != http.StatusServiceUnavailable || !strings.Contains(page, "could not be stored") || len(sent.Cookies()) != 1 {
		t.Errorf("status %d, cookies %v", sent.StatusCode, sent.Cookies())
	}
}
