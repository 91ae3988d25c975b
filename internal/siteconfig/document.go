package siteconfig

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a configuration file, in bytes and in brackets open at once: the
// parser's time grows with the square of its nesting.
const (
	maxFile  = 256 << 10
	maxDepth = 100
)

// Document is a configuration file that was read: it knows where each value
// stands and collects what is wrong with them.
type Document struct {
	file     string
	lines    []string
	places   map[string]place // by path: "controller.address", "categories[0].id"
	empty    map[string]bool  // paths of keys without a value
	unknown  []string         // paths of keys that are no fields
	problems []Problem
}

type place struct{ line, column int }

// Decode reads src strictly into the struct that into points to and returns
// all problems: syntax, unknown fields, duplicate keys, wrong types, missing
// required fields and words outside an enumeration, the last two by the
// fields' jsonschema tags. Fields without a value keep what into had.
func Decode(file string, src []byte, into any) []Problem {
	return Read(file, src, into).Problems()
}

// Read is Decode for callers that check more: they add what they find with
// Fail and Warn and take it all from Problems.
func Read(file string, src []byte, into any) *Document {
	doc := &Document{file: file, places: map[string]place{"": {1, 1}}, empty: make(map[string]bool)}
	if len(src) > maxFile {
		doc.problems = []Problem{{File: file, Message: fmt.Sprintf("the file has %d bytes; at most %d are read", len(src), maxFile)}}
		return doc
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	doc.lines = strings.Split(string(src), "\n")
	if doc.foreign(src) {
		return doc
	}
	parsed, err := parse(src)
	if err != nil {
		doc.syntax(err)
		return doc
	}
	doc.decode(parsed, into)
	return doc
}

// Fail adds a problem at a path, or at the nearest parent that is in the file.
func (d *Document) Fail(path, format string, args ...any) { d.add(path, false, format, args...) }

// Warn is Fail for what is allowed but probably not meant.
func (d *Document) Warn(path, format string, args ...any) { d.add(path, true, format, args...) }

// Has reports whether the file has a value at path.
func (d *Document) Has(path string) bool {
	_, ok := d.places[path]
	return ok && !d.empty[path]
}

// first returns the first of the paths that the file has, or the last of all.
func (d *Document) first(paths ...string) string {
	for _, path := range paths {
		if d.Has(path) {
			return path
		}
	}
	return paths[len(paths)-1]
}

// Problems returns everything found so far, ordered by place.
func (d *Document) Problems() []Problem { return sorted(d.problems) }

func (d *Document) add(path string, warning bool, format string, args ...any) {
	at := d.nearest(path)
	d.problems = append(d.problems, Problem{
		File: d.file, Line: at.line, Column: at.column,
		Message: fmt.Sprintf(format, args...), Warning: warning,
	})
}

func (d *Document) nearest(path string) place {
	for {
		if at, ok := d.places[path]; ok {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// foreign reports text of another encoding, which would be shown as question marks.
func (d *Document) foreign(src []byte) bool {
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		d.problems = append(d.problems, Problem{File: d.file, Line: 1, Column: 1, Message: "the file is written as UTF-16; save it as UTF-8"})
		return true
	}
	for i, line := range d.lines {
		if column := strings.IndexFunc(line, func(r rune) bool { return r == utf8.RuneError }); column >= 0 && !utf8.ValidString(line) {
			d.problems = append(d.problems, Problem{File: d.file, Line: i + 1, Column: utf8.RuneCountInString(line[:column]) + 1,
				Message: "a letter here is not written as UTF-8; save the file as UTF-8"})
			return true
		}
	}
	return false
}

// mend says what to do about a message of the parser, "" when it says so itself.
func (d *Document) mend(message string, line int) string {
	for _, known := range [...]struct{ part, mend string }{
		{"'\t'", "; indent with spaces, not with tabs"},
		{"non-map value", `; write "name: value", with a space behind the colon, and indent what belongs together alike`},
		{"not allowed in this context", "; indent what belongs together alike, and put text that has a colon in it in quotes"},
		{"unexpected key name", "; indent what belongs together alike"},
		{"could not find end character", "; close the quotes"},
		{"must be specified", "; close the bracket"},
	} {
		if strings.Contains(message, known.part) {
			return known.mend
		}
	}
	if colour := d.comment(line); colour != "" {
		return fmt.Sprintf("; YAML takes %s for a comment, so put it in quotes: %q", colour, colour)
	}
	return ""
}

func (d *Document) syntax(err error) {
	problem := Problem{File: d.file, Line: 1, Column: 1, Message: "not readable as YAML: " + err.Error()}
	if located, ok := err.(yaml.Error); ok && located.GetToken() != nil {
		problem.Line, problem.Column = position(located.GetToken())
		problem.Message = "not readable as YAML: " + located.GetMessage() + d.mend(located.GetMessage(), problem.Line)
	}
	d.problems = append(d.problems, problem)
}

// parse turns a panic of the parser into an error: a file that an owner has
// half written must never stop a running server.
func parse(src []byte) (file *ast.File, err error) {
	depth := 0
	for _, c := range src {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		if depth > maxDepth {
			return nil, fmt.Errorf("more than %d brackets are open at once", maxDepth)
		}
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the parser gave up: %v", cause)
		}
	}()
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

func position(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return max(1, t.Position.Line), max(1, t.Position.Column)
}

var looksLikeColour = regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b`)

// comment returns what YAML took for a comment where a colour was meant.
func (d *Document) comment(line int) string {
	if line < 1 || line > len(d.lines) {
		return ""
	}
	return looksLikeColour.FindString(d.lines[line-1])
}
