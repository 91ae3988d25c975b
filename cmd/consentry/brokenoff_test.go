package main

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// A command that is killed, or cancelled, half-way leaves no half of a backup, and
// the server goes on and takes the next one.
func TestABackupThatIsBrokenOffLeavesNothing(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.recorded()
	p.stop()
	fatten(t, dir)
	p = start(t, dir)
	for _, how := range []os.Signal{syscall.SIGKILL, os.Interrupt} {
		folder := t.TempDir()
		cmd := exec.Command("consentry", "backup", filepath.Join(folder, "b.db"), "--config", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, "the backup is half written", func() bool {
			half, err := filepath.Glob(filepath.Join(folder, "*"))
			return err == nil && len(half) > 0
		})
		if err := cmd.Process.Signal(how); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		until(t, "the server has ended it and takes the next", func() bool {
			status, _, stderr := command(t, "prune", "--dry-run", "--config", dir)
			if status != exitProblem || !strings.Contains(stderr, "busy") && !strings.Contains(stderr, "no retention") {
				t.Fatalf("status %d: %s", status, stderr)
			}
			return strings.Contains(stderr, "no retention")
		})
		if left, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(left) > 0 && filepath.Base(left[0]) != "b.db" {
			t.Errorf("after %v are left %v, %v", how, left, err) // a whole one was quicker than the signal
		}
	}
	p.wantRecorded()
}

// fatten gives a store that no server has open 100 MB to copy.
func fatten(t *testing.T, dir string) {
	t.Helper()
	store := openTestStore(t, dir)
	for n := range 12 {
		body := make([]byte, 8<<20)
		_, _ = rand.Read(body) // never fails since Go 1.24
		body[0] = byte(n)
		a := consent.Artefact{Kind: "note", Digest: consent.Digest(body), Time: time.Now(), Body: body}
		a.Leaf = consent.ArtefactLeaf(a)
		if err := store.PutArtefact(t.Context(), "shop", a); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// A restore that is killed half-way leaves the store that was there.
func TestAKilledRestoreChangesNothing(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.recorded()
	p.stop()
	fatten(t, dir)
	backup := filepath.Join(t.TempDir(), "b.db")
	wantCommand(t, exitOK, "wrote", "backup", backup, "--config", dir)
	cmd := exec.Command("consentry", "restore", backup, "--config", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the copy has begun", func() bool {
		half, err := filepath.Glob(filepath.Join(dir, "data", "*.partial"))
		return err == nil && len(half) > 0
	})
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	p = start(t, dir)
	p.wantReady()
	p.wantRecorded()
	p.stop()
	wantVerified(t, dir, exitOK, "2 records", "no difference")
	wantCommand(t, exitProblem, "Nothing was changed", "restore", backup, "--config", dir)
}
