package siteconfig

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

// free reads a value whose kind is the file's choice: text, true or false, a
// whole number, a list or a mapping of such.
func (d *Document) free(node ast.Node, target reflect.Value, path string) {
	var v reflect.Value
	switch node.(type) {
	case *ast.BoolNode:
		v = reflect.ValueOf(new(bool))
	case *ast.IntegerNode:
		v = reflect.ValueOf(new(int64))
	case *ast.SequenceNode:
		v = reflect.ValueOf(new([]any))
	case *ast.MappingNode, *ast.MappingValueNode:
		v = reflect.ValueOf(new(map[string]any))
	default:
		v = reflect.ValueOf(new(string))
	}
	d.value(node, v.Elem(), path, keywords{})
	target.Set(v.Elem())
}
