package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/consentry/consentry"

// floors says on which floor each package stands. A package imports packages of
// lower floors only: never upward, never sideways.
var floors = map[string]int{
	"cmd/consentry": 5,

	"internal/server": 4,

	"internal/api":       3,
	"internal/dashboard": 3,
	"internal/demo":      3,

	"templates": 2,

	"components":           1,
	"internal/cookie":      1,
	"internal/doctor":      1,
	"internal/erasures":    1,
	"internal/geo":         1,
	"internal/openid":      1,
	"internal/outbox":      1,
	"internal/redisstore":  1,
	"internal/rewrite":     1,
	"internal/shards":      1,
	"internal/siteconfig":  1,
	"internal/sqlitestore": 1,
	"internal/storetest":   1,
	"internal/translog":    1,

	"internal/catalogue":  0,
	"internal/consent":    0,
	"internal/experiment": 0,
	"internal/lang":       0,
	"static":              0,
	"static/build":        0,
}

// doors names the packages through which each outside library comes in, by the
// longest import path that matches.
var doors = map[string][]string{
	"github.com/a-h/templ":                 {"components", "templates"},
	"github.com/andybalholm/brotli":        {"internal/api"},
	"github.com/coreos/go-oidc/v3":         {"internal/openid"},
	"golang.org/x/oauth2":                  {"internal/openid"}, // go-oidc speaks through it
	"github.com/evanw/esbuild":             {"static/build"},
	"github.com/tdewolff/minify/v2":        {"static/build"},
	"github.com/fsnotify/fsnotify":         {"cmd/consentry"},
	"github.com/goccy/go-yaml":             {"internal/siteconfig"},
	"github.com/gorilla/securecookie":      {"internal/cookie"},
	"github.com/invopop/jsonschema":        {"internal/siteconfig"},
	"github.com/labstack/echo/v4":          {"internal/server", "internal/api", "internal/dashboard"},
	"github.com/oschwald/maxminddb-golang": {"internal/geo"},
	"github.com/prometheus/client_golang":  {"internal/server"},
	"github.com/redis/go-redis/v9":         {"internal/redisstore"},
	"github.com/spf13/cobra":               {"cmd/consentry"},
	"golang.org/x/crypto/argon2":           {"internal/dashboard"},
	"golang.org/x/net/html":                {"internal/doctor"},
	"golang.org/x/net/publicsuffix":        {"internal/api", "internal/siteconfig"},
	"golang.org/x/mod/sumdb":               {"internal/translog"},
	"golang.org/x/sys":                     {"internal/sqlitestore", "cmd/consentry"},
	"golang.org/x/text":                    {"internal/lang"},
	"modernc.org/sqlite":                   {"internal/sqlitestore"},
}

// pure packages decide and describe; nothing in them may reach the machine.
var pure = map[string][]string{
	"internal/consent":    {"os", "net", "net/http", "log", "log/slog", "flag", "io/fs", "database/sql", "math/rand", "math/rand/v2"},
	"internal/experiment": {"os", "net", "net/http", "log", "log/slog", "flag", "io/fs", "database/sql", "math/rand", "math/rand/v2"},
}

type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	Imports    []string
}

// listPackages asks the go command for our packages and all that they depend on.
func listPackages(t *testing.T) (ours, all map[string]listed) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,Imports", module+"/...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	ours, all = make(map[string]listed), make(map[string]listed)
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ours, all
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		all[p.ImportPath] = p
		// npm packages may carry Go files of their own.
		if name, ok := strings.CutPrefix(p.ImportPath, module+"/"); ok && !strings.Contains(name, "node_modules/") {
			ours[name] = p
		}
	}
}

// Every package imports downward only, and every outside library comes in
// through its door. What tests import is free.
func TestPackagesImportDownwardOnly(t *testing.T) {
	ours, all := listPackages(t)
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := floors[name]; !ok {
			t.Errorf("%s stands on no floor: put it into the list in this test and into the design", name)
			continue
		}
		for _, path := range ours[name].Imports {
			if complaint := judge(name, path, all[path].Standard); complaint != "" {
				t.Error(complaint)
			}
		}
	}
}

// judge returns what is wrong with package name importing path, "" when nothing.
func judge(name, path string, standard bool) string {
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		floor, known := floors[own]
		if !known || floor >= floors[name] {
			return name + " imports " + own + ", which does not stand on a lower floor"
		}
		return ""
	}
	if standard || path == "C" || path == "unsafe" {
		if slices.Contains(pure[name], path) {
			return name + " is pure and may not import " + path
		}
		return ""
	}
	if !slices.Contains(doorsOf(path), name) {
		return name + " imports " + path + "; its door is " + strings.Join(doorsOf(path), ", ")
	}
	return ""
}

func doorsOf(path string) []string {
	longest := ""
	for prefix := range doors {
		if (path == prefix || strings.HasPrefix(path, prefix+"/")) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	return doors[longest]
}

// The judge itself is held against imports that it must refuse, so that a list
// that permits everything cannot pass.
func TestTheJudgeRefusesForbiddenImports(t *testing.T) {
	refused := []struct {
		name, path string
		standard   bool
	}{
		{"internal/consent", module + "/internal/cookie", false},   // upward
		{"internal/api", module + "/internal/dashboard", false},    // sideways
		{"internal/cookie", module + "/internal/unlisted", false},  // nowhere
		{"internal/consent", "os", true},                           // not pure
		{"internal/dashboard", "modernc.org/sqlite", false},        // another door
		{"internal/server", "github.com/a-h/templ/runtime", false}, // another door, by prefix
		{"internal/dashboard", "golang.org/x/crypto/bcrypt", false},
		{"internal/api", "github.com/a-h/templates", false}, // only looks like a prefix
		{"cmd/consentry", "github.com/google/go-cmp/cmp", false},
	}
	for _, c := range refused {
		if judge(c.name, c.path, c.standard) == "" {
			t.Errorf("%s may import %s", c.name, c.path)
		}
	}
	if complaint := judge("internal/server", module+"/internal/api", false); complaint != "" {
		t.Error(complaint)
	}
	if complaint := judge("templates", "github.com/a-h/templ", false); complaint != "" {
		t.Error(complaint)
	}
}

// Only the command reads the environment, the clock and the command line;
// every other package is handed what it needs. Packages that serve tests alone
// are free.
func TestOnlyTheCommandReadsClockAndEnvironment(t *testing.T) {
	reserved := map[string][]string{
		"os":   {"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Args", "Exit"},
		"time": {"Now", "Since", "Until"},
		"flag": nil, // nil: everything
	}
	ours, _ := listPackages(t)
	for name, p := range ours {
		if name == "cmd/consentry" || name == "internal/storetest" || name == "static/build" {
			continue
		}
		for _, file := range p.GoFiles {
			for _, use := range selectors(t, filepath.Join(p.Dir, file)) {
				pkg, symbol, _ := strings.Cut(use, ".")
				if symbols, ok := reserved[pkg]; ok && (symbols == nil || slices.Contains(symbols, symbol)) {
					t.Errorf("%s/%s uses %s: hand it in instead", name, file, use)
				}
			}
		}
	}
}

// selectors lists what a file uses of other packages, as package.Name.
func selectors(t *testing.T, path string) (uses []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok {
				uses = append(uses, pkg.Name+"."+sel.Sel.Name)
			}
		}
		return true
	})
	return uses
}
