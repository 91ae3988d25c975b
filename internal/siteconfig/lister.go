package siteconfig

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// lister writes a declaration into the lines of a site file, in the style that is
// there.
type lister struct {
	editor
	d Declaration
}

// list finds the place: an item of the category's services, or the services of the
// category, or the category, or all categories.
func (e *lister) list() {
	parsed, err := parse([]byte(strings.Join(e.lines, "\n")))
	if err != nil || len(parsed.Docs) != 1 {
		e.failed = true
		return
	}
	whole := e.d.item("    ")
	category := append([]string{"- id: " + quotedID(e.d.Category), "  services:"}, whole...)
	inline := "{id: " + quotedID(e.d.Category) + ", services: [" + e.d.inline() + "]}"
	all, there := pair(parsed.Docs[0].Body, "categories")
	if !there {
		e.insert(e.bottom(), append([]string{"categories:"}, indented(category, 2)...))
		return
	}
	list, ok := all.Value.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		e.fill(all, list, category, inline)
		return
	}
	for _, item := range list.Values {
		if id, ok := pair(item, "id"); ok && text(id.Value) == e.d.Category {
			e.under(item, id)
			return
		}
	}
	e.append(list, category, inline)
}

// under lists the service in a category that is there.
func (e *lister) under(category ast.Node, id *ast.MappingValueNode) {
	services, there := pair(category, "services")
	if !there {
		if flows(category) {
			e.inside(category.(*ast.MappingNode).End, ", services: ["+e.d.inline()+"]")
			return
		}
		line, column := position(id.Key.GetToken())
		e.insert(line, indented(append([]string{"services:"}, e.d.item("  ")...), column-1))
		return
	}
	list, _ := services.Value.(*ast.SequenceNode)
	switch {
	case list == nil || len(list.Values) == 0:
		e.fill(services, list, e.d.item(""), e.d.inline())
	case list.IsFlowStyle && !e.d.bare() && !flows(category) && e.unfold(services, list):
	default:
		e.append(list, e.d.item(""), e.d.inline())
	}
}

// fill writes the first item under a key that has none: no value, or [].
func (e *lister) fill(key *ast.MappingValueNode, list *ast.SequenceNode, block []string, inline string) {
	line, column := position(key.Key.GetToken())
	switch _, empty := key.Value.(*ast.NullNode); {
	case list != nil:
		e.inside(list.End, inline)
	case empty:
		e.insert(line, indented(block, column+1))
	default:
		e.failed = true
	}
}

// append writes an item at the end of a list that has some.
func (e *lister) append(list *ast.SequenceNode, block []string, inline string) {
	if list.IsFlowStyle {
		e.inside(list.End, ", "+inline)
		return
	}
	line, column := position(list.Start)
	e.insert(e.listEnd(line-1, column-1), indented(block, column-1))
}

// unfold turns a list of plain words on its key's line into one with a line for
// each, the new item below them: a service that is spelled out is read so.
func (e *lister) unfold(key *ast.MappingValueNode, list *ast.SequenceNode) bool {
	at, column := position(key.Key.GetToken())
	from, first := position(list.Start)
	to, last := position(list.End)
	runes := []rune(e.lines[at-1])
	if from != at || to != at || last > len(runes) || runes[first-1] != '[' || runes[last-1] != ']' {
		return false
	}
	var block []string
	for _, value := range list.Values {
		word, ok := value.(*ast.StringNode)
		if !ok {
			return false
		}
		block = append(block, "- "+quotedID(word.Value))
	}
	e.lines[at-1] = strings.TrimRight(string(runes[:first-1]), " ") + strings.TrimRight(string(runes[last:]), "\r") + e.ending()
	e.insert(at, indented(append(block, e.d.item("")...), column+1))
	return true
}

// inside writes a text before a bracket that closes.
func (e *lister) inside(bracket *token.Token, text string) {
	at, column := position(bracket)
	if at > len(e.lines) {
		e.failed = true
		return
	}
	runes := []rune(e.lines[at-1])
	if column > len(runes) || runes[column-1] != ']' && runes[column-1] != '}' {
		e.failed = true
		return
	}
	e.lines[at-1] = string(runes[:column-1]) + text + string(runes[column-1:])
}

// insert writes lines before the one at, counted from 0.
func (e *lister) insert(at int, lines []string) {
	for i := range lines {
		lines[i] += e.ending()
	}
	e.replace(at, at, lines)
}

// ending is what the file's lines end with before the line feed.
func (e *lister) ending() string {
	if strings.HasSuffix(e.lines[0], "\r") {
		return "\r"
	}
	return ""
}

// bottom is the line after all that the file says.
func (e *lister) bottom() int {
	for i := len(e.lines); i > 0; i-- {
		if strings.TrimSpace(e.lines[i-1]) != "" {
			if i == len(e.lines) {
				e.lines = append(e.lines, "")
			}
			return i
		}
	}
	return 0
}

// listEnd is the line after the last item of a list in block style, whose first item
// is on the line at under a dash with that indent. Comments after it belong to what
// follows.
func (e *lister) listEnd(at, indent int) int {
	end := at + 1
	for i := at + 1; i < len(e.lines); i++ {
		said := strings.TrimSpace(e.lines[i])
		if said == "" || said[0] == '#' {
			continue
		}
		deep := len(indentOf(e.lines[i]))
		if deep < indent || deep == indent && said != "-" && !strings.HasPrefix(said, "- ") {
			break
		}
		end = i + 1
	}
	return end
}

// flows reports whether a mapping stands between brackets.
func flows(node ast.Node) bool {
	mapping, ok := node.(*ast.MappingNode)
	return ok && mapping.IsFlowStyle
}

func indented(lines []string, by int) []string {
	list := make([]string, len(lines))
	for i, l := range lines {
		list[i] = strings.Repeat(" ", by) + l
	}
	return list
}

// pair finds a key of a mapping.
func pair(node ast.Node, key string) (*ast.MappingValueNode, bool) {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	}
	for _, p := range pairs {
		if text(p.Key) == key {
			return p, true
		}
	}
	return nil, false
}

func text(node ast.Node) string {
	if s, ok := node.(*ast.StringNode); ok {
		return s.Value
	}
	return ""
}
