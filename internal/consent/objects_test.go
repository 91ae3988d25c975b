package consent_test

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Who stops measurement that needs no consent objects to it. The page has narrowed the
// hint by then, which is no earlier refusal.
func TestStoppingExemptMeasurementIsAnObjection(t *testing.T) {
	p := policyOf(consent.Case{Regime: consent.OptIn, Exempt: true})
	for _, c := range []struct {
		what    string
		hint    *consent.State
		control string
		status  consent.Status
		want    consent.Event
	}{
		{"as nobody has said anything", nil, "save", consent.Denied, consent.Objected},
		{"as the page sends it", &consent.State{Categories: map[string]consent.Choice{"measure": {Status: consent.Denied, Digest: p.CategoryDigest("measure")}}, Expires: shopTime.Add(p.Memory)}, "save", consent.Denied, consent.Objected},
		{"by refusing everything", nil, "reject-all", consent.Denied, consent.Refused},
		{"by keeping it", nil, "save", consent.Granted, consent.Given},
	} {
		q := shopRequest(t)
		q.Policy, q.Ruling, q.Hint = p, p.Ruling("FR", false, false), c.hint
		q.Asked = consent.NewFrame(p, q.Asked.Rendering, q.Asked.Gate, q.Asked.Locales, q.Asked.Origins, q.Asked.Server).Under(q.Ruling, q.Asked.Gate)
		q.Decision = shopDecision(q.Asked)
		q.Decision.Surface, q.Decision.Layer, q.Decision.Control = "preferences", 2, c.control
		q.Decision.Categories, q.Decision.Services = map[string]consent.Status{"measure": c.status}, nil
		out, err := consent.Decide(q)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		} else if out.Record.Event != c.want {
			t.Errorf("%s: %s, want %s", c.what, out.Record.Event, c.want)
		}
	}
}
