package main

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// perVisit is what of the page no record tells: where the visitor came from, and
// what the server drew for this one view.
var perVisit = regexp.MustCompile(`nonce="[^"]*"|name="id" value="[^"]*"|name="back" value="[^"]*"| · +<a href="[^"]*receipts[^<]*</a>|<a class="back".*?</a>`)

// A visitor without scripts, whose browser sends Global Privacy Control and who
// has allowed everything before, withdraws. From the record alone comes the page
// as it was served, and the bytes that it was filled from are those of the log.
func TestThePageWithoutJavaScriptIsShownAgainAsItWas(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	cookies := "Cookie: " + p.decide("accept-all").cookies()
	seen := ask(t, p.visitors, "GET", "/privacy/choices?locale=en", "", cookies, "Sec-GPC: 1")
	form := url.Values{"id": {newDecisionID()}, "rendering": {p.rendering()}, "locale": {"en"}, "back": {"/"}, "control": {"withdraw"}}
	sent := ask(t, p.visitors, "POST", "/privacy/choices", form.Encode(), cookies, "Sec-GPC: 1", "Origin: https://shop.example", "Content-Type: application/x-www-form-urlencoded")
	if seen.status != 200 || sent.status != 303 {
		t.Fatalf("the page got %d, the form %d\n%s", seen.status, sent.status, sent.body)
	}
	mine := decoded[struct{ Record string }](t, ask(t, p.visitors, "GET", "/privacy/receipts/mine", "", "Cookie: "+sent.cookies()).body)
	p.stop()

	out := filepath.Join(t.TempDir(), "notice")
	wantCommand(t, exitOK, "index.html", "reproduce", mine.Record, "--config", dir, "--out", out)
	again := content(t, filepath.Join(out, "choices.html"))
	if got, want := perVisit.ReplaceAllString(again, ""), perVisit.ReplaceAllString(seen.body, ""); got != want {
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		t.Errorf("the page was …%s and is shown again as …%s", want[i:min(len(want), i+200)], got[i:min(len(got), i+200)])
	}
	if !strings.Contains(again, "Your browser asks sites not to share") || !strings.Contains(again, "Withdraw permission") {
		t.Error("the page lacks what only this visitor saw")
	}
	stored := content(t, filepath.Join(out, "choices-stored.html"))
	if strings.Contains(stored, mine.Record) || !strings.Contains(stored, "You have not decided yet") {
		t.Error("the stored page is not what every visitor's is filled from")
	}
}
