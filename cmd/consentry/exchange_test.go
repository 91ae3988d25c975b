package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// deciding has visitors decide without a pause until it is ended, which returns how
// many answers there were by status, and the longest wait for one. No connection is
// refused or broken.
func (p *program) deciding(clients int) (end func() (answers map[int]int, longest time.Duration)) {
	p.t.Helper()
	rendering, over := p.rendering(), make(chan struct{})
	var mu sync.Mutex
	var wg sync.WaitGroup
	answers, longest := make(map[int]int), time.Duration(0)
	one := func() {
		begun := time.Now()
		v, err := visit(p.visitors)
		if err != nil {
			p.t.Errorf("a visitor cannot connect: %v", err)
			return
		}
		defer v.close()
		got, err := v.call("POST", "/privacy/decisions", decisionBody(newDecisionID(), rendering, "reject-all"), fromPage()...)
		if err != nil {
			p.t.Errorf("a visitor gets no answer: %v", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		answers[got.status]++
		longest = max(longest, time.Since(begun))
	}
	for range clients {
		wg.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					one()
				}
			}
		})
	}
	return func() (map[int]int, time.Duration) {
		close(over)
		wg.Wait()
		return answers, longest
	}
}

// A backup takes the place of a running server's store, while visitors decide: none
// of them is turned away, what was erased stays erased, and what the backup lacks is
// lost only where that was asked for.
func TestAServerTakesABackupForItsStore(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.waitSigned(1)
	gone, kept := p.recorded(), p.recorded()
	backup := filepath.Join(t.TempDir(), "shop.db")
	wantCommand(t, exitOK, "wrote", "backup", backup, "--config", dir)
	wantCommand(t, exitOK, "the log goes on", "restore", backup, "--config", dir) // nothing has come since
	p.wantReady()
	p.wantRecorded()
	wantCommand(t, exitOK, "1 record erased", "erase", gone.Record, "--yes", "--config", dir)
	later := p.recorded()
	end := p.deciding(8)
	wantCommand(t, exitProblem, "Nothing was changed", "restore", backup, "--config", dir)
	if got := ask(t, p.visitors, "GET", later.Receipt, ""); got.status != http.StatusOK {
		t.Errorf("after a restore that was refused a receipt got %d", got.status)
	}
	wantCommand(t, exitOK, "holds the backup", "restore", backup, "--older", "--config", dir)
	time.Sleep(200 * time.Millisecond) // for decisions on the other store
	answers, longest := end()
	t.Logf("answers %v, the longest after %s", answers, longest)
	if answers[http.StatusCreated] < 10 || len(answers) > 1 {
		t.Errorf("visitors got %v", answers)
	}
	for what, want := range map[string]struct {
		link   string
		status int
	}{"erased since": {gone.Receipt, 404}, "in the backup": {kept.Receipt, 200}, "made since": {later.Receipt, 404}} {
		if got := ask(t, p.visitors, "GET", want.link, ""); got.status != want.status {
			t.Errorf("the receipt of a record %s got %d, want %d", what, got.status, want.status)
		}
	}
	p.wantRecorded()
	until(t, "/readyz says ready, or that more was signed than the backup has", func() bool {
		said := p.ready()
		return strings.Contains(said, `"status":"ready"`) || strings.Contains(said, "consentry log restart shop")
	})
	wantCommand(t, exitOK, "wrote", "backup", filepath.Join(t.TempDir(), "next.db"), "--config", dir)
	p.stop()
	if left, err := filepath.Glob(filepath.Join(dir, "data", "*.p*")); err != nil || len(left) > 0 {
		t.Errorf("a restore has left %v", left)
	}
}

// A backup on which the server cannot begin leaves it with the store that it had.
func TestAServerThatCannotBeginOnABackupGoesOnWithItsStore(t *testing.T) {
	elsewhere := anchoredShop(t)
	p := start(t, elsewhere)
	p.recorded()
	p.stop()
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	wantCommand(t, exitOK, "wrote", "backup", foreign, "--config", elsewhere)

	dir := anchoredShop(t)
	p = start(t, dir)
	before := p.recorded()
	end := p.deciding(4)
	for range 2 {
		wantCommand(t, exitProblem, "goes on with the store that it had", "restore", foreign, "--older", "--config", dir)
	}
	if answers, _ := end(); answers[http.StatusCreated] == 0 || len(answers) > 1 {
		t.Errorf("visitors got %v", answers)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no store at all\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantCommand(t, exitProblem, "text", "restore", text, "--older", "--config", dir)
	p.wantReady()
	p.wantRecorded()
	if got := ask(t, p.visitors, "GET", before.Receipt, ""); got.status != http.StatusOK {
		t.Errorf("the receipt of a record got %d", got.status)
	}
	p.stop()
	wantVerified(t, dir, exitOK, "no difference")
	if left, err := filepath.Glob(filepath.Join(dir, "data", "*.p*")); err != nil || len(left) > 0 {
		t.Errorf("a restore has left %v", left)
	}
}

// A server that is stopped while a restore is asked of it ends, and has one of the
// two stores whole.
func TestAServerThatIsStoppedWhileItRestoresEnds(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.recorded()
	backup := filepath.Join(t.TempDir(), "shop.db")
	wantCommand(t, exitOK, "wrote", "backup", backup, "--config", dir)
	for wait := time.Duration(0); wait < 60*time.Millisecond; wait += 40 * time.Millisecond {
		done := make(chan string, 1)
		go func() {
			status, stdout, stderr := command(t, "restore", backup, "--older", "--config", dir)
			done <- fmt.Sprintf("status %d: %s%s", status, stdout, stderr)
		}()
		until(t, "the server restores", func() bool {
			return strings.Contains(p.log(), "from now on") || len(done) > 0
		})
		time.Sleep(wait)
		p.stop()
		t.Log(<-done)
		p = start(t, dir)
		p.wantRecorded()
	}
}
