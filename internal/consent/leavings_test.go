package consent

import (
	"slices"
	"testing"
	"time"
)

func TestExpiredCookiesAreThoseOfDeniedServicesAlone(t *testing.T) {
	cookie := func(name string, httpOnly, thirdParty bool) Cookie {
		return Cookie{Name: name, Kind: "cookie", HTTPOnly: httpOnly, ThirdParty: thirdParty}
	}
	p := NewPolicy(Policy{Categories: []Category{
		{ID: Necessary, Services: []Service{{ID: "basket", Cookies: []Cookie{cookie("shared", true, false), cookie("basket", true, false)}}}},
		{ID: "analytics", Services: []Service{
			{ID: "one", Cookies: []Cookie{
				cookie("FPID", true, false), cookie("fp_*", true, false), cookie("readable", false, false), cookie("MUID", true, true),
				cookie("shared", true, false), cookie("both", true, false), {Name: "FPLS", Kind: "local", HTTPOnly: true},
			}},
			{ID: "two", Cookies: []Cookie{cookie("both", false, false)}},
		}},
	}})
	now := time.Unix(1e9, 0)
	state := func(category Status, services map[string]Status) State {
		return State{
			Categories: map[string]Choice{"analytics": {Status: category, Digest: p.CategoryDigest("analytics")}},
			Services:   services, Expires: now.Add(time.Hour),
		}
	}
	names := []string{"FPID", "fp_", "fp_a", "readable", "MUID", "shared", "basket", "both", "FPLS", "unknown", "FPID2", "fpid"}
	for name, test := range map[string]struct {
		state State
		want  []string
	}{
		"denied":               {state(Denied, nil), []string{"FPID", "fp_", "fp_a", "both"}},
		"granted":              {state(Granted, nil), nil},
		"nothing chosen":       {State{}, []string{"FPID", "fp_", "fp_a", "both"}},
		"the other is granted": {state(Denied, map[string]Status{"two": Granted}), []string{"FPID", "fp_", "fp_a"}},
		"this one is denied":   {state(Granted, map[string]Status{"one": Denied}), []string{"FPID", "fp_", "fp_a"}},
	} {
		if got := p.Expired(test.state, names, now); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
