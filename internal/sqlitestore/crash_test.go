package sqlitestore

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// Set, this variable turns the test binary into a child that opens the store it
// names and appends from the record on that it names, until it is killed.
const childVariable = "SQLITESTORE_TEST_CHILD"

const childWriters = 32

func TestMain(m *testing.M) {
	if path := os.Getenv(stepsVariable); path != "" {
		if err := steps(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if job := os.Getenv(childVariable); job != "" {
		if err := child(job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child writes the number of every record that the store has acknowledged, a
// line each, and ends only when it fails.
func child(job string) error {
	number, path, _ := strings.Cut(job, " ")
	first, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	s, err := open(path, Options{}, 300)
	if err != nil {
		return err
	}
	_, err = storetest.RunLoad(childWriters, 1<<30, func(i int) error {
		n := first + i
		if n%100 == 99 {
			return s.PutArtefact(context.Background(), "shop", storetest.Artefact("gate", n))
		}
		if _, _, err := s.Append(context.Background(), crashEntry(n)); err != nil {
			return err
		}
		_, err := fmt.Println(n) // one write: a line arrives whole or not at all
		return err
	})
	return err
}

// crashEntry is a record of an hour that every 40th begins, so that counters are
// folded all the time.
func crashEntry(n int) consent.Entry {
	e := storetest.Entry("shop", n)
	for i := range e.Counts {
		e.Counts[i].Hour = storetest.Epoch().Add(time.Duration(n/40) * time.Hour)
	}
	return e
}

// A process killed at any moment has lost nothing that it acknowledged, and has
// left no gap and no half of an entry; its counters are those of its records. Each child begins with records that the
// one before may have stored.
func TestAnAcknowledgedRecordOutlivesKill(t *testing.T) {
	path := testPath(t)
	acknowledged := make(map[int]bool)
	last := 0
	for range 12 {
		for _, n := range untilKilled(t, max(last-50, 0), path) {
			acknowledged[n] = true
			last = max(last, n)
		}
		checkAfterCrash(t, path, acknowledged)
	}
	if len(acknowledged) < 100 {
		t.Errorf("only %d records were acknowledged in all rounds: the test has shown little", len(acknowledged))
	}
	t.Logf("%d acknowledged records outlived 12 kills", len(acknowledged))
}

// untilKilled runs a child, kills it at some moment after it has acknowledged more
// than the one before may have stored, however slow the disk is, and returns the
// records that it has acknowledged.
func untilKilled(t *testing.T, first int, path string) []int {
	t.Helper()
	cmd, out := startChild(t, fmt.Sprintf("%d %s", first, path))
	var list []int
	lines := bufio.NewScanner(out)
	for enough := 60 + rand.IntN(100); lines.Scan(); {
		if len(list) == enough {
			time.AfterFunc(time.Duration(rand.IntN(50_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("child said %q", lines.Text())
		}
		list = append(list, n)
	}
	if err := cmd.Wait(); len(list) == 0 {
		t.Fatalf("child acknowledged nothing: %v", err)
	}
	return list
}

func startChild(t *testing.T, job string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+job)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, out
}

func checkAfterCrash(t *testing.T, path string, acknowledged map[int]bool) {
	t.Helper()
	s := opened(t, path, 300)
	defer s.Close()
	times := make(map[[16]byte]int)
	for _, e := range storetest.ReadLog(t, s, "shop", 0) {
		if e.Kind != "" {
			continue
		}
		times[e.Record.Record]++
		found, err := s.Record(t.Context(), "shop", e.Record.Record)
		if err != nil || found.Index != e.Index {
			t.Fatalf("record %s of the log, index %d: found at %d, %v", e.Record.Record, e.Index, found.Index, err)
		}
	}
	for n := range acknowledged {
		if got := times[storetest.Entry("shop", n).Record]; got != 1 {
			t.Fatalf("acknowledged record %d is in the log %d times", n, got)
		}
	}
	countersAreOf(t, s, times)
}

// countersAreOf checks every hourly counter against the records of the log.
func countersAreOf(t *testing.T, s *Store, records map[[16]byte]int) {
	t.Helper()
	wanted := make(map[consent.Count]int64)
	for n, found := 0, 0; found < len(records); n++ {
		e := crashEntry(n)
		if records[e.Record] == 0 {
			continue
		}
		found++
		for _, c := range e.Counts {
			wanted[consent.Count{Hour: c.Hour, Key: c.Key}] += c.N
		}
	}
	list, err := s.Counts(t.Context(), "shop", storetest.Epoch(), storetest.Epoch().AddDate(10, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	counted := make(map[consent.Count]int64)
	for _, c := range list {
		counted[consent.Count{Hour: c.Hour, Key: c.Key}] = c.N
	}
	if !maps.Equal(counted, wanted) {
		t.Errorf("%d records have left %d counters that differ from theirs, %d", len(records), len(counted), len(wanted))
	}
}
