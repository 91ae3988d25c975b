package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// failing makes system calls of a running program fail until stop is called.
// Without strace, or where it may not trace, the test is skipped, unless CI=true.
func (p *program) failing(what string) (stop func()) {
	p.t.Helper()
	log := filepath.Join(p.t.TempDir(), "strace")
	calls, _, _ := strings.Cut(what, ":")
	errors, err := os.Create(log + ".err")
	if err != nil {
		p.t.Fatal(err)
	}
	defer errors.Close()
	cmd := exec.Command("strace", "-f", "-o", log, "-e", "trace="+calls, "-e", "signal=none", "-e", "inject="+what,
		"-p", strconv.Itoa(p.process.Process.Pid))
	cmd.Stderr = errors
	if err := cmd.Start(); err != nil {
		p.noStrace(err.Error())
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is ended by a signal
		close(gone)
	}()
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-gone
	}
	p.t.Cleanup(stop)
	for end := time.Now().Add(patience); !strings.Contains(content(p.t, log+".err"), " attached"); time.Sleep(10 * time.Millisecond) {
		select {
		case <-gone:
			p.noStrace(content(p.t, log+".err"))
		default:
		}
		if time.Now().After(end) {
			p.t.Fatal("strace does not attach")
		}
	}
	return stop
}

func (p *program) noStrace(why string) {
	p.t.Helper()
	if os.Getenv("CI") == "true" {
		p.t.Fatalf("strace does not run here: %s", why)
	}
	p.t.Skipf("strace does not run here: %s", why)
}

// A disk that fails to sync ends all writing, in words, until the server is
// started again: pages are served, refusals take effect, nothing is granted. What
// was acknowledged is kept.
func TestAFailingDiskGrantsNothing(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.wantRecorded()
	stop := p.failing("fsync,fdatasync:error=EIO")
	p.wantClosed("no sync ends well")
	stop()
	p.wantClosed("a sync has failed")
	if ready := p.ready(); !strings.Contains(ready, "until the server is started again") {
		t.Errorf("/readyz does not say what to do: %s", ready)
	}
	p.kill()
	p = start(t, dir)
	p.wantReady()
	p.wantRecorded()
	p.stop()
	if records := kept(t, dir); len(records) < 2 || len(records) > 4 {
		t.Errorf("%d records are kept; two were acknowledged, two more may have been written", len(records))
	}
}

// A full disk does the same for as long as it is full, and no restart is needed.
func TestAFullDiskGrantsNothingWhileItIsFull(t *testing.T) {
	p := start(t, newShop(t, "https://shop.example", anyPorts))
	p.wantRecorded()
	stop := p.failing("pwrite64:error=ENOSPC")
	p.wantClosed("there is no room")
	stop()
	p.wantReady()
	p.wantRecorded()
}
