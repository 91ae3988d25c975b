package storetest

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func artefactIsExact(t *testing.T, s consent.Store) {
	for n, body := range [][]byte{{0}, []byte("<b>\x00\xff</b>"), Bytes("large", 300_000)} {
		a := Artefact("rendering", n)
		a.Body, a.Digest = body, consent.Digest(body)
		a.Time = a.Time.Add(7 * time.Millisecond)
		mustPut(t, s, "shop", a)
		a.Index = int64(n)
		sameArtefact(t, mustArtefact(t, s, a.Digest), a)
	}
}

func artefactIsIdempotent(t *testing.T, s consent.Store) {
	first := Artefact("banner", 0)
	mustPut(t, s, "shop", first)
	MustAppend(t, s, Entry("shop", 0))
	later := first
	later.Kind = "preferences" // the digest alone decides what it is
	later.Time = first.Time.Add(time.Hour)
	later.Leaf = consent.ArtefactLeaf(later)
	mustPut(t, s, "shop", later)
	sameArtefact(t, mustArtefact(t, s, first.Digest), first)
	if log := ReadLog(t, s, "shop", 0); len(log) != 2 {
		t.Errorf("log has %d entries, want 2", len(log))
	}
}

func artefactInParallel(t *testing.T, s consent.Store) {
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := s.PutArtefact(t.Context(), "shop", Artefact("banner", i%4)); err != nil {
				t.Errorf("put artefact: %v", err)
			}
		})
	}
	wg.Wait()
	if log := ReadLog(t, s, "shop", 0); len(log) != 4 {
		t.Errorf("log has %d entries, want 4", len(log))
	}
}

func artefactsAreListed(t *testing.T, s consent.Store) {
	for n := range 6 {
		mustPut(t, s, "shop", Artefact([]string{"banner", "gate"}[n%2], 100-n))
	}
	list, err := s.Artefacts(t.Context(), "shop", "gate")
	if err != nil || len(list) != 3 {
		t.Fatalf("gates: %d, %v; want 3", len(list), err)
	}
	for i, got := range list {
		n := 2*i + 1
		wanted := Artefact("gate", 100-n)
		wanted.Index, wanted.Body = int64(n), nil
		sameArtefact(t, got, wanted)
		if got.Body != nil {
			t.Error("a listing carries a body")
		}
	}
	for site, kind := range map[string]string{"shop": "frame", "other": "gate"} {
		if list, err := s.Artefacts(t.Context(), site, kind); err != nil || len(list) != 0 {
			t.Errorf("artefacts %s of %s: %d, %v; want none and no error", kind, site, len(list), err)
		}
	}
}

func artefactNotFound(t *testing.T, s consent.Store) {
	mustPut(t, s, "shop", Artefact("gate", 1))
	for site, n := range map[string]int{"shop": 2, "other": 1} {
		if _, err := s.Artefact(t.Context(), site, Artefact("gate", n).Digest); !errors.Is(err, consent.ErrNotFound) {
			t.Errorf("artefact %d of %s: %v, want ErrNotFound", n, site, err)
		}
	}
}

func mustArtefact(t *testing.T, s consent.Store, digest string) consent.Artefact {
	t.Helper()
	a, err := s.Artefact(t.Context(), "shop", digest)
	if err != nil {
		t.Fatalf("artefact %s: %v", digest, err)
	}
	return a
}

func sameArtefact(t *testing.T, got, want consent.Artefact) {
	t.Helper()
	if got.Kind != want.Kind || got.Digest != want.Digest || got.Leaf != want.Leaf || got.Index != want.Index ||
		got.Time != consent.At(want.Time).Time || !bytes.Equal(got.Body, want.Body) {
		t.Fatalf("artefact:\n got %s %s [%d] %v leaf %x, %d bytes\nwant %s %s [%d] %v leaf %x, %d bytes",
			got.Kind, got.Digest, got.Index, got.Time, got.Leaf, len(got.Body),
			want.Kind, want.Digest, want.Index, want.Time, want.Leaf, len(want.Body))
	}
}
