package dashboard

import (
	"context"
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

type awayTrail struct {
	consent.Store
	away *bool
}

func (s awayTrail) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	if *s.away {
		return consent.ErrUnavailable
	}
	return s.Store.PutArtefact(ctx, site, a)
}

// While the store is away a flood of refusals must not take the room of what
// operators do, and afterwards their number stands in the log all the same.
func TestRefusalsLeaveRoomForWhatOperatorsDo(t *testing.T) {
	store, err := sqlitestore.Open(filepath.Join(t.TempDir(), "consentry.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now, away := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), true
	trail := &Trail{Store: awayTrail{store, &away}, Now: func() time.Time { return now }, Sites: func() []*consent.Site { return []*consent.Site{{ID: "shop"}} }}
	for range 2000 {
		_ = trail.refused(t.Context(), Scope{All: true}, consent.AuditEntry{Action: consent.AuditRefused})
		now = now.Add(7 * time.Second) // all but a few have an entry of their own
	}
	_ = trail.Later(t.Context(), Scope{All: true}, consent.AuditEntry{Actor: "account:mira", Action: consent.AuditSignedIn})
	away = false
	wantTold(t, trail, store, 2000)
}

// A flood is told of by the next entry of a later minute, whatever that is: there may
// never be another refusal.
func TestAFloodOfRefusalsIsToldByTheNextEntry(t *testing.T) {
	store, err := sqlitestore.Open(filepath.Join(t.TempDir(), "consentry.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	trail := &Trail{Store: store, Now: func() time.Time { return now }, Sites: func() []*consent.Site { return []*consent.Site{{ID: "shop"}} }}
	for range 300 {
		if err := trail.refused(t.Context(), Scope{All: true}, consent.AuditEntry{Action: consent.AuditRefused}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Minute)
	_ = trail.Later(t.Context(), Scope{All: true}, consent.AuditEntry{Actor: "account:mira", Action: consent.AuditSignedIn})
	wantTold(t, trail, store, 300)
}

// wantTold writes one more entry, and wants in the log so many refusals and that
// somebody signed in.
func wantTold(t *testing.T, trail *Trail, store consent.Store, refusals int) {
	t.Helper()
	if err := trail.Write(t.Context(), Scope{All: true}, consent.AuditEntry{Actor: "account:mira", Action: consent.AuditSignedOut}); err != nil {
		t.Fatal(err)
	}
	listed, err := store.Artefacts(t.Context(), "shop", consent.AuditKind)
	if err != nil {
		t.Fatal(err)
	}
	told, signedIn := 0, false
	for _, item := range listed {
		a, err := store.Artefact(t.Context(), "shop", item.Digest)
		if err != nil {
			t.Fatal(err)
		}
		e, err := consent.ReadAudit("shop", a)
		if err != nil {
			t.Fatal(err)
		}
		if e.Action == consent.AuditRefused {
			told += max(1, e.Times)
		}
		signedIn = signedIn || e.Action == consent.AuditSignedIn
	}
	if told != refusals || !signedIn {
		t.Errorf("%d refusals are told of, want %d; somebody signed in: %v", told, refusals, signedIn)
	}
}
