package main

import (
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// perVisit is what of the page no record tells: where the visitor came from, and
// what the server drew for this one view.
var perVisit = regexp.MustCompile(`nonce="[^"]*"|name="id" value="[^"]*"|name="back" value="[^"]*"| · *<a href="[^"]*receipts[^<]*</a>|<a class="back".*?</a>`)

// choosesBy shows a visitor with these headers the page and sends its form; it
// returns the page and the record that was made.
func (p *program) choosesBy(control string, headers ...string) (seen, record string) {
	p.t.Helper()
	page := ask(p.t, p.visitors, "GET", "/privacy/choices?locale=en", "", headers...)
	form := url.Values{"id": {newDecisionID()}, "rendering": {p.rendering()}, "locale": {"en"}, "back": {"/"}, "control": {control}}
	sent := ask(p.t, p.visitors, "POST", "/privacy/choices", form.Encode(), append(headers, "Origin: https://shop.example", "Content-Type: application/x-www-form-urlencoded")...)
	if page.status != 200 || sent.status != 303 {
		p.t.Fatalf("the page got %d, the form %d\n%s", page.status, sent.status, sent.body)
	}
	mine := ask(p.t, p.visitors, "GET", "/privacy/receipts/mine", "", "Cookie: "+sent.cookies())
	return page.body, decoded[struct{ Record string }](p.t, mine.body).Record
}

func reproduced(t *testing.T, dir, record, seen string) (again, stored string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "notice")
	wantCommand(t, exitOK, "index.html", "reproduce", record, "--config", dir, "--out", out)
	again = content(t, filepath.Join(out, "choices.html"))
	if got, want := perVisit.ReplaceAllString(again, ""), perVisit.ReplaceAllString(seen, ""); got != want {
		t.Errorf("the page was\n%s\nand is shown again as\n%s", want, got)
	}
	return again, content(t, filepath.Join(out, "choices-stored.html"))
}

// A visitor without scripts, whose browser sends Global Privacy Control and who
// has allowed everything all the same, withdraws. From the record alone comes the
// page as it was served, and the bytes that it was filled from are those of the log.
func TestThePageWithoutJavaScriptIsShownAgainAsItWas(t *testing.T) {
	const followed, overridden = "Your browser asks sites not to share", "What you allow here counts all the same"
	t.Run("where sale gives way to a signal", func(t *testing.T) { shownAgainAsItWas(t, "", followed, overridden, 1) })
	t.Run("where an answer goes before one", func(t *testing.T) {
		shownAgainAsItWas(t, "site_specific_override: true", overridden, followed, 2)
	})
}

func shownAgainAsItWas(t *testing.T, setting, said, unsaid string, allowed int) {
	dir := newShop(t, "https://shop.example", anyPorts)
	replace(t, siteFile(dir), content(t, siteFile(dir))+"\n"+setting+"\n")
	p := start(t, dir)
	cookies := "Cookie: " + p.decide("accept-all", "Sec-GPC: 1").cookies()
	seen, record := p.choosesBy("withdraw", cookies, "Sec-GPC: 1")
	p.stop()

	again, stored := reproduced(t, dir, record, seen)
	if !strings.Contains(again, "Withdraw permission") {
		t.Error("the page lacks what only this visitor saw")
	}
	if !strings.Contains(again, said) || strings.Contains(again, unsaid) {
		t.Errorf("of the signal the page does not say %q alone", said)
	}
	if got := strings.Count(again, "<b>Allowed</b>"); got != allowed {
		t.Errorf("%d are allowed, want %d", got, allowed)
	}
	if strings.Contains(stored, record) || !strings.Contains(stored, "You have not decided yet") {
		t.Error("the stored page is not what every visitor's is filled from")
	}
}

// Whoever answered before the question changed is shown again what the page said of
// the change.
func TestThePageIsShownAgainWithWhatHadChanged(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	cookies := "Cookie: " + p.decide("accept-all").cookies()
	p.stop()
	replace(t, siteFile(dir), strings.Replace(content(t, siteFile(dir)), "youtube", "vimeo", 1))
	p = start(t, dir)
	seen, record := p.choosesBy("reject-all", cookies)
	p.stop()
	again, _ := reproduced(t, dir, record, seen)
	if !strings.Contains(again, "<ul><li>+\u00a0Vimeo</li><li>−\u00a0YouTube</li></ul>") {
		t.Error("the page does not list what had changed")
	}
}

// Where visitors are treated by where they are, each one's page is shown again
// under the regime and the signal that it was served under.
func TestThePageWithoutJavaScriptIsShownAgainUnderItsRegime(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts+"trusted_proxies: [127.0.0.1]\ncountry_header: X-Country\nregion_header: X-Region\n")
	replace(t, siteFile(dir), content(t, siteFile(dir))+"\nregime: local\ngpc: binding\n")
	p := start(t, dir)
	california := []string{"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Country: US", "X-Region: CA"}
	japan := []string{"X-Forwarded-For: 192.0.2.8", "X-Forwarded-Proto: https", "X-Country: JP"}
	accepted := "Cookie: " + p.decide("accept-all").cookies()
	type visit struct {
		control string
		headers []string
		want    []string
		allowed int
	}
	seen := make(map[string]string)
	records := make(map[string]visit)
	for _, v := range []visit{
		{"save", california, []string{"<h1>Your privacy choices</h1>", "runs until you object"}, 2},
		{"save", append(slices.Clone(california), "Sec-GPC: 1"), []string{"Global Privacy Control honoured", "You have not decided yet. Until"}, 0},
		{"save", append(slices.Clone(california), "DNT: 1"), []string{"Do Not Track honoured", "You have not decided yet. Until"}, 0},
		{"reject-all", append(slices.Clone(california), accepted, "Sec-GPC: 1"), []string{"Global Privacy Control honoured", "Decided on"}, 0},
		{"withdraw", append(slices.Clone(japan), accepted, "Sec-GPC: 1"), []string{"<h1>Cookie settings of", "Withdraw permission"}, 2},
		{"reject-all", japan, []string{"<h1>Cookie settings of", "runs until you object"}, 2},
	} {
		page, record := p.choosesBy(v.control, v.headers...)
		seen[record], records[record] = page, v
	}
	p.stop()
	for record, v := range records {
		again, _ := reproduced(t, dir, record, seen[record])
		for _, want := range v.want {
			if !strings.Contains(again, want) {
				t.Errorf("%q: the page lacks %q", v.headers, want)
			}
		}
		if got := strings.Count(again, "<b>Allowed</b>"); got != v.allowed {
			t.Errorf("%q: %d are allowed, want %d", v.headers, got, v.allowed)
		}
	}
}

// What the browser code shows of a signal stands on both layers when they are shown
// again, under the signal's own name.
func TestTheLayersAreShownAgainWithWhatTheySaidOfASignal(t *testing.T) {
	hidden := regexp.MustCompile(`<p[^>]*data-slot="(?:gpc|yields)"[^>]* hidden`)
	for _, c := range []struct {
		setting, header string
		said            []string
	}{
		{"", "Sec-GPC: 1", []string{"Global Privacy Control honoured.</span> Your browser asks sites", `data-slot="yields">Global Privacy Control honoured</p>`}},
		{"", "DNT: 1", []string{">Do Not Track honoured.</p>", `data-slot="yields">Do Not Track honoured</p>`}},
		{"site_specific_override: true", "Sec-GPC: 1", []string{"more privacy (Global Privacy Control). What you allow"}},
		{"site_specific_override: true", "DNT: 1", []string{"more privacy (Do Not Track). What you allow"}},
		{"gpc: binding", "Sec-GPC: 1\nDNT: 1", []string{">Do Not Track honoured.</p>"}},
		{"gpc: binding", "Sec-GPC: 1", nil},
	} {
		dir := newShop(t, "https://shop.example", anyPorts)
		replace(t, siteFile(dir), content(t, siteFile(dir))+"\n"+c.setting+"\n")
		p := start(t, dir)
		cookies := "Cookie: " + p.decide("accept-all", c.header).cookies()
		record := decoded[struct{ Record string }](t, ask(t, p.visitors, "GET", "/privacy/receipts/mine", "", cookies).body).Record
		p.stop()
		out := filepath.Join(t.TempDir(), "notice")
		wantCommand(t, exitOK, "index.html", "reproduce", record, "--config", dir, "--out", out)
		again := content(t, filepath.Join(out, "index.html"))
		for _, want := range c.said {
			if !strings.Contains(again, want) {
				t.Errorf("%s %s: the layers lack %q", c.setting, c.header, want)
			}
		}
		if line := hidden.FindString(again); (line == "") == (c.said == nil) {
			t.Errorf("%s %s: %s", c.setting, c.header, line)
		}
	}
}
