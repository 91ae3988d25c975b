package translog

import (
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// What operators did is held against its leaf, and one site's entry in another
// site's log is found, although its bytes are as they were logged.
func TestTheAuditTrailIsCheckedToo(t *testing.T) {
	store, _, l := shopLog(t, 3)
	put := func(site string) {
		a, err := consent.AuditEntry{Site: site, ID: consent.ID{9}, At: consent.At(testTime), Actor: "account:admin", Action: consent.AuditReset, About: "mira"}.Artefact()
		if err != nil {
			t.Fatal(err)
		}
		if err := store.PutArtefact(t.Context(), "shop", a); err != nil {
			t.Fatal(err)
		}
	}
	put("shop")
	sign(t, l)
	o := CheckOptions{Site: "shop", Store: store, Keys: testKeys(t, l)}
	if r := checked(t, o); r.Difference != nil || r.Audits != 1 {
		t.Fatalf("report %+v", r)
	}
	body := store.log[len(store.log)-1].artefact.Body
	body[len(body)-5] ^= 1
	if r := checked(t, o); r.Difference == nil || !strings.Contains(r.Difference.Found, "the stored audit is not the one that was logged") {
		t.Errorf("a changed entry: %+v", r.Difference)
	}
	body[len(body)-5] ^= 1
	put("journal")
	if r := checked(t, o); r.Difference == nil || !strings.Contains(r.Difference.Found, "audit trail of this site, and is not") {
		t.Errorf("a foreign entry: %+v", r.Difference)
	}
}
