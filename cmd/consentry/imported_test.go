package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Nobody was given an id or a link of an imported record: what the other tool called
// the visitor is the way to all that is held, and to its erasure from every file.
func TestAnImportedVisitorIsFoundAndErased(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.recorded()
	file := filepath.Join(t.TempDir(), "old.csv")
	replace(t, file, oldDecisions)
	wantCommand(t, exitOK, "3 records imported", "import", "shop", file, "--notices", oldNotices(t), "--config", dir)
	erase := []string{"erase", "--imported", "visitor-two", "--config", dir}
	list := wantCommand(t, exitOK, "2 records would be erased", erase...)
	p.stop()
	all := importedTraces(t, dir, list)
	if found := all.in(t, []string{dir}); !strings.Contains(found, "secret") {
		t.Fatalf("before the erasure only this was found: %q", found)
	}
	zip := filepath.Join(t.TempDir(), "hers.zip")
	wantCommand(t, exitOK, "2 records with their content", "bundle", "shop", "--imported", "visitor-two", "-o", zip, "--config", dir)
	wantCommand(t, exitOK, "No difference", "verify-bundle", zip)
	wantProvedByName(t, dir)

	wantCommand(t, exitUsage, "RECORD, or --imported", "erase", "--config", dir)
	wantCommand(t, exitUsage, "RECORD, or --imported", append(erase, newDecisionID())...)
	wantCommand(t, exitUsage, "consent id", append(erase, "--only")...)
	wantCommand(t, exitProblem, "no record of this visitor", "erase", "--imported", "visitor", "--config", dir)
	own := content(t, siteFile(dir))
	replace(t, siteFile(dir), own+"\nlegal_hold: They are evidence in a dispute.\n")
	wantCommand(t, exitProblem, "evidence in a dispute", append(erase, "--yes")...)
	replace(t, siteFile(dir), own)

	p = start(t, dir)
	piped := exec.Command("consentry", "erase", "--imported", "-", "--yes", "--config", dir)
	piped.Stdin = strings.NewReader("visitor-two\n")
	if said, err := piped.CombinedOutput(); err != nil || !strings.Contains(string(said), "2 records erased") {
		t.Errorf("%v\n%s", err, said)
	}
	p.stop()
	if found := all.in(t, []string{dir}); found != "" {
		t.Errorf("still in a file after the erasure: %s", found)
	}
	wantCommand(t, exitOK, "erased already", append(erase, "--yes")...)
	wantCommand(t, exitOK, "1 record would be erased", "erase", "--imported", "visitor-one@old.example", "--config", dir)
	wantVerified(t, dir, exitOK, "2 erased", "no difference")
}

// wantProvedByName wants a proof that holds offline for each of a visitor's records.
func wantProvedByName(t *testing.T, dir string) {
	t.Helper()
	key, folder := filepath.Join(t.TempDir(), "log.key"), t.TempDir()
	replace(t, key, wantCommand(t, exitOK, "Key ", "log", "show", "--config", dir))
	prove := []string{"prove", "--imported", "visitor-two", "--config", dir, "-o", folder}
	said := wantCommand(t, exitOK, "wrote "+folder, prove...)
	proofs, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(proofs) != 2 || strings.Count(said, "site shop, record of ") != 2 {
		t.Fatalf("%d proofs, %v:\n%s", len(proofs), err, said)
	}
	for _, proof := range proofs {
		id, _ := strings.CutSuffix(filepath.Base(proof), ".tlog-proof")
		if said := wantCommand(t, exitOK, "The proof holds", "verify-receipt", proof, "--key", key); !strings.Contains(said, "record    "+id) {
			t.Errorf("%s proves\n%s", proof, said)
		}
	}
	piped := exec.Command("consentry", "prove", "--imported", "-", "--site", "shop", "--config", dir)
	piped.Dir, piped.Stdin = t.TempDir(), strings.NewReader("visitor-one@old.example\n")
	if said, err := piped.CombinedOutput(); err != nil || strings.Count(string(said), "wrote ") != 1 {
		t.Errorf("%v\n%s", err, said)
	}
	wantCommand(t, exitUsage, "RECORD, or --imported", "prove", "--config", dir)
	wantCommand(t, exitUsage, "RECORD, or --imported", append(prove, newDecisionID())...)
	wantCommand(t, exitProblem, "no record of this visitor", "prove", "--imported", "visitor", "--config", dir)
	wantCommand(t, exitProblem, "write "+filepath.Join(folder, "none"), append(prove, "-o", filepath.Join(folder, "none"))...)
}

// importedTraces are those of the records that a listing names.
func importedTraces(t *testing.T, dir, list string) traces {
	t.Helper()
	store, all := openTestStore(t, dir), make(traces)
	for line := range strings.Lines(list) {
		_, rest, listed := strings.Cut(line, "record ")
		if !listed || len(rest) < 22 {
			continue
		}
		id, err := consent.ParseID(rest[:22])
		if err != nil {
			continue
		}
		for what, trace := range tracesOf(t, store, id) {
			all[what+" of "+id.String()] = trace
		}
	}
	if err := store.Close(); err != nil || len(all) != 2*6 {
		t.Fatalf("%d traces of\n%s%v", len(all), list, err)
	}
	return all
}
