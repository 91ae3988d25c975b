package siteconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// ErrNoExperiment is a site file without an experiment of the name, ErrByHand one
// that is written in a form that cannot be changed safely.
var (
	ErrNoExperiment = errors.New("the site file has no such experiment")
	ErrByHand       = errors.New("the site file is written in a way that only its owner should change: " +
		"take the lines under experiment.variant into the file, in place of what they replace, and remove experiment")
)

// EndExperiment returns a site file without its experiment: with the variant in
// place of what the file said, or as it was. Every other line, comments included,
// stays as it is. The result is held against what it should say, and an error is
// returned when it differs.
func EndExperiment(file string, src []byte, id string, adopt bool, catalogue, locales fs.FS) ([]byte, error) {
	site, problems := LoadSite(file, src, catalogue, locales)
	if site == nil {
		return nil, fmt.Errorf("%s cannot be loaded: %s", file, problems[0])
	}
	if site.Experiment == nil || site.Experiment.ID != id {
		return nil, ErrNoExperiment
	}
	e := &editor{file: file, lines: strings.Split(string(src), "\n")}
	want := site
	if adopt {
		want = site.Experiment.Variant
		e.adopt()
	}
	e.remove("experiment")
	edited := []byte(strings.Join(e.lines, "\n"))
	got, _ := LoadSite(file, edited, catalogue, locales)
	if e.failed || got == nil || got.Experiment != nil || !alike(got, want) {
		return nil, ErrByHand
	}
	return edited, nil
}

// alike reports whether two sites show and ask the same.
func alike(a, b *consent.Site) bool {
	x, y := *a, *b
	x.Experiment, y.Experiment, x.Variant, y.Variant = nil, nil, "", ""
	return reflect.DeepEqual(x, y)
}

// editor changes single lines of a site file in block style.
type editor struct {
	file   string
	lines  []string
	failed bool
}

// read parses the file as it is now.
func (e *editor) read() (*Document, SiteFile) {
	var f SiteFile
	return Read(e.file, []byte(strings.Join(e.lines, "\n")), &f), f
}

// adopt takes what the variant changes into the file.
func (e *editor) adopt() {
	_, f := e.read()
	whole := f.with(f.Experiment.Variant)
	e.set(whole.Layout, "layout")
	if whole.Position == "" {
		e.remove("position")
	} else {
		e.set(whole.Position, "position")
	}
	texts := f.Experiment.Variant.Texts
	for _, locale := range slices.Sorted(maps.Keys(texts)) {
		own := texts[locale]
		for _, s := range sentences(own) {
			e.set(s.what, "texts", locale, s.at)
		}
		for _, id := range slices.Sorted(maps.Keys(own.Categories)) {
			for name, text := range map[string]string{"title": own.Categories[id].Title, "description": own.Categories[id].Description} {
				if text != "" {
					e.set(text, "texts", locale, "categories", id, name)
				}
			}
		}
		for _, english := range slices.Sorted(maps.Keys(own.Phrases)) {
			e.set(own.Phrases[english], "texts", locale, "phrases", english)
		}
	}
}

// set writes a scalar under its path, in place of the value that is there, or as a
// new line below the nearest parent that is there.
func (e *editor) set(value string, path ...string) {
	doc, _ := e.read()
	depth := len(path)
	for depth > 0 && doc.places[strings.Join(path[:depth], ".")] == (place{}) {
		depth--
	}
	if depth == len(path) {
		at := doc.places[strings.Join(path, ".")].line - 1
		e.replace(at, e.end(at), []string{indentOf(e.lines[at]) + line(path[depth-1], value) + trailingComment(e.lines[at])})
		return
	}
	at, indent := doc.places["experiment"].line-1, ""
	if depth > 0 {
		parent := doc.places[strings.Join(path[:depth], ".")].line - 1
		if !strings.HasSuffix(strings.TrimSpace(strings.Split(e.lines[parent], " #")[0]), ":") {
			e.failed = true // its mapping is on the same line
			return
		}
		at, indent = parent+1, e.childIndent(parent)
	}
	var fresh []string
	for ; depth < len(path)-1; depth++ {
		fresh = append(fresh, indent+quoted(path[depth])+":")
		indent += "  "
	}
	e.replace(at, at, append(fresh, indent+line(path[depth], value)))
}

// remove takes a top-level key out with all that belongs to it.
func (e *editor) remove(name string) {
	doc, _ := e.read()
	if at, ok := doc.places[name]; ok {
		e.replace(at.line-1, e.end(at.line-1), nil)
	}
}

func (e *editor) replace(from, to int, with []string) {
	e.lines = slices.Replace(e.lines, from, to, with...)
}

// end is the first line after the one at and what is indented below it. Blank lines
// and comments before the next key belong to that one.
func (e *editor) end(at int) int {
	indent, end := len(indentOf(e.lines[at])), at+1
	for i := at + 1; i < len(e.lines); i++ {
		text := strings.TrimSpace(e.lines[i])
		if text == "" {
			continue
		}
		if len(indentOf(e.lines[i])) <= indent {
			break
		}
		end = i + 1
	}
	return end
}

// childIndent is how the lines below a parent are indented.
func (e *editor) childIndent(parent int) string {
	for _, l := range e.lines[parent+1 : e.end(parent)] {
		if text := strings.TrimSpace(l); text != "" && !strings.HasPrefix(text, "#") {
			return indentOf(l)
		}
	}
	return indentOf(e.lines[parent]) + "  "
}

func indentOf(l string) string { return l[:len(l)-len(strings.TrimLeft(l, " "))] }

// trailingComment keeps what an owner wrote behind a value that ends on its line.
func trailingComment(l string) string {
	closed := byte(0) // the quote that is open
	for i := 0; i < len(l); i++ {
		switch c := l[i]; {
		case closed == '"' && c == '\\', closed == '\'' && strings.HasPrefix(l[i:], "''"):
			i++ // the next one is text
		case closed != 0 && c == closed:
			closed = 0
		case closed != 0:
		case c == '#' && i > 0 && l[i-1] == ' ':
			return strings.TrimRight(l[i-1:], " \r")
		case (c == '"' || c == '\'') && (i == 0 || l[i-1] == ' '): // elsewhere it is a letter
			closed = c
		}
	}
	return ""
}

// line writes a key and its value; what is no plain word is quoted.
func line(name, value string) string { return quoted(name) + ": " + quoted(value) }

// plainWord is what needs no quotes, unless YAML once took it for something else.
var plainWord = regexp.MustCompile(`^[a-z][a-z_-]*$`)

func quoted(s string) string {
	if plainWord.MatchString(s) && !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, s) {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b) // JSON is YAML
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSpace(b.String())
}
