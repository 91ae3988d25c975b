package siteconfig

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/consentry/consentry/internal/catalogue"
)

var update = flag.Bool("update", false, "write the golden files anew")

// locales are the built-in texts as they stand in the source tree.
var locales = os.DirFS("../../components")

// Every archive is a folder of site files; its golden file lists each problem
// with its place and the sites that load nevertheless.
func TestProblemsAreReportedAllAtOnceWithTheirPlace(t *testing.T) {
	archives, err := filepath.Glob("testdata/sites/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{}
			for _, f := range archive.Files {
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			sites, problems := LoadSites(files, "sites", catalogue.Files, locales)
			golden(t, strings.TrimSuffix(name, ".txtar")+".golden", report(problems, ids(sites)))
		})
	}
}

func report(problems []Problem, loaded []string) string {
	var out strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&out, p)
	}
	fmt.Fprintf(&out, "loaded: %s\n", strings.Join(loaded, ", "))
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (run with -update when it is meant):\n%s", name, got)
	}
}
