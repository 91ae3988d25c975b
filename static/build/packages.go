package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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
