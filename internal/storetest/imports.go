package storetest

import (
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func importKeepsIndexes(t *testing.T, s consent.Store) {
	const records = 2300
	AppendAll(t, s, 16, entries("shop", 0, records))
	mustErase(t, s, "shop", Epoch(), 0, 7, records-1)
	mustErase(t, s, "copy", Epoch(), 3) // of the copy's own ids, so none of these
	var run []consent.Stored
	for _, e := range ReadLog(t, s, "shop", 0) {
		run = append(run, e.Record)
	}
	mustPut(t, s, "copy", Artefact("gate", 1))
	mustImport(t, s, "copy", nil)
	wantImportConflict(t, s, run[:5]) // the artefact has the index of the first
	for i := range run {
		run[i].Index++
	}
	mustImport(t, s, "copy", run[:3])
	mustImport(t, s, "copy", run[3:])
	log := ReadLog(t, s, "copy", 1)
	if len(log) != records {
		t.Fatalf("the copy has %d records, want %d", len(log), records)
	}
	for i, e := range log {
		run[i].Site = "copy"
		same(t, "imported", e.Record, run[i])
		same(t, "imported, by id", mustRecord(t, s, "copy", run[i].Record), run[i])
	}
	if list, err := s.History(t.Context(), "copy", Subject("shop", 5)); err != nil || len(list) != 2 {
		t.Errorf("history in the copy: %d, %v", len(list), err)
	}
	if list := allCounts(t, s, "copy"); len(list) != 0 {
		t.Errorf("the import has counted:\n%s", showCounts(list))
	}
	next := Entry("copy", 5000)
	if stored := MustAppend(t, s, next); stored.Index != records+1 {
		t.Errorf("the entry after the import has index %d, want %d", stored.Index, records+1)
	}
}

func importRefusesWhatDoesNotFollow(t *testing.T, s consent.Store) {
	at := func(n, index int) consent.Stored { return want(Entry("copy", n), int64(index)) }
	MustAppend(t, s, Entry("copy", 0))
	for says, run := range map[string][]consent.Stored{
		"a gap before":          {at(1, 2)},
		"an index that is used": {at(1, 0)},
		"a gap inside":          {at(1, 1), at(2, 3)},
		"a record twice":        {at(1, 1), at(1, 2)},
		"a record that is kept": {at(0, 1)},
	} {
		t.Log(says)
		wantImportConflict(t, s, run)
	}
	if log := ReadLog(t, s, "copy", 0); len(log) != 1 {
		t.Errorf("refused imports left %d entries", len(log)-1)
	}
	mustImport(t, s, "copy", []consent.Stored{at(1, 1), at(2, 2)})
}

func nobodysEntries(t *testing.T, s consent.Store) {
	var e consent.Entry
	for n := range 3 {
		e = Entry("shop", n)
		e.Subject = consent.ID{}
		MustAppend(t, s, e)
	}
	if list, err := s.History(t.Context(), "shop", consent.ID{}); err != nil || len(list) != 0 {
		t.Errorf("history of nobody: %d entries, %v; want none", len(list), err)
	}
	same(t, "record", mustRecord(t, s, "shop", e.Record), want(e, 2))
}

func mustImport(t *testing.T, s consent.Store, site string, run []consent.Stored) {
	t.Helper()
	if err := s.Import(t.Context(), site, run); err != nil {
		t.Fatalf("import: %v", err)
	}
}

func wantImportConflict(t *testing.T, s consent.Store, run []consent.Stored) {
	t.Helper()
	if err := s.Import(t.Context(), "copy", run); !errors.Is(err, consent.ErrConflict) {
		t.Errorf("import: %v, want ErrConflict", err)
	}
}
