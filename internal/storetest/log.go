package storetest

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func indexesAreShared(t *testing.T, s consent.Store) {
	for n := range 12 {
		if n%3 == 2 {
			mustPut(t, s, "shop", Artefact("banner", n))
			continue
		}
		if stored := MustAppend(t, s, Entry("shop", n)); stored.Index != int64(n) {
			t.Fatalf("entry %d has index %d", n, stored.Index)
		}
	}
	log := ReadLog(t, s, "shop", 0)
	if len(log) != 12 {
		t.Fatalf("log has %d entries, want 12", len(log))
	}
	for n, e := range log {
		if n%3 == 2 {
			checkArtefactLeaf(t, e, Artefact("banner", n))
			continue
		}
		if e.Kind != "" || e.Digest != "" || e.Leaf != Entry("shop", n).Leaf {
			t.Errorf("log entry %d: kind %q, digest %q, leaf %x; want a record's", n, e.Kind, e.Digest, e.Leaf)
		}
		same(t, "record in the log", e.Record, want(Entry("shop", n), int64(n)))
	}
}

func checkArtefactLeaf(t *testing.T, e consent.LogEntry, a consent.Artefact) {
	t.Helper()
	if e.Kind != a.Kind || e.Digest != a.Digest || e.Leaf != a.Leaf {
		t.Errorf("log entry %d: kind %q, digest %q, leaf %x; want the artefact %s %s", e.Index, e.Kind, e.Digest, e.Leaf, a.Kind, a.Digest)
	}
}

// logLength is more than a store would read in one go.
const logLength = 2500

func logRunsFromIndex(t *testing.T, s consent.Store) {
	AppendAll(t, s, 64, entries("shop", 0, logLength-1))
	mustPut(t, s, "shop", Artefact("gate", 1))
	for _, from := range []int64{0, 1, 1000, logLength - 1, logLength, logLength + 500} {
		wanted := max(logLength-from, 0)
		if log := ReadLog(t, s, "shop", from); int64(len(log)) != wanted {
			t.Errorf("log from %d has %d entries, want %d", from, len(log), wanted)
		}
	}
	seen := make(map[consent.ID]bool)
	for _, e := range ReadLog(t, s, "shop", 0)[:logLength-1] {
		seen[e.Record.Record] = true
	}
	for n := range logLength - 1 {
		if !seen[Entry("shop", n).Record] {
			t.Errorf("record %d is not in the log", n)
		}
	}
}

func logStopsEarly(t *testing.T, s consent.Store) {
	AppendAll(t, s, 8, entries("shop", 0, 50))
	for _, stop := range []int{1, 7, 50} {
		calls := 0
		err := s.Log(t.Context(), "shop", 0, func(consent.LogEntry) bool {
			calls++
			return calls < stop
		})
		if err != nil || calls != stop {
			t.Errorf("told to stop after %d: %d calls, %v", stop, calls, err)
		}
	}
}

func logIsReentrant(t *testing.T, s consent.Store) {
	AppendAll(t, s, 8, entries("shop", 0, 30))
	err := s.Log(t.Context(), "shop", 0, func(e consent.LogEntry) bool {
		if e.Index >= 30 {
			return false
		}
		same(t, "record inside the log", mustRecord(t, s, "shop", e.Record.Record), e.Record)
		MustAppend(t, s, Entry("shop", 100+int(e.Index)))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if log := ReadLog(t, s, "shop", 0); len(log) != 60 {
		t.Errorf("log has %d entries, want 60", len(log))
	}
}

func logWhileWriting(t *testing.T, s consent.Store) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		AppendAll(t, s, 32, entries("shop", 0, 2000))
	}()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		log := ReadLog(t, s, "shop", 0) // fails on a gap
		if !reading && len(log) != 2000 {
			t.Errorf("log has %d entries in the end, want 2000", len(log))
		}
	}
}
