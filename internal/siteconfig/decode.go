package siteconfig

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// textual is a type that one word or line may stand for; an error's words
// become the problem.
type textual interface{ fromText(string) error }

func (d *Document) decode(parsed *ast.File, into any) {
	target := reflect.ValueOf(into).Elem()
	var bodies []ast.Node
	for _, doc := range parsed.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		d.mapping(nil, target, "")
	case 1:
		d.value(bodies[0], target, "", keywords{})
	default:
		line, column := position(bodies[1].GetToken())
		d.problems = append(d.problems, Problem{File: d.file, Line: line, Column: column,
			Message: "a second document begins here; put it into a file of its own"})
	}
}

// value sets target from node. Its place is known already, save for items of a
// list, which begin where the node does.
func (d *Document) value(node ast.Node, target reflect.Value, path string, tag keywords) {
	if target.Kind() == reflect.Pointer {
		if _, none := node.(*ast.NullNode); none {
			d.null(path) // a pointer would say that there is something
			return
		}
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	if target.Kind() == reflect.Interface {
		d.free(node, target, path)
		return
	}
	switch n := node.(type) {
	case *ast.NullNode:
		d.null(path)
	case *ast.MappingNode:
		d.mapping(n.Values, target, path)
	case *ast.MappingValueNode:
		d.mapping([]*ast.MappingValueNode{n}, target, path)
	case *ast.SequenceNode:
		d.sequence(n, target, path, tag)
	case *ast.StringNode:
		d.text(n.Value, target, path, tag)
	case *ast.LiteralNode:
		d.text(n.Value.Value, target, path, tag)
	case *ast.BoolNode:
		if target.Kind() != reflect.Bool {
			d.mismatch(path, target, fmt.Sprint(n.Value))
			return
		}
		target.SetBool(n.Value)
	case *ast.IntegerNode:
		d.integer(n.GetToken().Value, target, path)
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		d.mismatch(path, target, node.GetToken().Value)
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		d.Fail(path, "%s uses an anchor, alias or tag of YAML, which is not read here; write the value out", label(path))
	default:
		d.Fail(path, "%s is nothing that can be read here", label(path))
	}
}

// null leaves a key without a value as if it were not there.
func (d *Document) null(path string) {
	d.empty[path] = true
	if colour := d.comment(d.nearest(path).line); colour != "" {
		d.Fail(path, "%s is empty, because YAML takes %s for a comment; put it in quotes: %q", label(path), colour, colour)
	}
}

func (d *Document) mapping(pairs []*ast.MappingValueNode, target reflect.Value, path string) {
	switch target.Kind() {
	case reflect.Struct:
		fields := fieldsOf(target)
		d.pairs(pairs, path, func(key, at string, value ast.Node) {
			field, ok := fields[key]
			if !ok {
				d.unknown = append(d.unknown, at)
				d.Fail(at, "unknown field %q%s", key, fieldHint(key, fields))
				return
			}
			d.value(value, target.FieldByIndex(field.index), at, field.keywords)
		})
		d.require(fields, target, path)
		d.fillIn(fields, target, path)
	case reflect.Map:
		if target.IsNil() {
			target.Set(reflect.MakeMap(target.Type()))
		}
		d.pairs(pairs, path, func(key, at string, value ast.Node) {
			item := reflect.New(target.Type().Elem()).Elem()
			d.value(value, item, at, keywords{})
			target.SetMapIndex(reflect.ValueOf(key).Convert(target.Type().Key()), item)
		})
	default:
		d.mismatch(path, target, "a mapping")
	}
}

// pairs notes the place of every key and refuses a key that stands twice.
func (d *Document) pairs(pairs []*ast.MappingValueNode, path string, each func(key, at string, value ast.Node)) {
	for _, pair := range pairs {
		name, ok := pair.Key.(*ast.StringNode)
		line, column := position(pair.Key.GetToken())
		key := pair.Key.GetToken().Value
		if ok {
			key = name.Value
		}
		at := join(path, key)
		if first, twice := d.places[at]; twice && at != "" {
			d.problems = append(d.problems, Problem{File: d.file, Line: line, Column: column,
				Message: fmt.Sprintf("%q stands here again, first on line %d; keep one of them", key, first.line)})
			continue
		}
		d.places[at] = place{line, column}
		switch pair.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode:
			each(key, at, pair.Value)
		default:
			d.Fail(at, "a key must be a plain word; merge keys and composed keys are not read here")
		}
	}
}

func (d *Document) sequence(n *ast.SequenceNode, target reflect.Value, path string, tag keywords) {
	if target.Kind() != reflect.Slice {
		d.mismatch(path, target, "a list")
		return
	}
	items := reflect.MakeSlice(target.Type(), len(n.Values), len(n.Values))
	for i, item := range n.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		line, column := start(item)
		d.places[at] = place{line, column}
		if _, empty := item.(*ast.NullNode); empty {
			d.Fail(at, "an item of %s is empty; write it or remove the dash", label(path))
		}
		d.value(item, items.Index(i), at, tag)
	}
	target.Set(items)
}

// start is where a node begins: a mapping at its first key, not at its colon.
func start(node ast.Node) (line, column int) {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return start(n.Values[0])
		}
	case *ast.MappingValueNode:
		return position(n.Key.GetToken())
	}
	return position(node.GetToken())
}

// turns reports whether a character makes what follows it read in another order than
// it is written. https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
func turns(r rune) bool { return '\u202a' <= r && r <= '\u202e' }

func (d *Document) text(s string, target reflect.Value, path string, tag keywords) {
	if i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
		d.Fail(path, "%s holds a control character; remove it", label(path))
		return
	}
	if strings.ContainsFunc(s, turns) {
		d.Fail(path, "%s holds a character that turns the direction of writing for what follows (U+202A–U+202E); remove it, or isolate words of the other direction between U+2068 and U+2069", label(path))
		return
	}
	s = strings.TrimSpace(s)
	if t, ok := target.Addr().Interface().(textual); ok {
		if err := t.fromText(s); err != nil {
			d.Fail(path, "%s %v", label(path), err)
		}
		return
	}
	if target.Kind() != reflect.String {
		d.mismatch(path, target, fmt.Sprintf("%q", s))
		return
	}
	if len(tag.enum) > 0 && !slices.Contains(tag.enum, s) {
		d.Fail(path, "%s must be %s, not %q%s", label(path), list(tag.enum, "or"), s, suggest(s, tag.enum))
		return
	}
	target.SetString(s)
}

func (d *Document) integer(s string, target reflect.Value, path string) {
	if !target.CanInt() || isTextual(target) {
		d.mismatch(path, target, s)
		return
	}
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil || target.OverflowInt(n) {
		d.Fail(path, "%s is out of range: %s", label(path), s)
		return
	}
	target.SetInt(n)
}

func isTextual(target reflect.Value) bool {
	_, ok := target.Addr().Interface().(textual)
	return ok
}

// mismatch says what was expected and how to write it.
func (d *Document) mismatch(path string, target reflect.Value, got string) {
	if target.Kind() == reflect.String && got != "a list" && got != "a mapping" {
		d.Fail(path, "%s must be text; put it in quotes: %q", label(path), got)
		return
	}
	d.Fail(path, "%s must be %s, not %s", label(path), kindName(target), got)
}

func kindName(target reflect.Value) string {
	switch {
	case target.CanInt() && isTextual(target):
		return `a length of time such as "180d" or "24h"`
	case isTextual(target) && target.Kind() != reflect.String:
		return "text or a mapping"
	case target.Kind() == reflect.Bool:
		return "true or false"
	case target.CanInt():
		return "a whole number"
	case target.Kind() == reflect.Slice:
		return "a list"
	case target.Kind() == reflect.Struct, target.Kind() == reflect.Map:
		return "a mapping"
	}
	return "text"
}

// require reports the required fields of a struct that the file does not have.
func (d *Document) require(fields map[string]field, target reflect.Value, path string) {
	for _, name := range fieldNames(fields) {
		f := fields[name]
		v, at := target.FieldByIndex(f.index), join(path, name)
		if !f.required || !v.IsZero() || d.failedAt(at) || v.Kind() == reflect.Struct && d.Has(at) {
			continue
		}
		switch {
		case d.Has(at) || d.empty[at]:
			d.Fail(at, "%s is empty; write %s", label(at), f.sample(name))
		case path == "":
			d.Fail("", "the file has no %s; add %s", name, f.sample(name))
		default:
			d.Fail(path, "%s has no %s; add %s", label(path), name, f.sample(name))
		}
	}
}

// failedAt reports whether a value was refused already, so that it is not
// called empty as well.
func (d *Document) failedAt(path string) bool {
	at, ok := d.places[path]
	return ok && slices.ContainsFunc(d.problems, func(p Problem) bool {
		return p.Line == at.line && p.Column == at.column
	})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// label names a path in a message.
func label(path string) string {
	if path == "" {
		return "the file"
	}
	if path[0] == '[' {
		return "entry" + path
	}
	return path
}
