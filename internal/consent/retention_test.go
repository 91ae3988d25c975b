package consent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// fillClasses keeps 100 records a class, an hour apart from each other, and
// returns the time of the first.
func fillClasses(t *testing.T, s consent.Store, classes ...string) time.Time {
	t.Helper()
	for c, class := range classes {
		f := consent.Frame{
			Schema: consent.FrameSchema, Site: "shop", Retention: class,
			Categories: []consent.FrameCategory{{ID: consent.Necessary, Services: []string{}}},
		}
		body, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		a := consent.Artefact{Kind: "frame", Digest: consent.Digest(body), Body: body, Time: storetest.Epoch()}
		a.Leaf = consent.ArtefactLeaf(a)
		if err := s.PutArtefact(t.Context(), "shop", a); err != nil {
			t.Fatal(err)
		}
		ref := consent.FrameRef(a.Digest)
		for n := range 100 {
			e := storetest.Entry("shop", 1000*c+n)
			e.Time = storetest.Epoch().Add(time.Duration(n) * time.Hour)
			e.Sealed = slices.Concat([]byte{1}, ref[:], e.Sealed)
			storetest.MustAppend(t, s, e)
		}
	}
	return storetest.Epoch()
}

// Each class is kept as long as it says. What a dry run tells is what the next
// run does; the one after finds nothing left.
func TestPurgeGoesByClass(t *testing.T) {
	s := openSQLite(t)
	first := fillClasses(t, s, "short", "long")
	keep := consent.Retention{"short": 24 * time.Hour, "long": 72 * time.Hour, "unused": time.Hour}
	now := first.Add(80 * time.Hour)
	if err := s.Erase(t.Context(), "shop", []consent.Erasure{{Record: storetest.Entry("shop", 1003).Record}}); err != nil {
		t.Fatal(err)
	}
	due := []consent.Purge{
		{Class: "long", Due: 9, Kept: 91, Oldest: first.Add(9 * time.Hour)},
		{Class: "short", Due: 57, Kept: 43, Oldest: first.Add(57 * time.Hour)},
	}
	over := slices.Clone(due)
	over[0].Due, over[1].Due = 0, 0
	for _, run := range []struct {
		dry  bool
		want []consent.Purge
	}{{true, due}, {false, due}, {false, over}} {
		got, err := keep.Purge(t.Context(), s, "shop", now, run.dry)
		if err != nil || !slices.Equal(got, run.want) {
			t.Errorf("purge, dry %t: %v, %v; want %v", run.dry, got, err, run.want)
		}
	}
	for n, gone := range map[int]bool{0: true, 56: true, 57: false, 99: false, 1003: true, 1008: true, 1009: false} {
		got, err := s.Record(t.Context(), "shop", storetest.Entry("shop", n).Record)
		if err != nil || got.Erased != gone || (len(got.Sealed) == 0) != gone {
			t.Errorf("record %d: erased %t, %d sealed bytes, %v", n, got.Erased, len(got.Sealed), err)
		}
	}
}

// Nothing is guessed of a class that is not configured.
func TestUnknownClassIsNotPurged(t *testing.T) {
	s := openSQLite(t)
	first := fillClasses(t, s, "forgotten")
	_, err := consent.Retention{"standard": time.Hour}.Purge(t.Context(), s, "shop", first.AddDate(10, 0, 0), false)
	if err == nil || !strings.Contains(err.Error(), `"forgotten"`) {
		t.Errorf("purge: %v", err)
	}
	if got, err := s.Record(t.Context(), "shop", storetest.Entry("shop", 0).Record); err != nil || got.Erased {
		t.Errorf("record: erased %t, %v", got.Erased, err)
	}
}
