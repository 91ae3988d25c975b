package consent_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func TestAHintIsReadAsItWasWritten(t *testing.T) {
	for want, s := range map[string]consent.State{
		"1.1800000000": {Categories: map[string]consent.Choice{}, Services: map[string]consent.Status{}, Expires: time.Unix(1_800_000_000, 0).UTC()},
		"1.1800000000.analytics~g~ab_-4567.share~d~ABCDEFGH.matomo~d.youtube~g": {
			Categories: map[string]consent.Choice{
				"share":     {Status: consent.Denied, Digest: "ABCDEFGH"},
				"analytics": {Status: consent.Granted, Digest: "ab_-4567"},
			},
			Services: map[string]consent.Status{"youtube": consent.Granted, "matomo": consent.Denied},
			Expires:  time.Unix(1_800_000_000, 0).UTC(),
		},
	} {
		if got := consent.FormatHint(s); got != want {
			t.Errorf("FormatHint = %q, want %q", got, want)
		}
		if got, err := consent.ParseHint(want); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("ParseHint(%q) = %+v, %v", want, got, err)
		}
	}
}

func TestAStatusThatIsNoGrantIsWrittenAsADenial(t *testing.T) {
	s := consent.State{Categories: map[string]consent.Choice{"a": {Status: "maybe", Digest: "d"}}, Expires: time.Unix(9, 0)}
	if got := consent.FormatHint(s); got != "1.9.a~d~d" {
		t.Errorf("FormatHint = %q", got)
	}
}

// Every one of these is refused as a whole: a hint that is half understood
// would be half obeyed.
var unreadableHints = map[string]string{
	"nothing":                          "",
	"only a version":                   "1",
	"another version":                  "2.1800000000",
	"no number":                        "1.soon.a~g~d",
	"a number too large":               "1.99999999999999999999",
	"an empty entry":                   "1.9.",
	"an id alone":                      "1.9.a",
	"an unknown status":                "1.9.a~x~d",
	"a status in capitals":             "1.9.a~G~d",
	"a fourth field":                   "1.9.a~g~d~e",
	"no id":                            "1.9.~g~d",
	"an id with a space":               "1.9.a b~g~d",
	"an id too long":                   "1.9." + strings.Repeat("a", 33) + "~g~d",
	"a digest of odd characters":       "1.9.a~g~d;path",
	"an empty digest":                  "1.9.a~g~",
	"a digest too long":                "1.9.a~g~" + strings.Repeat("d", 44),
	"a control character":              "1.9.a~g~d\n",
	"a category twice":                 "1.9.a~d~d.a~g~d",
	"a service twice":                  "1.9.a~d.a~g",
	"more than a cookie holds":         "1.9" + strings.Repeat(".a~g~d", 1000),
	"a category after the same garble": "1.9.a~g~d.%",
}

func TestAnUnreadableHintDenies(t *testing.T) {
	for name, value := range unreadableHints {
		s, err := consent.ParseHint(value)
		if err == nil || !reflect.DeepEqual(s, consent.State{}) {
			t.Errorf("%s: ParseHint(%q) = %+v, %v", name, value, s, err)
		}
	}
}

func FuzzHint(f *testing.F) {
	f.Add("1.1800000000.analytics~g~ab_-4567.share~d~ABCDEFGH.matomo~d.youtube~g")
	for _, value := range unreadableHints {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		s, err := consent.ParseHint(value)
		if err != nil {
			if !reflect.DeepEqual(s, consent.State{}) {
				t.Fatalf("an error came with the state %+v", s)
			}
			return
		}
		again, err := consent.ParseHint(consent.FormatHint(s))
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%q became %+v, then %+v, %v", value, s, again, err)
		}
		for _, r := range consent.FormatHint(s) {
			if r <= ' ' || r > '~' || strings.ContainsRune(`",;\`, r) {
				t.Fatalf("%q is formatted with %q, which a cookie cannot hold", value, r)
			}
		}
	})
}
