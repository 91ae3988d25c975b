package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// stepsVariable, set, turns the test binary into a child that opens the store
// that it names and does everything a store does, once.
const stepsVariable = "SQLITESTORE_TEST_STEPS"

const stepRounds = 3

// burnt is how many writes and syncs of a file of no interest the child's writer
// begins with. Whoever makes the n-th call of a thread fail can then tell the
// opening of the store, on one thread, from all that follows, on another.
const burnt = 100

func burn(dir string) {
	f, err := os.CreateTemp(dir, "burnt")
	if err != nil {
		return
	}
	defer f.Close()
	for range burnt {
		_, _ = f.WriteAt([]byte{0}, 0) // made to fail at times
		_ = f.Sync()
	}
}

// steps writes a line for each thing that it has done, "ok …" or "failed …: why",
// and ends well whatever has failed.
func steps(path string) error {
	runtime.LockOSThread()
	s, err := open(path, Options{}, 4)
	if !told("open", err) {
		return nil
	}
	_ = s.queue.put(context.Background(), &request{work: func(*session) error {
		runtime.LockOSThread()
		burn(os.TempDir())
		return nil
	}})
	ctx := context.Background()
	for n := range stepRounds {
		for _, i := range []int{2 * n, 2*n + 1} {
			_, _, err := s.Append(ctx, storetest.Entry("shop", i))
			told(fmt.Sprint("record ", i), err)
		}
		told(fmt.Sprint("artefact ", n), s.PutArtefact(ctx, "shop", storetest.Artefact("gate", n)))
		told(fmt.Sprint("erase ", 2*n), s.Erase(ctx, "shop", []consent.Erasure{{Record: storetest.Entry("shop", 2*n).Record}}))
		old, err := s.Checkpoint(ctx, "shop")
		if err == nil {
			err = s.SwapCheckpoint(ctx, "shop", old, fmt.Append(nil, "checkpoint ", n))
		}
		told(fmt.Sprint("checkpoint ", n), err)
	}
	told("close", s.Close())
	return nil
}

func told(what string, err error) bool {
	if err == nil {
		fmt.Println("ok " + what)
		return true
	}
	// what a caller branches on comes first
	kind := "other"
	if errors.Is(err, consent.ErrUnavailable) {
		kind = "unavailable"
	}
	fmt.Printf("failed %s: %s: %s\n", what, kind, strings.ReplaceAll(err.Error(), "\n", "; "))
	return false
}

// outcome is what a child has told.
type outcome struct {
	done   map[string]bool
	failed []string // lines
	late   []string // what was done after the first failure
}

func outcomeOf(t *testing.T, output string) outcome {
	t.Helper()
	o := outcome{done: make(map[string]bool)}
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if what, ok := strings.CutPrefix(line, "ok "); ok {
			o.done[what] = true
			if len(o.failed) > 0 {
				o.late = append(o.late, what)
			}
		} else if what, ok := strings.CutPrefix(line, "failed "); ok {
			o.failed = append(o.failed, what)
		} else {
			t.Errorf("the child said %q", line)
		}
	}
	return o
}

// wantKept wants all that was acknowledged in the store, once, and the rest whole
// or not at all. The store must open, whatever has failed before, and go on.
func (o outcome) wantKept(t *testing.T, path string) {
	t.Helper()
	s := opened(t, path, 4)
	defer s.Close()
	times := make(map[string]int)
	records := int64(0)
	for _, e := range storetest.ReadLog(t, s, "shop", 0) {
		if e.Kind != "" {
			times[e.Digest]++
			continue
		}
		records++
		times[e.Record.Record.String()]++
		if got, err := s.Record(t.Context(), "shop", e.Record.Record); err != nil || got.Index != e.Index {
			t.Errorf("record at %d is found at %d, %v", e.Index, got.Index, err)
		}
	}
	last := -1
	for n := range stepRounds {
		for _, i := range []int{2 * n, 2*n + 1} {
			id := storetest.Entry("shop", i).Record
			if n := times[id.String()]; n > 1 || n == 0 && o.done[fmt.Sprint("record ", i)] {
				t.Errorf("record %d is there %d times, acknowledged %t", i, n, o.done[fmt.Sprint("record ", i)])
			}
		}
		if got := times[storetest.Artefact("gate", n).Digest]; got > 1 || got == 0 && o.done[fmt.Sprint("artefact ", n)] {
			t.Errorf("artefact %d is there %d times", n, got)
		}
		got, err := s.Record(t.Context(), "shop", storetest.Entry("shop", 2*n).Record)
		if o.done[fmt.Sprint("erase ", 2*n)] && err == nil && !got.Erased {
			t.Errorf("record %d is not erased", 2*n)
		}
		if o.done[fmt.Sprint("checkpoint ", n)] {
			last = n
		}
	}
	note, err := s.Checkpoint(t.Context(), "shop")
	var now int
	if _, scanErr := fmt.Sscanf(string(note), "checkpoint %d", &now); err != nil || last >= 0 && (scanErr != nil || now < last) {
		t.Errorf("checkpoint %q, %v; want %d or a later one", note, err, last)
	}
	wantThreeCountsEach(t, s, records)
	for i := range 2 * stepRounds {
		if _, _, err := s.Append(t.Context(), storetest.Entry("shop", i)); err != nil {
			t.Errorf("record %d sent again: %v", i, err)
		}
	}
}

func wantThreeCountsEach(t *testing.T, s *Store, records int64) {
	t.Helper()
	list, err := s.Counts(t.Context(), "shop", storetest.Epoch(), storetest.Epoch().AddDate(1, 0, 0))
	must(t, err)
	counted := int64(0)
	for _, c := range list {
		counted += c.N
	}
	if counted != 3*records {
		t.Errorf("counters add up to %d for %d records, want three each", counted, records)
	}
}
