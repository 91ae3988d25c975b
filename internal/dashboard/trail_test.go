package dashboard

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
)

// Somebody from outside must not be able to make the logs grow at will: beyond ten
// in a minute refusals are counted, and the next entry says how many there were.
func TestRefusedSignInsAreAddedUp(t *testing.T) {
	store, err := sqlitestore.Open(filepath.Join(t.TempDir(), "consentry.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	trail := &Trail{Store: store, Now: func() time.Time { return now }, Sites: func() []*consent.Site { return []*consent.Site{{ID: "shop"}} }}
	refuse := func(n int) {
		for range n {
			if err := trail.refused(t.Context(), Scope{All: true}, consent.AuditEntry{Action: consent.AuditRefused}); err != nil {
				t.Fatal(err)
			}
		}
	}
	refuse(25)
	now = now.Add(time.Minute)
	refuse(1)
	listed, err := store.Artefacts(t.Context(), "shop", consent.AuditKind)
	if err != nil || len(listed) != 11 {
		t.Fatalf("%d entries, %v", len(listed), err)
	}
	for i, item := range listed {
		a, err := store.Artefact(t.Context(), "shop", item.Digest)
		if err != nil {
			t.Fatal(err)
		}
		e, err := consent.ReadAudit("shop", a)
		if want := map[bool]int{true: 16, false: 1}[i == 10]; err != nil || e.Times != want {
			t.Errorf("entry %d stands for %d refusals, want %d (%v)", i, e.Times, want, err)
		}
	}
}
