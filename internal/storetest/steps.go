package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// MustAppend appends a new entry and fails the test on an error, a duplicate or
// an answer that is not the entry.
func MustAppend(t testing.TB, s consent.Store, e consent.Entry) consent.Stored {
	t.Helper()
	stored, dup, err := s.Append(t.Context(), e)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if dup {
		t.Fatalf("append of a new record %s: told that it is a duplicate", e.Record)
	}
	same(t, "append's answer", stored, want(e, stored.Index))
	return stored
}

// AppendAll appends the entries from as many goroutines and returns what the
// store answered, in the entries' order. An error fails the test, which goes on.
func AppendAll(t testing.TB, s consent.Store, writers int, entries []consent.Entry) []consent.Stored {
	t.Helper()
	out := make([]consent.Stored, len(entries))
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < len(entries); i += writers {
				var err error
				if out[i], _, err = s.Append(t.Context(), entries[i]); err != nil {
					t.Errorf("append %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return out
}

// ReadLog returns a site's whole log from index on, and fails the test when its
// indexes have a gap.
func ReadLog(t testing.TB, s consent.Store, site string, from int64) []consent.LogEntry {
	t.Helper()
	var out []consent.LogEntry
	err := s.Log(t.Context(), site, from, func(e consent.LogEntry) bool {
		if e.Index != from+int64(len(out)) {
			t.Errorf("log of %s: index %d where %d was due", site, e.Index, from+int64(len(out)))
			return false
		}
		out = append(out, e)
		return true
	})
	if err != nil {
		t.Fatalf("log of %s: %v", site, err)
	}
	return out
}

func mustPut(t testing.TB, s consent.Store, site string, a consent.Artefact) {
	t.Helper()
	if err := s.PutArtefact(t.Context(), site, a); err != nil {
		t.Fatalf("put artefact: %v", err)
	}
}

func mustRecord(t testing.TB, s consent.Store, site string, id consent.ID) consent.Stored {
	t.Helper()
	stored, err := s.Record(t.Context(), site, id)
	if err != nil {
		t.Fatalf("record %s: %v", id, err)
	}
	return stored
}

func mustCounts(t testing.TB, s consent.Store, site string, from, to time.Time) []consent.Count {
	t.Helper()
	list, err := s.Counts(t.Context(), site, from, to)
	if err != nil {
		t.Fatalf("counts: %v", err)
	}
	return list
}

func mustDays(t testing.TB, s consent.Store, site string, from, to consent.Date, names ...string) []consent.Count {
	t.Helper()
	sheet, err := s.Days(t.Context(), site, from, to, names...)
	if err != nil {
		t.Fatalf("days: %v", err)
	}
	return sheet.Counts()
}

// allCounts returns every counter that a site may have in these tests.
func allCounts(t testing.TB, s consent.Store, site string) []consent.Count {
	t.Helper()
	return mustCounts(t, s, site, Epoch().AddDate(-1, 0, 0), Epoch().AddDate(1, 0, 0))
}

// want is what a store should hold for an entry.
func want(e consent.Entry, index int64) consent.Stored {
	e.Counts = nil
	return consent.Stored{Entry: e, Index: index}
}

// same compares by what is shown, so that a failure shows it.
func same(t testing.TB, what string, got, want consent.Stored) {
	t.Helper()
	if g, w := show(got), show(want); g != w {
		t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func show(s consent.Stored) string {
	return fmt.Sprintf("%s[%d] record=%s subject=%s secret=%x receipt=%x leaf=%x time=%s erased=%t counts=%d sealed=%x",
		s.Site, s.Index, s.Record, s.Subject, s.Secret, s.Receipt, s.Leaf, showTime(s.Time), s.Erased, len(s.Counts), s.Sealed)
}

func showTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999999Z") }

func showCounts(list []consent.Count) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s %d %s %d\n", c.Hour.Format(time.RFC3339), c.Day, c.Key, c.N)
	}
	return b.String()
}

func sameCounts(t testing.TB, got, want []consent.Count) {
	t.Helper()
	if g, w := showCounts(got), showCounts(want); g != w {
		t.Fatalf("counts:\n got\n%swant\n%s", g, w)
	}
}

func entries(site string, from, to int) []consent.Entry {
	var list []consent.Entry
	for n := from; n < to; n++ {
		list = append(list, Entry(site, n))
	}
	return list
}
