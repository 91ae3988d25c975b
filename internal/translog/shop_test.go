package translog

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

var testTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// shop makes records as visitors of the site shop would.
type shop struct {
	policy *consent.Policy
	frame  *consent.Frame
	digest string
	keys   consent.IdentityKeys
}

// newShop puts the site's frame into the log and returns what makes its records.
func newShop(t testing.TB, store Store) *shop {
	t.Helper()
	p := consent.NewPolicy(consent.Policy{
		Site: "shop", Controller: consent.Controller{ID: "acme", Name: "Acme Ltd", Address: "1 Road, Town", Contact: "privacy@acme.example"},
		Memory: 180 * 24 * time.Hour, Grace: 24 * time.Hour, Retention: "standard",
		Categories: []consent.Category{{ID: consent.Necessary}, {ID: "analytics"}, {ID: "share"}},
	})
	s := &shop{policy: p, frame: consent.NewFrame(p, consent.Digest([]byte("rendering")), consent.Digest([]byte("gate")),
		[]string{"en"}, []string{"https://shop.example"}, consent.ServerVersion{Version: "1.0.0", Key: "k1k1k1k1"})}
	body, err := s.frame.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.digest = consent.Digest(body)
	a := consent.Artefact{Kind: "frame", Digest: s.digest, Time: testTime, Body: body}
	a.Leaf = consent.ArtefactLeaf(a)
	if err := store.PutArtefact(t.Context(), "shop", a); err != nil {
		t.Fatal(err)
	}
	if s.keys, err = consent.DeriveIdentityKeys(testRoot(), "shop"); err != nil {
		t.Fatal(err)
	}
	return s
}

// decide returns the n-th visitor's decision as it goes into a store.
func (s *shop) decide(t testing.TB, n int) consent.Entry {
	t.Helper()
	e, _ := s.decideAgain(t, n, nil)
	return e
}

// decideAgain is decide for the visitor of an earlier one.
func (s *shop) decideAgain(t testing.TB, n int, before *consent.Sealed) (consent.Entry, *consent.Sealed) {
	t.Helper()
	sum := sha256.Sum256(fmt.Append(nil, "decision ", n))
	id := consent.ID(sum[:16])
	out, err := consent.Decide(consent.Request{
		Decision: consent.Decision{
			ID: id, Rendering: s.frame.Rendering, Locale: "en", Layout: "bar", Surface: "banner", Control: "accept-all", Layer: 1,
			Scope: consent.Keep, Categories: map[string]consent.Status{"analytics": consent.Granted, "share": consent.Granted}, AfterMS: new(900),
		},
		Asked: s.frame, Policy: s.policy, Previous: before, Keys: s.keys, Origin: "https://shop.example", UA: consent.UAClass{Family: "firefox", Form: "phone"},
		Signals: consent.Signals{Source: "none"}, Regime: consent.RegimeRef{ID: consent.OptIn, Source: "config"}, JS: true,
		Now: testTime.Add(time.Duration(n) * time.Second),
	})
	if err != nil {
		t.Fatal(err)
	}
	e := consent.Entry{Site: "shop", Record: out.Record.ID, Subject: out.Record.Subject, Secret: s.keys.Secret(id),
		Receipt: s.receipt(out.Record.ID), Time: out.Record.Time.Time}
	if e.Sealed, e.Leaf, err = consent.SealRecord(&out.Record, s.frame, s.digest, e.Secret); err != nil {
		t.Fatal(err)
	}
	return e, out.Sealed
}

func (s *shop) receipt(record consent.ID) [16]byte {
	token := s.keys.Receipt(record)
	sum := sha256.Sum256(token[:])
	return [16]byte(sum[:16])
}

// visit appends n visitors' decisions to the fake store.
func (s *shop) visit(t testing.TB, store *fakeStore, n int) {
	t.Helper()
	for range n {
		e := s.decide(t, len(store.log))
		store.log = append(store.log, entry{leaf: e.Leaf, record: &consent.Stored{Entry: e}})
	}
}
