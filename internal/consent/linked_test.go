package consent_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// linked is what the tests read of a record in DPV's terms.
type linked struct {
	Profile struct {
		ID string `json:"@id"`
	} `json:"dct:conformsTo"`
	Law struct {
		ID string `json:"@id"`
	} `json:"dpv:hasApplicableLaw"`
	Place struct {
		ID string `json:"@id"`
	} `json:"dpv:hasJurisdiction"`
	Status struct {
		Types []string `json:"@type"`
	} `json:"dpv:hasConsentStatus"`
	Process []struct {
		Basis struct {
			ID string `json:"@id"`
		} `json:"dpv:hasLegalBasis"`
		Status struct {
			ID string `json:"@id"`
		} `json:"dpv:hasConsentStatus"`
	} `json:"dpv:hasProcess"`
}

func link(t *testing.T, event consent.Event, regime consent.Regime, place string, status consent.Status) (l linked) {
	t.Helper()
	_, _, record := sealedShopRecord(t)
	record.Event, record.Regime.ID, record.Regime.Country = event, regime, place
	record.Decisions = []consent.RecordDecision{
		{Category: consent.Necessary, Status: consent.Granted, Scope: consent.Keep},
		{Category: "analytics", Status: status, Scope: consent.Keep},
	}
	raw, err := consent.Linked(&record, nil)
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	if err != nil || len(l.Process) != 2 {
		t.Fatalf("%v: %s", err, raw)
	}
	return l
}

func TestLinkedDataClaimsNoConsentThatNobodyGave(t *testing.T) {
	expressed := func(term string) []string { return []string{term, "dpv:ExpressedConsent"} }
	refused, withdrawn := []string{"dpv:ConsentRefused"}, []string{"dpv:ConsentWithdrawn"}
	for event, want := range map[consent.Event]struct{ granted, denied []string }{
		consent.Given:     {expressed("dpv:ConsentGiven"), refused},
		consent.Partial:   {expressed("dpv:ConsentGiven"), refused},
		consent.Renewed:   {expressed("dpv:RenewedConsentGiven"), refused},
		consent.Imported:  {expressed("dpv:ConsentGiven"), refused},
		consent.Refused:   {refused, refused},
		consent.Signal:    {refused, refused},
		consent.Objected:  {refused, refused},
		consent.Corrected: {refused, refused},
		consent.Withdrawn: {withdrawn, withdrawn},
		consent.Erased:    {[]string{"dpv:ConsentInvalidated"}, []string{"dpv:ConsentInvalidated"}},
	} {
		if got := link(t, event, consent.OptIn, "DE", consent.Granted).Status.Types; !slices.Equal(got, want.granted) {
			t.Errorf("%s, something granted: %q, want %q", event, got, want.granted)
		}
		if got := link(t, event, consent.OptIn, "DE", consent.Denied).Status.Types; !slices.Equal(got, want.denied) {
			t.Errorf("%s, nothing granted: %q, want %q", event, got, want.denied)
		}
	}
}

func TestLinkedDataNamesTheLawOfItsRegime(t *testing.T) {
	const record = "https://w3id.org/dpv/schema/dpv-27560#record"
	for _, test := range []struct {
		regime                     consent.Regime
		place                      string
		profile, law, basis, where string
	}{
		{consent.OptIn, "DE", record + "-eu-gdpr", "eu-gdpr:GDPR", "eu-gdpr:A6-1-a", "loc:DE"},
		{consent.OptIn, "", record + "-eu-gdpr", "eu-gdpr:GDPR", "eu-gdpr:A6-1-a", ""},
		{consent.NoticeOnly, "FR", record + "-eu-gdpr", "eu-gdpr:GDPR", "", "loc:FR"},
		{consent.OptIn, "GB", record, "legal-gb:law-GDPR", "dpv:Consent", "loc:GB"},
		{consent.OptIn, "BR", record, "", "dpv:Consent", "loc:BR"},
		{consent.OptOut, "US-CA", record, "", "", "loc:US-CA"},
		{consent.OptOut, "", record, "", "", ""},
		{consent.NoticeOnly, "JP", record, "", "", "loc:JP"},
	} {
		l := link(t, consent.Withdrawn, test.regime, test.place, consent.Granted)
		if l.Profile.ID != test.profile || l.Law.ID != test.law || l.Process[1].Basis.ID != test.basis || l.Place.ID != test.where {
			t.Errorf("%s in %q: profile %q, law %q, basis %q, place %q", test.regime, test.place, l.Profile.ID, l.Law.ID, l.Process[1].Basis.ID, l.Place.ID)
		}
		want := map[bool]string{true: "dpv:ConsentGiven", false: "dpv:ConsentUnknown"}[test.regime == consent.OptIn]
		if got := l.Process[1].Status.ID; got != want {
			t.Errorf("%s in %q: what still runs is %q, want %q", test.regime, test.place, got, want)
		}
	}
}
