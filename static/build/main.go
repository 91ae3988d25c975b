// Command build makes the bundles in dist from the TypeScript in src: esbuild
// joins the modules, and a second program shortens what it leaves. It is run by
// go generate and by the test that holds what is committed against the source.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"
)

// bundles maps each file of dist to the module that wires it.
var bundles = map[string]string{
	"gate.js":         "main.ts",
	"gate-auto.js":    "auto-main.ts",
	"local.js":        "main.ts",
	"local-auto.js":   "auto-main.ts",
	"opener.js":       "opener-main.ts",
	"bootstrap.js":    "bootstrap-main.ts",
	"early.js":        "early-main.ts",
	"banner.js":       "banner-main.ts",
	"preferences.js":  "preferences-main.ts",
	"placeholders.js": "placeholders-main.ts",
	"declaration.js":  "declaration-main.ts",
}

// ours is the bundle of the operators' own pages, the one with code of others.
const (
	ours      = "dashboard.js"
	oursEntry = "dashboard-main.ts"
	oursSheet = "uplot.css"
)

// alone are the bundles of sites whose visitors all have one regime.
var alone = []string{"gate.js", "gate-auto.js", "bootstrap.js", "early.js"}

// members of the gate's object that only our own bundles see, by the names that
// they have in all of them. Bundles of two versions may meet in a page, so that a
// name that was given stays.
var members = map[string]any{
	"asks": "a", "begin": "b", "follow": "f", "grant": "g", "held": "h", "hide": "i", "lend": "l", "lent": "n", "made": "m",
	"place": "p", "policy": "y", "prefer": "e", "ran": "d", "refresh": "r", "release": "s", "roots": "o", "trusted": "t",
}

// eager asks Chromium to compile a script's functions while it arrives, off the
// page's thread, not one by one as they are called: these bundles run on every
// page. To other engines it is a comment.
// https://developer.chrome.com/docs/web-platform/explicit-compile-hints
const eager = "//# allFunctionsCalledOnLoad\n"

// onEveryPage lists the bundles that begin with eager.
var onEveryPage = []string{"gate.js", "gate-auto.js", "local.js", "local-auto.js", "opener.js"}

func main() {
	log.SetFlags(0)
	src := flag.String("src", "src", "folder of the modules")
	dist := flag.String("dist", "dist", "folder that the bundles are written to")
	flag.Parse()
	for name, entry := range bundles {
		script, err := bundle(filepath.Join(*src, entry), map[string]string{
			"REGIMES": strconv.FormatBool(!slices.Contains(alone, name)), "AUTO": strconv.FormatBool(entry == "auto-main.ts"),
		})
		if slices.Contains(onEveryPage, name) {
			script = append([]byte(eager), script...)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(*dist, name), script, 0o644)
		}
		if err != nil {
			log.Fatalf("build %s: %v", name, err)
		}
	}
	modules := filepath.Join(filepath.Dir(*src), "node_modules")
	if !installed(modules) {
		log.Printf("%s and %s stay as they are: what they are made of is not here; cd static && npm ci", ours, oursSheet)
		return
	}
	if err := dashboard(filepath.Join(*src, oursEntry), modules, *dist); err != nil {
		log.Fatalf("build %s: %v", ours, err)
	}
}

// dashboard makes the script and the style of the operators' pages.
func dashboard(entry, modules, dist string) error {
	says, err := licences(modules)
	if err != nil {
		return err
	}
	script, err := joined(api.BuildOptions{EntryPoints: []string{entry}, MinifyWhitespace: true, MinifyIdentifiers: true, Plugins: []api.Plugin{{Name: "in English", Setup: inEnglish}}})
	if err != nil {
		return err
	}
	sheet, err := os.ReadFile(filepath.Join(modules, uplotSheet))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dist, oursSheet), sheet, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, ours), append(says, script...), 0o644)
}

func bundle(entry string, defined map[string]string) ([]byte, error) {
	script, err := joined(api.BuildOptions{
		EntryPoints: []string{entry}, Define: defined,
		MangleProps: "^(" + strings.Join(slices.Sorted(maps.Keys(members)), "|") + ")$", MangleCache: maps.Clone(members),
	})
	if err != nil {
		return nil, err
	}
	m := minify.New()
	m.AddFunc("text/javascript", js.Minify)
	var short bytes.Buffer
	err = m.Minify("text/javascript", &short, bytes.NewReader(script))
	return short.Bytes(), err
}

// joined is one script of all modules that an entry imports.
func joined(o api.BuildOptions) ([]byte, error) {
	o.Bundle, o.Format, o.Target, o.Charset = true, api.FormatIIFE, api.ES2021, api.CharsetUTF8
	o.MinifySyntax, o.LegalComments, o.LogLevel = true, api.LegalCommentsNone, api.LogLevelWarning
	result := api.Build(o)
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%s: %d errors", o.EntryPoints[0], len(result.Errors))
	}
	return result.OutputFiles[0].Contents, nil
}
