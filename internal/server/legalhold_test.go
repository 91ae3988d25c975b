package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const heldYAML = shopYAML + "\nlegal_hold: They are evidence in a dispute.\n"

// requestsOf wants so many requests of the shop, and returns them.
func (r *rig) requestsOf(t *testing.T, want int) []consent.Asked {
	t.Helper()
	asked, err := r.api.Requests(t.Context(), "shop")
	if err != nil || len(asked) != want {
		t.Fatalf("operators find %d requests, want %d: %+v, %v", len(asked), want, asked, err)
	}
	return asked
}

// An erasure that a legal hold forbids is a request, once while nobody has answered
// it: the visitor reads why and by when, and it is done once the records are erased.
func TestAnErasureUnderALegalHoldWaitsForItsEnd(t *testing.T) {
	r := shopRig(t, nil)
	link, cookies := receiptFor(t, r)
	writeSite(t, r.dir, "shop.yaml", heldYAML)
	r.reload(t)
	for range 2 {
		sent, page := r.do(t, ask{to: "POST " + link + "?locale=en", cookies: cookies}.request(t, r))
		if sent.StatusCode != http.StatusConflict || len(sent.Cookies()) > 0 || !strings.Contains(page, "evidence in a dispute") || strings.Count(page, "answers by") != 1 {
			t.Errorf("status %d\n%s", sent.StatusCode, page)
		}
		r.advance(time.Hour)
	}
	asked := r.requestsOf(t, 1)[0]
	if asked.Kind != consent.ErasureAsked || !asked.Waits() || asked.Due().Sub(asked.At.Time) != consent.AnswerWithin {
		t.Errorf("operators find %+v", asked)
	}
	if waiting := r.backlog(); len(waiting) != 1 || waiting[0].Waiting != 1 {
		t.Errorf("the backlog is %+v", waiting)
	}

	writeSite(t, r.dir, "shop.yaml", shopYAML)
	r.reload(t)
	if sent, _ := r.do(t, ask{to: "POST " + link, cookies: cookies}.request(t, r)); sent.StatusCode != http.StatusOK {
		t.Fatalf("status %d after the hold", sent.StatusCode)
	}
	if done := r.requestsOf(t, 1)[0]; done.Waits() || !done.Settled.Done {
		t.Errorf("after the erasure operators find %+v", done)
	}
}

// Who was refused may ask again: a hold ends some day, and each gets an answer.
func TestAnErasureMayBeAskedForAgainAfterItsRefusal(t *testing.T) {
	r := shopRig(t, nil)
	link, _ := receiptFor(t, r)
	writeSite(t, r.dir, "shop.yaml", heldYAML)
	r.reload(t)
	post := ask{to: "POST " + link + "?locale=en"}
	r.do(t, post.request(t, r))
	if err := r.api.Settle(t.Context(), "shop", r.requestsOf(t, 1)[0].Digest, consent.Settlement{Reason: "law"}); err != nil {
		t.Fatal(err)
	}
	if _, page := r.do(t, ask{to: "GET " + link + "?locale=en"}.request(t, r)); !strings.Contains(page, "The law requires that it is kept") {
		t.Errorf("the receipt does not tell of the answer:\n%s", page)
	}
	r.advance(24 * time.Hour)
	r.do(t, post.request(t, r))
	if second := r.requestsOf(t, 2)[1]; !second.Waits() {
		t.Errorf("the second is %+v", second)
	}
}

// A request that cannot be kept is none: the visitor is told to come again.
func TestAnErasureUnderAHoldIsNotPromisedWhileTheStoreIsAway(t *testing.T) {
	store := &moodyStore{}
	r := shopRig(t, func(real consent.Store) consent.Store {
		store.Store = real
		return store
	})
	link, _ := receiptFor(t, r)
	writeSite(t, r.dir, "shop.yaml", heldYAML)
	r.reload(t)
	store.setNotes(consent.ErrUnavailable)
	sent, page := r.do(t, ask{to: "POST " + link + "?locale=en"}.request(t, r))
	if sent.StatusCode != http.StatusServiceUnavailable || !strings.Contains(page, "could not be stored") {
		t.Errorf("status %d\n%s", sent.StatusCode, page)
	}
}
