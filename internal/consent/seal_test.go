package consent_test

import (
	"encoding/json"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Backends verify the cookie's JSON by themselves, so its bytes stay encoding/json's.
func TestASealedChoiceIsWrittenAsEncodingJSONWouldWriteIt(t *testing.T) {
	for name, s := range map[string]consent.Sealed{
		"nothing": {},
		"everything": {
			V: 1, Site: "shop", Visitor: consent.ID{1, 2, 3}, Record: consent.ID{250, 251, 252}, Regime: consent.OptIn, Issued: 1_800_000_000, Expires: 1_815_552_000,
			Categories: map[string][2]string{"share": {"denied", "ijklmnop"}, "analytics": {"granted", "abcd-_gh"}, "b": {"", ""}},
			Services:   map[string]consent.Status{"youtube": consent.Granted, "addtoany": consent.Denied},
		},
		"empty maps": {V: 1, Issued: -1, Categories: map[string][2]string{}, Services: map[string]consent.Status{}},
	} {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Encode(); string(got) != string(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
