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
		sealed := frameOf(t, s, class)
		for n := range 100 {
			e := storetest.Entry("shop", 1000*c+n)
			e.Time = storetest.Epoch().Add(time.Duration(n) * time.Hour)
			e.Sealed = sealed
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

// frameOf keeps a frame of a class and returns a record's bytes under it.
func frameOf(t *testing.T, s consent.Store, class string) []byte {
	t.Helper()
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
	return slices.Concat([]byte{1}, ref[:], []byte("sealed"))
}

// A record that came into the log days after it was made goes when its own time is
// over, although younger ones stand before it. Of those that cannot be due none is
// looked at.
func TestADailyPurgeFindsWhatCameLate(t *testing.T) {
	const day, before, after = 24 * time.Hour, 1100, 1600
	s := openSQLite(t)
	sealed := frameOf(t, s, "short")
	keep := consent.Retention{"short": 30 * day, "long": 300 * day}
	arrived := storetest.Epoch().Add(10 * day)
	add := func(from, to int, made time.Time) {
		t.Helper()
		var list []consent.Entry
		for n := from; n < to; n++ {
			e := storetest.Entry("shop", n)
			e.Time, e.Sealed = made, sealed
			list = append(list, e)
		}
		storetest.AppendAll(t, s, 64, list)
	}
	add(0, before, arrived)
	for _, note := range []time.Duration{0, time.Hour, 10 * day, 10 * day} {
		if err := consent.NoteLate(t.Context(), s, "shop", arrived.Add(-note), arrived); err != nil {
			t.Fatal(err)
		}
	}
	add(before, before+1, storetest.Epoch())
	add(before+1, after, arrived.Add(4*day))
	if notes, err := s.Artefacts(t.Context(), "shop", consent.LateKind); err != nil || len(notes) != 1 {
		t.Errorf("%d notes of late records, %v", len(notes), err)
	}
	now := storetest.Epoch().Add(30*day + time.Minute)
	list, err := keep.PurgeDue(t.Context(), s, "shop", now)
	if err != nil || len(list) != 1 || list[0].Due != 1 {
		t.Errorf("the purge of a day came to %v, %v", list, err)
	}
	if got, err := s.Record(t.Context(), "shop", storetest.Entry("shop", before).Record); err != nil || len(got.Sealed) > 0 {
		t.Errorf("a record that came late is kept beyond its time, %v", err)
	}
	list, err = keep.PurgeDue(t.Context(), s, "shop", arrived)
	if err != nil || len(list) != 1 || list[0].Kept >= before || !list[0].Since.Equal(arrived.Add(day-30*day)) {
		t.Errorf("a purge with nothing near its end looked at %v, %v", list, err)
	}
}
