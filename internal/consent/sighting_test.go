package consent

import (
	"strings"
	"testing"
)

func TestNamesLoseWhatMayBeAnIdentifier(t *testing.T) {
	for name, want := range map[string]string{
		"_ga":                  "_ga",
		"_ga_G8QX2LM71P":       "_ga_G*QX*LM*P",
		"session_4711":         "session_*",
		"_hjSession_12.34":     "_hjSession_*.*",
		"x-deadbeef-y":         "x-*-y",
		"x-DEADBEEF01-y":       "x-*-y",
		"facade":               "*",
		"cafe":                 "cafe",
		"amplitude_0a1b2c3d4e": "amplitude_*",
		"":                     "",
	} {
		got := MaskName(name)
		if got != want || MaskName(got) != got {
			t.Errorf("%q became %q, then %q, want %q", name, got, MaskName(got), want)
		}
	}
}

func TestOnlyMaskedVisibleASCIICanBeCounted(t *testing.T) {
	for name, want := range map[string]bool{
		"_ga": true, "_ga_*": true, "a:b|c": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "a\tb": false, "a\x00": false, "é": false, "a7": false, "abcdef": false, "\x7f": false,
	} {
		if ValidSeenName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestADeclaredNameIsKnownAgainWithoutItsDigits(t *testing.T) {
	p := NewPolicy(Policy{Categories: []Category{{ID: "analytics", Services: []Service{{ID: "a", Cookies: []Cookie{
		{Name: "_ga", Kind: "cookie"}, {Name: "_pk_id*", Kind: "cookie"}, {Name: "INFO1_LIVE", Kind: "cookie"}, {Name: "v2_*", Kind: "cookie"},
		{Name: "lang", Kind: "cookie", ThirdParty: true}, {Name: "store", Kind: "local"}, {Name: "tab*", Kind: "session"},
	}}}}}})
	for entry, want := range map[[2]string]bool{
		{SeenCookie, "_ga"}: true, {SeenCookie, "_gat"}: false, {SeenCookie, "_pk_id.*.*"}: true, {SeenCookie, "INFO*_LIVE"}: true,
		{SeenCookie, "v*_x"}: true, {SeenCookie, "lang"}: false, {SeenStorage, "store"}: true, {SeenStorage, "stores"}: false,
		{SeenStorage, "tab-x"}: true, {SeenStorage, "_ga"}: false, {SeenCookie, "store"}: false,
	} {
		if p.Lists(entry[0], entry[1]) != want {
			t.Errorf("%v: %v", entry, !want)
		}
	}
}
