package templates_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// switches returns which checkboxes of a page are on, and the words on its
// submit buttons by value.
func switches(t *testing.T, p templates.ChoicesPage) (on map[string]bool, buttons map[string]string) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(rendered(t, templates.Choices(p))))
	if err != nil {
		t.Fatal(err)
	}
	on, buttons = map[string]bool{}, map[string]string{}
	for n := range root.Descendants() {
		switch {
		case n.Data == "input" && attribute(n, "type") == "checkbox":
			on[attribute(n, "name")] = has(n, "checked")
		case n.Data == "button" && attribute(n, "name") == "control":
			buttons[attribute(n, "value")] = attribute(n, "class")
		}
	}
	return on, buttons
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func TestNothingIsPresetUnderOptIn(t *testing.T) {
	on, buttons := switches(t, choices(shop(t), "en"))
	if len(on) != 5 { // two categories, three services
		t.Fatalf("%d switches, want 5: %v", len(on), on)
	}
	for name, checked := range on {
		if checked {
			t.Errorf("%s is on before anybody chose", name)
		}
	}
	if _, there := buttons["withdraw"]; there {
		t.Error("withdraw is offered although nothing is permitted")
	}
}

func TestAcceptAndRejectAreTwins(t *testing.T) {
	_, buttons := switches(t, choices(shop(t), "en"))
	if buttons["accept-all"] == "" || buttons["accept-all"] != buttons["reject-all"] {
		t.Errorf("accept is %q and reject %q", buttons["accept-all"], buttons["reject-all"])
	}
}

// A category's switch stands for all of its services, so it is off while one of
// them is denied; sending the form unchanged then repeats the same choice.
func TestACategoryWithADeniedServiceShowsItsServicesOneByOne(t *testing.T) {
	on, buttons := switches(t, decidedChoices(shop(t)))
	want := map[string]bool{"c.analytics": false, "s.counter": true, "s.heat": false, "c.share": false, "s.video": false}
	for name, wanted := range want {
		if on[name] != wanted {
			t.Errorf("%s is on: %v, want %v", name, on[name], wanted)
		}
	}
	if _, there := buttons["withdraw"]; !there {
		t.Error("withdraw is missing although something is permitted")
	}
}

// What sells or shares stays off under a signal, whose name stands at its switches;
// all others can be moved. Where the owner lets an answer go before the signal, all
// can, and one sentence says what a click means. Nothing of that without a signal.
func TestUnderASignalTheSwitchesOfWhatGivesWayAreOffAndSayWhy(t *testing.T) {
	for _, signal := range []string{"Global Privacy Control", "Do Not Track", ""} {
		for _, override := range []bool{false, true} {
			p := decidedChoices(withPolicy(shop(t), func(p *consent.Policy) { p.Signals.Override = override }))
			p.Form = choices(withPolicy(shop(t), func(p *consent.Policy) { p.Signals.Override = override }), "en").Form
			p.GPC, p.DNT = signal == "Global Privacy Control", signal == "Do Not Track"
			fixed, words := fixedSwitches(t, p), string(rendered(t, templates.Choices(p)))
			want := map[string]string{}
			if signal != "" && !override {
				want = map[string]string{"c.share": signal + " honoured", "s.video": signal + " honoured"}
			}
			if !maps.Equal(fixed, want) {
				t.Errorf("%q, override %v: %v cannot be moved, want %v", signal, override, fixed, want)
			}
			if said := strings.Contains(words, "asks for more privacy ("+signal+"). What you allow here counts"); said != (override && signal != "") {
				t.Errorf("%q, override %v: it is said that a click goes before the signal: %v", signal, override, said)
			}
			if said := signal != "" && strings.Contains(words, "<p>"+signal+" honoured."); said != (!override && signal != "") {
				t.Errorf("%q, override %v: it is said that the signal is followed: %v", signal, override, said)
			}
		}
	}
}

// fixedSwitches returns the checkboxes of a page that cannot be moved, with what
// describes them. None of them may be on.
func fixedSwitches(t *testing.T, p templates.ChoicesPage) map[string]string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(rendered(t, templates.Choices(p))))
	if err != nil {
		t.Fatal(err)
	}
	described, found := map[string]string{}, map[string]string{}
	for n := range root.Descendants() {
		if id := attribute(n, "id"); id != "" && n.FirstChild != nil {
			described[id] = n.FirstChild.Data
		}
	}
	for n := range root.Descendants() {
		if n.Data != "input" || !has(n, "disabled") {
			continue
		}
		if has(n, "checked") {
			t.Errorf("%s is on and cannot be moved", attribute(n, "name"))
		}
		ids := strings.Fields(attribute(n, "aria-describedby"))
		found[attribute(n, "name")] = described[ids[len(ids)-1]]
	}
	return found
}

// A choice about a notice that has changed meanwhile is no choice.
func TestAChangedCategoryIsNotPreset(t *testing.T) {
	p := decidedChoices(shop(t))
	p.State.Services = nil
	p.State.Categories["analytics"] = consent.Choice{Status: consent.Granted, Digest: "another1"}
	on, _ := switches(t, p)
	if on["c.analytics"] || on["s.counter"] {
		t.Error("a permission under an old digest is shown as holding")
	}
}

// An owner's colour reaches the style element only as a plain hex value.
func TestAColourCannotCloseTheStyleElement(t *testing.T) {
	site := *shop(t)
	site.Appearance.Light = map[string]string{"paper": "red}</style><script>alert(1)</script>", "ink": "#123456"}
	p := choices(&site, "en")
	page := rendered(t, templates.Choices(p))
	if bytes.Contains(page, []byte("alert(1)")) {
		t.Error("the colour was written as it stood")
	}
	if !bytes.Contains(page, []byte("--ink:#123456")) {
		t.Error("the good colour beside it was lost")
	}
}
