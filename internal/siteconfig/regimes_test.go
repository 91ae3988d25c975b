package siteconfig

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// The built-in table is dated, says where each rule stands, and lets nothing run
// before a grant where the law of Europe holds.
func TestTheBuiltInRegimes(t *testing.T) {
	date, rules := Regimes()
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		t.Error(err)
	}
	seen := make(map[string]string)
	for _, r := range rules {
		if seen[r.Place] != "" {
			t.Errorf("%s stands there twice", r.Place)
		}
		seen[r.Place] = r.Regime
		if r.Source == "" || !regexp.MustCompile(`^([A-Z]{2}|US-[A-Z]{2})$`).MatchString(r.Place) {
			t.Errorf("%s: source %q", r.Place, r.Source)
		}
		if r.CoolDown > maxMemory || (r.Regime == "opt-in") && (r.GPC || r.CoolDown > 0) {
			t.Errorf("%s: %+v", r.Place, r)
		}
	}
	outer := strings.Fields("RE GP GF MQ YT MF AX GI JE GG IM")
	for _, country := range append(outer, optInCountries()...) {
		if seen[country] != "opt-in" {
			t.Errorf("%s is %q", country, seen[country])
		}
	}
	for _, state := range strings.Fields("CA CO CT DE MD MN MT NE NH NJ OR TX") {
		i := slices.IndexFunc(rules, func(r PlaceRule) bool { return r.Place == "US-"+state })
		if i < 0 || !rules[i].GPC {
			t.Errorf("US-%s need not honour Global Privacy Control", state)
		}
	}
}

// A visitor whose state is not known is treated as in the strictest of the states
// that have a rule of their own.
func TestAnUnknownStateIsTreatedAsTheStrictest(t *testing.T) {
	_, rules := Regimes()
	i := slices.IndexFunc(rules, func(r PlaceRule) bool { return r.Place == "US" })
	for _, r := range rules {
		if strings.HasPrefix(r.Place, "US-") && (r.CoolDown > rules[i].CoolDown || r.GPC && !rules[i].GPC || r.Regime == "opt-in") {
			t.Errorf("%s is stricter than US: %+v", r.Place, r)
		}
	}
}

func TestOwnersOverrideTheTable(t *testing.T) {
	p := load(t, usual+"regime: local\nregimes: {US-CA: opt-in, BR: {regime: notice-only, gpc: true}}\n").Policy
	for place, want := range map[string]consent.Regime{"US-CA": consent.OptIn, "US-NY": consent.OptOut, "BR": consent.NoticeOnly, "FR": consent.OptIn, "AR": consent.OptIn, "": consent.OptIn} {
		if got := p.Ruling(place, false, false).Regime; got != want {
			t.Errorf("%q is %s, want %s", place, got, want)
		}
	}
	if r := p.Ruling("US-NY", false, false); r.Memory != 365*24*time.Hour {
		t.Errorf("an answer from New York is remembered for %s", r.Memory)
	}
	if p := load(t, usual).Policy; p.Local() || p.Ruling("US-CA", false, false).Regime != consent.OptIn {
		t.Error("a site that says nothing asks nobody first")
	}
}
