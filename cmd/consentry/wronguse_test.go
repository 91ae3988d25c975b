package main

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Losing what the present store has is offered for a backup of an older program
// alone, never for a file that is missing or no backup at all.
func TestRestoreOffersOlderForBackupsAlone(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	start(t, dir).stop()
	other := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("CREATE TABLE notes (text TEXT)")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for file, words := range map[string]string{
		filepath.Join(t.TempDir(), "missing"): "no such file",
		filepath.Join(dir, "keys.json"):       "not a database",
		other:                                 "not a consent store",
		dir:                                   "it is a folder",
	} {
		status, _, stderr := command(t, "restore", file, "--config", dir)
		if status != exitProblem || !strings.Contains(stderr, words) || strings.Contains(stderr, "--older") {
			t.Errorf("restore %s: status %d, want %q and nothing of --older\n%s", file, status, words, stderr)
		}
	}
}

// What a command cannot do without is named, and leaving it out is wrong use.
func TestAMissingFlagIsWrongUse(t *testing.T) {
	proof := filepath.Join(t.TempDir(), "p.proof")
	replace(t, proof, "nothing\n")
	wantCommand(t, exitUsage, `required flag(s) "key" not set`, "verify-receipt", proof)
}

// The key is found in what "log show" printed, and a file that is missing is said
// to be.
func TestKeysAreReadFromWhatLogShowPrints(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	got := p.recorded()
	p.stop() // which signs all of it
	proof, shown := filepath.Join(t.TempDir(), "mine.proof"), filepath.Join(t.TempDir(), "shown.txt")
	wantCommand(t, exitOK, "", "prove", got.Record, "--config", dir, "-o", proof)
	replace(t, shown, wantCommand(t, exitOK, "Key ", "log", "show", "--config", dir))
	wantCommand(t, exitOK, "The proof holds", "verify-receipt", proof, "--key", shown)
	wantCommand(t, exitProblem, "nokey.txt: no such file", "verify-receipt", proof, "--key", "nokey.txt")
	wantCommand(t, exitProblem, "holds no public key", "verify-receipt", proof, "--key", siteFile(dir))
	wantCommand(t, exitProblem, "cannot be read", "verify-receipt", proof, "--key", "shop+12345678+nonsense")
}

// A command writes what it was told to: into no folder that holds something, and
// its errors name no file that nobody has given.
func TestCommandsWriteWhereTheyWereTold(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	got := p.recorded()
	p.stop()
	data := filepath.Join(dir, "data")
	wantCommand(t, exitProblem, "is not empty", "reproduce", got.Record, "--out", data, "--config", dir)
	if _, err := os.Stat(filepath.Join(data, "record.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the record was written into the data folder: %v", err)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere", "q")
	for _, args := range [][]string{
		{"prove", got.Record, "-o", nowhere}, {"bundle", "shop", "-o", nowhere}, {"export", "shop", "-o", nowhere}, {"backup", nowhere},
	} {
		status, _, stderr := command(t, append(args, "--config", dir)...)
		if status != exitProblem || !strings.Contains(stderr, nowhere+": no such file") || strings.Contains(stderr, "partial") {
			t.Errorf("%s: status %d\n%s", args[0], status, stderr)
		}
	}
	wantCommand(t, exitProblem, "write "+data+": ", "prove", got.Record, "-o", data, "--config", dir)
}
