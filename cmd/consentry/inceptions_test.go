package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Notes of logs and new cookie keys come into one file, whoever writes when, and
// never into another installation's.
func TestTheKeyFileIsChangedByOneAtATime(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	path := filepath.Join(dir, "keys.json")
	ring, err := readKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	file := keyFile{path, ring.RootCheck(), time.Now, slog.New(slog.DiscardHandler)}
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			if n%3 == 0 {
				if status, _, stderr := command(t, "keys", "rotate", "--config", dir); status != exitOK {
					t.Errorf("rotate: status %d, %s", status, stderr)
				}
			} else if err := file.Note(strings.Repeat("s", n+1), "a log"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if ring, err = readKeyring(path); err != nil || len(ring.Cookie) != 5 || len(ring.Logs) != 8 {
		t.Fatalf("%d cookie keys and %d logs, %v; want 5 and 8", len(ring.Cookie), len(ring.Logs), err)
	}
	if info, err := os.Stat(path); err != nil || exposed(info) {
		t.Errorf("file: %v, %v", info.Mode(), err)
	}
	foreign := keyFile{path, "another root", time.Now, slog.New(slog.DiscardHandler)}
	foreign.keepNoted("foreign", "a log")
	if err := foreign.Note("foreign", "a log"); err == nil {
		t.Error("another installation's file was written")
	}
	if ring, err = readKeyring(path); err != nil || len(ring.Logs) != 8 {
		t.Errorf("%d logs, %v; want 8", len(ring.Logs), err)
	}
}

// A key file that cannot be written lets new keys begin a log, and old ones not.
func TestAKeyFileThatCannotBeWritten(t *testing.T) {
	made := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for days, wanted := range map[int]bool{0: true, 6: true, 8: false, 400: false} {
		path := filepath.Join(t.TempDir(), "keys.json")
		ring, err := consent.NewKeyring(strings.NewReader(strings.Repeat("k", 64)), made)
		if err != nil {
			t.Fatal(err)
		}
		text, err := ring.Format()
		if err != nil {
			t.Fatal(err)
		}
		replace(t, path, string(text))
		now := made.AddDate(0, 0, days)
		file := keyFile{path, ring.RootCheck(), func() time.Time { return now }, slog.New(slog.DiscardHandler)}
		file.path = unwritable(t, path)
		if err := file.Note("shop", "a log"); (err == nil) != wanted {
			t.Errorf("after %d days: %v", days, err)
		}
	}
}

// unwritable returns a path of the file by which it can be read and not replaced, not
// even by root: Linux makes no files among the open ones of a process.
func unwritable(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(f.Fd())))
}
