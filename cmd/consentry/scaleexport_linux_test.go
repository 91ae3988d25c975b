package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const (
	fewRecords   = 2000
	usualRecords = 40_000
	peakSlack    = 16 << 20 // bytes that many records may take more than few: half of it is SQLite's caches
	longSlack    = 24 << 20 // the same of an export of minutes: its peak is that of many more collections
)

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// ran is what a command took and how many lines it wrote.
type ran struct {
	took  time.Duration
	peak  int64 // bytes, the most that was resident
	lines int
	text  []byte // how its output begins
}

// runWatched runs the program to its end, which must be a good one. What it says of
// its progress is passed on.
func runWatched(ctx context.Context, t testing.TB, args ...string) (r ran) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "consentry", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	peak := watchPeak(cmd.Process.Pid)
	buffer := make([]byte, 64<<10)
	for err == nil {
		var n int
		if n, err = out.Read(buffer); n > 0 {
			r.lines += bytes.Count(buffer[:n], []byte("\n"))
			r.text = append(r.text, buffer[:min(n, 4096-len(r.text))]...)
		}
	}
	r.peak = peak()
	if ended := cmd.Wait(); ended != nil || err != io.EOF {
		t.Fatalf("%v: %v, %v", args, ended, err)
	}
	if r.took = time.Since(begun); r.peak == 0 {
		t.Fatal("the system does not tell how much memory the program took")
	}
	return r
}

// watchPeak looks at the most memory that a process has taken so far, until told to
// stop; the system keeps that figure, so that nothing between two looks is missed.
func watchPeak(pid int) (stop func() int64) {
	ended, most := make(chan struct{}), int64(0)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // gone with the process
			if found := highWater.FindSubmatch(status); found != nil {
				kB, _ := strconv.ParseInt(string(found[1]), 10, 64) // digits
				most = kB << 10
			}
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	})
	return func() int64 {
		close(ended)
		wait.Wait()
		return most
	}
}

func slackOf(records int) int64 {
	if records > 1_000_000 {
		return longSlack
	}
	return peakSlack
}

// An export takes as much memory for many records as for few, in every format. Ten
// million: make scale.
func TestAnExportOfManyRecordsTakesTheMemoryOfFew(t *testing.T) {
	for name, install := range scaleStores() {
		t.Run(name, func(t *testing.T) {
			many, formats := setting(t, scaleExport, usualRecords), []string{"csv", "ndjson", "jsonld"}
			if many > usualRecords {
				formats = formats[:1]
			}
			if name != "embedded" {
				many = min(many, max(setting(t, scaleDecisions, 0), usualRecords))
			}
			dir, open := install(t)
			f := newFiller(t, dir, open)
			few := make(map[string]int64)
			written := 0
			for _, n := range []int{fewRecords, many} {
				store := open()
				f.fill(t, store, written, n)
				written = n
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				for _, format := range formats {
					peak := wantExported(t, dir, format, n+len(f.models))
					if few[format] == 0 {
						few[format] = peak
					} else if peak > few[format]+slackOf(n) {
						t.Errorf("as %s %d records take %s, and %d took %s", format, n, megabytes(peak), fewRecords, megabytes(few[format]))
					}
				}
			}
		})
	}
}

// wantExported wants all records exported and returns the most memory that it took.
func wantExported(t *testing.T, dir, format string, records int) int64 {
	t.Helper()
	r := runWatched(scaleTime(t, records), t, "export", "shop", "--format", format, "--config", dir)
	if format == "csv" {
		r.lines-- // the head
	}
	if r.lines != records {
		t.Errorf("%d records are exported as %s, want %d", r.lines, format, records)
	}
	t.Logf("%d records as %s in %.1f s, %.0f a second: at most %s of memory", records, format, r.took.Seconds(), float64(records)/r.took.Seconds(), megabytes(r.peak))
	return r.peak
}

// BenchmarkVerify reports how long the program takes to verify a log, and the most
// memory that it takes, beside the bar for a million records and beside doing
// nothing but opening as many records in memory, on all processors.
// A million: make scale.
func BenchmarkVerify(b *testing.B) {
	n := setting(b, scaleDecisions, usualDecisions)
	for name, install := range scaleStores() {
		b.Run(name, func(b *testing.B) {
			dir, open := install(b)
			f := newFiller(b, dir, open)
			store := open()
			f.fill(b, store, 0, n)
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
			p := start(b, dir)
			p.waitSigned(int64(n))
			p.stop()
			var took, opening time.Duration
			var peak int64
			for b.Loop() {
				r := runWatched(scaleTime(b, n), b, "verify", "--config", dir)
				if !bytes.Contains(r.text, []byte(strconv.Itoa(n+len(f.models))+" records")) || !bytes.Contains(r.text, []byte("no difference; signed")) {
					b.Fatalf("%s", r.text)
				}
				took, peak = took+r.took, max(peak, r.peak)
				opening += f.opening(b, min(n, usualDecisions)) * time.Duration(n/min(n, usualDecisions))
			}
			b.ReportMetric(took.Seconds()/float64(b.N), "s")
			b.ReportMetric(took.Seconds()/float64(b.N)/float64(n)*1e6, "s/million")
			b.ReportMetric(60, "bar-s/million")
			b.ReportMetric(took.Seconds()/opening.Seconds(), "of-opening")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
			b.ReportMetric(float64(n), "records")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// opening is how long n records take to be opened in memory.
func (f *filler) opening(b *testing.B, n int) time.Duration {
	list := f.group(b, 0, n, 0)
	openers, begun := runtime.GOMAXPROCS(0), time.Now()
	var wait sync.WaitGroup
	for opener := range openers {
		wait.Go(func() {
			for i := opener; i < n; i += openers {
				if _, err := consent.OpenRecord(list[i], f.frame); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return time.Since(begun)
}
