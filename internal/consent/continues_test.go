package consent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// A store with another log of the same site is refused before anything is written
// to it: its counters and its checkpoint stay.
func TestCopyDoesNotTouchAnotherLog(t *testing.T) {
	from, to := openSQLite(t), openSQLite(t)
	storetest.AppendAll(t, from, 4, []consent.Entry{storetest.Entry("shop", 1)})
	storetest.AppendAll(t, to, 4, []consent.Entry{storetest.Entry("shop", 2)})
	for s, checkpoint := range map[consent.Store]string{from: "ours", to: "theirs"} {
		if err := s.SwapCheckpoint(t.Context(), "shop", nil, []byte(checkpoint)); err != nil {
			t.Fatal(err)
		}
	}
	before, err := to.Counts(t.Context(), "shop", storetest.Epoch(), later())
	if err != nil {
		t.Fatal(err)
	}
	if err := consent.Copy(t.Context(), from, to, "shop", later(), ignore); !errors.Is(err, consent.ErrConflict) {
		t.Errorf("copying got %v, want ErrConflict", err)
	}
	after, err := to.Counts(t.Context(), "shop", storetest.Epoch(), later())
	if err != nil || len(after) != len(before) {
		t.Errorf("%d counters after %d, %v", len(after), len(before), err)
	}
	if now, err := to.Checkpoint(t.Context(), "shop"); err != nil || string(now) != "theirs" {
		t.Errorf("the checkpoint is %q, %v", now, err)
	}
}

// What is purged is noted by its places, and the note tells of records alone.
func TestAPurgeIsNotedInTheLog(t *testing.T) {
	s := openSQLite(t)
	first := fillClasses(t, s, "short", "long")
	keep := consent.Retention{"short": 24 * time.Hour, "long": 72 * time.Hour}
	if _, err := keep.Purge(t.Context(), s, "shop", first.Add(80*time.Hour), false); err != nil {
		t.Fatal(err)
	}
	purged, err := consent.ReadPurged(t.Context(), s, "shop")
	if err != nil {
		t.Fatal(err)
	}
	gone := 0
	err = s.Log(t.Context(), "shop", 0, func(e consent.LogEntry) bool {
		if e.Kind == "" && e.Record.Erased != purged.Has(e.Index) {
			t.Errorf("entry %d: erased %t, noted %t", e.Index, e.Record.Erased, purged.Has(e.Index))
		}
		if e.Kind == "" && e.Record.Erased {
			gone++
		}
		return true
	})
	if err != nil || gone != 66 {
		t.Errorf("%d entries are purged, %v", gone, err)
	}
}
