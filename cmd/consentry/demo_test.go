package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who has tried the demo tries the commands on it, while it runs and afterwards: with
// what the demo itself says.
func TestCommandsWorkOnTheDemosFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	demo := exec.Command("consentry", "demo", "--dir", dir, "--listen", "127.0.0.1:0")
	demo.Stderr = os.Stderr
	said, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	var proof []string
	for lines := bufio.NewScanner(said); proof == nil && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "proof: consentry "); ok {
			proof = strings.Fields(text)
		}
	}
	verifies := func(when string) {
		t.Helper()
		if status, stdout, stderr := command(t, proof...); status != exitOK || !strings.Contains(stdout, "no difference") {
			t.Errorf("%s, %v: status %d\n%s%s", when, proof, status, stdout, stderr)
		}
	}
	verifies("beside the demo")
	if status, stdout, stderr := command(t, "check", "--config", dir); status != exitOK || !strings.Contains(stdout+stderr, "no errors, no warnings") {
		t.Errorf("check: status %d\n%s%s", status, stdout, stderr)
	}
	if err := demo.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := demo.Wait(); err != nil {
		t.Errorf("the demo ended: %v", err)
	}
	verifies("after the demo")
}
