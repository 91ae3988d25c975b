package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// checkNames refuses what stands there twice, since programs differ about which of
// the two they read, and what no bundle has.
func (v *bundleVerifier) checkNames() error {
	seen := make(map[string]bool)
	for _, f := range v.zip.File {
		switch {
		case seen[f.Name]:
			return fmt.Errorf("DIFFERENCE: %q is in the bundle twice", f.Name)
		case !belongsInBundle(f.Name):
			return fmt.Errorf("DIFFERENCE: %q is in the bundle, which no bundle has", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

func belongsInBundle(name string) bool {
	if slices.Contains([]string{"log/checkpoint", "log/checkpoint.text", "log/checkpoint.sig", "log/key.pem", "log/key.txt", "verify.py", "history.txt", "README.txt"}, name) {
		return true
	}
	if folder, ok := strings.CutSuffix(name, "/"); ok { // as other programs write them
		return fs.ValidPath(folder)
	}
	return fs.ValidPath(name) && slices.ContainsFunc([]string{"log/copies/", "log/entries/", "records/", "artefacts/", "config/", "proofs/"}, func(folder string) bool {
		return strings.HasPrefix(name, folder)
	})
}

// tableRow adds a record to what the table of its page has to say.
func (v *bundleVerifier) tableRow(e bundledEntry) error {
	var r consent.Record
	if err := json.Unmarshal([]byte(e.Record), &r); err != nil {
		return err
	}
	stored := consent.Stored{Index: e.Index}
	if _, err := hex.Decode(stored.Leaf[:], []byte(e.Leaf)); err != nil {
		return err
	}
	row, err := csvLine(exported{stored, &r, nil})
	v.table = append(v.table, row...)
	return err
}

// checkTable holds the table that people read against the entries of its page.
func (v *bundleVerifier) checkTable(page string) error {
	name := "records/" + strings.TrimSuffix(strings.TrimPrefix(page, "log/entries/"), ".ndjson") + ".csv"
	want := v.table
	v.table = nil
	if len(want) == 0 {
		return nil // a table without records is left over, see checkRest
	}
	v.used[name] = true
	got, err := v.read(name)
	if err != nil {
		return fmt.Errorf("DIFFERENCE: %w", err)
	}
	rows, ok := bytes.CutPrefix(got, []byte(csvHead))
	if !ok {
		return fmt.Errorf("%s has other columns than this version writes; check it with the one that wrote it (README.txt)", name)
	}
	if !bytes.Equal(rows, want) {
		return fmt.Errorf("DIFFERENCE: %s says something else than the entries of the log", name)
	}
	return nil
}

// checkRest refuses tables and artefacts that no entry of the log stands for.
func (v *bundleVerifier) checkRest() error {
	for _, name := range append(v.names("records/"), v.names("artefacts/")...) {
		if !v.used[name] {
			return fmt.Errorf("DIFFERENCE: no entry of the log stands for %q", name)
		}
	}
	return nil
}
