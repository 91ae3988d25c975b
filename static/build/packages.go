package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// packages are what the dashboard's bundle takes from npm, at the versions that
// package-lock.json names. Their licences go where their code goes.
var packages = []string{"uplot", "htmx.org"}

// uplotSheet is the style that uPlot's elements need, beside its modules.
const uplotSheet = "uplot/dist/uPlot.min.css"

// installed reports whether npm ci has run since the packages were last changed. A
// clone is built and tested with Go alone; only who changes the dashboard's script
// needs them.
func installed(modules string) bool {
	for _, name := range packages {
		if _, err := os.Stat(filepath.Join(modules, name, "package.json")); err != nil {
			return false
		}
	}
	return true
}

// licences is the comment that a bundle with the packages begins with.
func licences(modules string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("/*!\n")
	for _, name := range packages {
		var about struct{ Version string }
		described, err := os.ReadFile(filepath.Join(modules, name, "package.json"))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(described, &about); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		text, err := os.ReadFile(filepath.Join(modules, name, "LICENSE"))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s %s\n\n%s\n\n", name, about.Version, bytes.TrimSpace(text))
	}
	b.WriteString("*/\n")
	return b.Bytes(), nil
}

// inEnglish makes uPlot write numbers in the language of the dashboard's pages. As it
// comes it asks for the browser's, and where that is "C" nothing of the bundle runs.
func inEnglish(b api.PluginBuild) {
	b.OnLoad(api.OnLoadOptions{Filter: `uPlot\.esm\.js$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		module, err := os.ReadFile(args.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		text := strings.Replace(string(module), "domEnv ? nav.language : 'en-US'", "'en'", 1)
		if text == string(module) {
			return api.OnLoadResult{}, errors.New("uPlot asks for the language in other words now")
		}
		return api.OnLoadResult{Contents: &text}, nil
	})
}
