package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"consentry": main})
}

// The commands are tested as their users meet them: the program itself, its
// output, the files it leaves and its exit status.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": wantStatus,
			"mode":   wantMode,
		},
	})
}

// One id in 64 begins with a hyphen, and is no flag for that.
func TestAnIDThatBeginsWithAHyphenIsNoFlag(t *testing.T) {
	id := "-" + strings.Repeat("A", 21)
	for args, want := range map[string]string{
		"erase " + id + " --yes --config .":    "erase --yes --config . -- " + id,
		"prove --site shop " + id:              "prove --site shop -- " + id,
		"bundle shop --record " + id + " -o x": "bundle shop --record " + id + " -o x",
		"erase --imported " + id + " --yes":    "erase --imported " + id + " --yes",
		"erase --yes -- " + id:                 "erase --yes -- " + id,
		"erase --yes":                          "erase --yes",
	} {
		if got := strings.Join(recordsLast(strings.Fields(args)), " "); got != want {
			t.Errorf("%q is read as %q, want %q", args, got, want)
		}
	}
	dir := newShop(t, "https://shop.example", anyPorts)
	start(t, dir)
	wantCommand(t, exitProblem, "no record "+id, "erase", id, "--yes", "--config", dir)
}

// wantStatus is "status N program args…": it must end with exit status N.
func wantStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// wantMode is "mode PERM path", PERM in octal.
func wantMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode PERM path")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := uint64(info.Mode().Perm()); got != want {
		ts.Fatalf("%s has mode %04o, want %04o", args[1], got, want)
	}
}
