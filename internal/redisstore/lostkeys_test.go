package redisstore

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// loseKey deletes one of the keys that an artefact stands in.
func loseKey(t *testing.T, s *Store, key string) {
	t.Helper()
	if n, err := s.client.Del(t.Context(), key).Result(); err != nil || n != 1 {
		t.Fatalf("delete %s: %d, %v", key, n, err)
	}
}

// An artefact that has lost one of its keys, as an evicting Redis drops them, has it back
// when it is put again, at the place and with the time that its leaf commits to. Another
// leaf of it would leave a log that never verifies again.
func TestAnArtefactOfWhichAKeyIsLostStaysAtItsPlace(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	first := storetest.Artefact("frame", 0)
	if err := s.PutArtefact(t.Context(), "shop", first); err != nil {
		t.Fatal(err)
	}
	storetest.MustAppend(t, s, storetest.Entry("shop", 0))
	later := first
	later.Time = first.Time.Add(time.Hour)
	later.Leaf = consent.ArtefactLeaf(later)
	for _, key := range []string{artefactKey("shop", first.Digest), kindKey("shop", "frame")} {
		loseKey(t, s, key)
		if err := s.PutArtefact(t.Context(), "shop", later); err != nil {
			t.Fatal(err)
		}
		got, err := s.Artefact(t.Context(), "shop", first.Digest)
		if err != nil || got.Index != 0 || got.Leaf != first.Leaf || !got.Time.Equal(first.Time) || string(got.Body) != string(first.Body) {
			t.Errorf("without %s the artefact reads as %s at %d of %s, %v", key, got.Digest, got.Index, got.Time, err)
		}
		if list, err := s.Artefacts(t.Context(), "shop", "frame"); err != nil || len(list) != 1 || list[0].Leaf != first.Leaf {
			t.Errorf("without %s the listing is %v, %v", key, list, err)
		}
		if log := storetest.ReadLog(t, s, "shop", 0); len(log) != 2 {
			t.Errorf("without %s the log has %d entries, want 2", key, len(log))
		}
	}
}

// A store looks for the artefacts that records refer to, since an append needs none of
// their keys; for one that nobody can put again it does not look for ever.
func TestAStoreNoticesThatAnArtefactIsGone(t *testing.T) {
	s := opened(t, storetest.StartRedis(t).URL(), patient())
	a, next := storetest.Artefact("frame", 0), 0
	watched := func(want int64) {
		t.Helper()
		s.watch(t.Context())
		if n := s.Renewals(); n != want {
			t.Errorf("%d renewals, want %d", n, want)
		}
		next++
		_, _, _ = s.Append(t.Context(), storetest.Entry("shop", next)) // which finds the data anew
	}
	for _, one := range []consent.Artefact{a, storetest.Artefact("erasure", 1)} {
		if err := s.PutArtefact(t.Context(), "shop", one); err != nil {
			t.Fatal(err)
		}
	}
	again := a
	again.Kind = "gate" // one that is there already stays of the kind that it was
	if err := s.PutArtefact(t.Context(), "shop", again); err != nil {
		t.Fatal(err)
	}
	watched(1)
	loseKey(t, s, artefactKey("shop", storetest.Artefact("erasure", 1).Digest)) // nobody refers to it
	watched(1)
	loseKey(t, s, kindKey("shop", "frame"))
	watched(2)
	if err := s.PutArtefact(t.Context(), "shop", a); err != nil {
		t.Fatal(err)
	}
	watched(2)
	loseKey(t, s, artefactKey("shop", a.Digest))
	watched(3)
	watched(4)
	watched(4)
}
