package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
)

// patience is how long a process under test may take to do one thing: machines
// that run every test at once are slow.
const patience = 30 * time.Second

// anyPorts is a server file that takes free ports.
const anyPorts = "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\n"

// program is "consentry serve" as a process of a test's own.
type program struct {
	t                   testing.TB
	dir                 string
	process             *exec.Cmd
	stderr              string        // file
	ended               chan struct{} // closed when the process has
	visitors, operators string        // host:port
}

// newShop makes an installation as "consentry init" does: one site, shop, whose
// pages are at origin. settings are its server file.
func newShop(t testing.TB, origin, settings string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "shop")
	var output bytes.Buffer
	env := environment{stdin: strings.NewReader(""), stdout: &output, stderr: &output, now: time.Now, random: rand.Reader}
	if status := run([]string{"init", dir, "--site", "shop", "--origin", origin}, env); status != exitOK {
		t.Fatalf("init: status %d\n%s", status, output.String())
	}
	replace(t, filepath.Join(dir, configFile), settings)
	return dir
}

func siteFile(dir string) string { return filepath.Join(dir, "sites", "shop.yaml") }

func replace(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// command runs the program to its end. TestMain has put it into PATH, under the
// race detector when the tests are.
func command(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "consentry", args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatalf("consentry %s did not end:\n%s", strings.Join(args, " "), errs.String())
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

var serving = regexp.MustCompile(`msg=serving visitors=(\S+) operators=(\S+)`)

// start runs "consentry serve" on an installation and waits until it says where.
func start(t testing.TB, dir string) *program {
	t.Helper()
	p := &program{t: t, dir: dir, process: exec.Command("consentry", "serve", "--config", dir), ended: make(chan struct{})}
	log, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.stderr, p.process.Stderr = log.Name(), log
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.process.Wait() // its state says how it ended
		close(p.ended)
	}()
	t.Cleanup(p.end)
	until(t, "the server says that it serves", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("the server ended: %s\n%s", p.process.ProcessState, p.log())
		default:
		}
		found := serving.FindStringSubmatch(p.log())
		if found != nil {
			p.visitors, p.operators = found[1], found[2]
		}
		return found != nil
	})
	return p
}

func (p *program) end() {
	p.kill()
	if log := p.log(); p.t.Failed() || strings.Contains(log, "DATA RACE") {
		p.t.Errorf("the server said:\n%s", log[:min(len(log), 20_000)])
	}
}

func (p *program) log() string { return content(p.t, p.stderr) }

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.process.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process as a power failure would end it.
func (p *program) kill() {
	_ = p.process.Process.Kill() // fails only when it has ended
	<-p.ended
}

// stop asks the process to end and demands exit status 0.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	p.wantEnd()
}

func (p *program) wantEnd() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the server does not end")
	}
	if status := p.process.ProcessState.ExitCode(); status != exitOK {
		p.t.Errorf("the server ended with status %d: %s", status, p.process.ProcessState)
	}
}

// ready returns what /readyz says, as JSON.
func (p *program) ready() string {
	p.t.Helper()
	return ask(p.t, p.operators, "GET", "/readyz", "").body
}

func (p *program) wantReady() {
	p.t.Helper()
	until(p.t, "/readyz says ready", func() bool { return strings.Contains(p.ready(), `"status":"ready"`) })
}

var renderingInGate = regexp.MustCompile(`\brendering:"([\w-]{22})"`)

// rendering is the notice that the gate names now, empty while there is none.
func (p *program) rendering() string {
	p.t.Helper()
	found := renderingInGate.FindStringSubmatch(ask(p.t, p.visitors, "GET", "/privacy/gate.js", "").body)
	if found == nil {
		return ""
	}
	return found[1]
}

// until polls, and fails the test when it has waited too long.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	untilWithin(t, patience, what, done)
}

func untilWithin(t testing.TB, within time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain until %s", within, what)
		}
	}
}

// kept reads the embedded store of an installation: how often each record is
// there. It checks that the log has no gap and that each record was counted.
func kept(t testing.TB, dir string) map[string]int {
	t.Helper()
	store, err := sqlitestore.Open(filepath.Join(dir, "data", "consentry.db"), sqlitestore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	return keptIn(t, store)
}

func keptIn(t testing.TB, store consent.Store) map[string]int {
	t.Helper()
	records, counted := make(map[string]int), int64(0)
	next := int64(0)
	err := store.Log(context.Background(), "shop", 0, func(e consent.LogEntry) bool {
		if e.Index != next {
			t.Errorf("log index %d comes where %d should", e.Index, next)
		}
		if next = e.Index + 1; e.Kind == "" {
			records[e.Record.Record.String()]++
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	counts, err := store.Counts(context.Background(), "shop", time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if name, _ := consent.ParseCountKey(c.Key); name == consent.DecidedCount {
			counted += c.N
		}
	}
	if counted != int64(len(records)) {
		t.Errorf("%d decisions were counted for %d records", counted, len(records))
	}
	return records
}

// decoded reads a JSON answer.
func decoded[T any](t testing.TB, body string) (into T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &into); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return into
}
