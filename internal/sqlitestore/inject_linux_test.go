package sqlitestore

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// traced runs a child under strace, which makes system calls fail as told, and
// returns what the child and strace have written. Without strace, or where it may
// not trace, the test is skipped, unless CI=true.
func traced(t *testing.T, path, calls, inject string) (output, trace string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "trace")
	args := []string{"-f", "--seccomp-bpf", "-y", "-qq", "-o", log, "-e", "trace=" + calls, "-e", "signal=none"}
	if inject != "" {
		args = append(args, "-e", "inject="+calls+":"+inject)
	}
	cmd := exec.Command("strace", append(args, os.Args[0])...)
	cmd.Env = append(os.Environ(), stepsVariable+"="+path, "TMPDIR="+t.TempDir())
	out, err := cmd.Output()
	if _, missing := exec.LookPath("strace"); missing != nil || err != nil && len(out) == 0 {
		why := fmt.Sprintf("strace does not run here: %v, %v", missing, err)
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	if err != nil {
		t.Fatalf("the child ended badly: %v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	must(t, err)
	return string(out), string(text)
}

const (
	syncCalls  = "fsync,fdatasync"
	writeCalls = "pwrite64,ftruncate"
)

var ofAFile = regexp.MustCompile(`(?m)^(\d+) +(?:fsync|fdatasync|pwrite64|ftruncate)\(`)

// countable lists the n for which a thread has an n-th call of interest: strace
// counts by thread. The opening's come first, on the one thread, and the writer's
// after those that it has burnt.
func countable(t *testing.T, trace string) (list []int) {
	t.Helper()
	threads := make(map[string]int)
	for _, m := range ofAFile.FindAllStringSubmatch(trace, -1) {
		threads[m[1]]++
	}
	var opening, writing int
	for _, n := range threads {
		if n < burnt {
			opening = max(opening, n)
		}
		writing = max(writing, n)
	}
	if len(threads) != 2 || opening < 2 || writing < burnt+2*stepRounds {
		t.Fatalf("calls by thread: %v; this sweep wants one that opens and one that writes", threads)
	}
	for n := 1; n <= writing; n++ {
		if n <= opening || n > burnt {
			list = append(list, n)
		}
	}
	return list
}

// some takes every one of the first, then ever fewer.
func some(list []int, of int) (chosen []int) {
	for i := 0; i < len(list); i += 1 + i/of {
		chosen = append(chosen, list[i])
	}
	return chosen
}

// One fsync fails, whichever: what was not on the disk for certain was not
// acknowledged, nothing is acknowledged afterwards, and a new process goes on
// from what was.
func TestEveryFailedSyncIsTold(t *testing.T) {
	_, trace := traced(t, testPath(t), syncCalls, "")
	all := countable(t, trace)
	hits := 0
	for _, n := range all {
		path := testPath(t)
		output, trace := traced(t, path, syncCalls, fmt.Sprintf("error=EIO:when=%d", n))
		o := outcomeOf(t, output)
		hit := strings.Contains(trace, "INJECTED")
		if hit {
			hits++
		}
		switch {
		case hit && len(o.failed) == 0 && !onlyAtTheEnd(output, trace) && !madeUpFor(path, trace):
			t.Errorf("sync %d failed and nobody was told:\n%s", n, output)
		case len(o.late) > 0 && !onlyClosed(o.late):
			t.Errorf("sync %d failed, and afterwards this was acknowledged: %q", n, o.late)
		}
		for _, line := range o.failed {
			if strings.HasPrefix(line, "open") || strings.HasPrefix(line, "close") {
				continue
			}
			if !strings.Contains(line, ": unavailable: ") || !strings.Contains(line, "nobody knows what reached the disk") {
				t.Errorf("sync %d: an error that does not say what happened: %s", n, line)
			}
		}
		o.wantKept(t, path)
	}
	if hits < len(all) {
		t.Errorf("only %d of %d syncs were made to fail", hits, len(all))
	}
	t.Logf("%d of %d syncs failed, one in each run", hits, len(all))
}

// madeUpFor reports whether the injected failure was of SQLite's sync of the
// folder, which it ignores, and the store has synced the folder once more.
func madeUpFor(path, trace string) bool {
	_, after, ok := strings.Cut(trace, "<"+filepath.Dir(path)+">) = -1 EIO (Input/output error) (INJECTED)")
	return ok && strings.Contains(after, "<"+filepath.Dir(path)+">)")
}

// onlyAtTheEnd reports whether the injected failure was of closing, which empties
// the WAL and may leave that to the next opening.
func onlyAtTheEnd(output, trace string) bool {
	lines := strings.Split(strings.TrimSpace(trace), "\n")
	for i, line := range lines {
		if strings.Contains(line, "INJECTED") {
			return i >= len(lines)-4 && strings.Contains(output, "ok close")
		}
	}
	return false
}

func onlyClosed(late []string) bool { return len(late) == 1 && late[0] == "close" }

// A disk that is full from one write on, whichever: nothing is acknowledged that
// was not written, and what was stays readable; with room again all goes on.
func TestAFullDiskAtEveryWriteIsTold(t *testing.T) {
	_, trace := traced(t, testPath(t), writeCalls, "")
	for _, n := range some(countable(t, trace), 12) {
		path := testPath(t)
		output, trace := traced(t, path, writeCalls, fmt.Sprintf("error=ENOSPC:when=%d+", n))
		o := outcomeOf(t, output)
		if strings.Contains(trace, "INJECTED") && len(o.failed) == 0 && !onlyAtTheEnd(output, trace) {
			t.Errorf("no room from write %d on, and nobody was told:\n%s", n, output)
		}
		for _, line := range o.failed {
			if !strings.HasPrefix(line, "open") && !strings.HasPrefix(line, "close") && !strings.Contains(line, ": unavailable: ") {
				t.Errorf("no room from write %d on: %s", n, line)
			}
		}
		o.wantKept(t, path)
	}
}

// One write finds no room: the next ones are acknowledged again, and are kept.
func TestRoomThatComesBackIsUsed(t *testing.T) {
	_, trace := traced(t, testPath(t), writeCalls, "")
	recovered := 0
	for _, n := range some(countable(t, trace), 12) {
		path := testPath(t)
		output, _ := traced(t, path, writeCalls, fmt.Sprintf("error=ENOSPC:when=%d", n))
		o := outcomeOf(t, output)
		if len(o.failed) > 0 && len(o.late) > 1 {
			recovered++
		}
		o.wantKept(t, path)
	}
	if recovered == 0 {
		t.Error("after no failed write anything was acknowledged again")
	}
}
