package siteconfig

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// field is one key of a configuration file, as the struct's tags describe it.
type field struct {
	index []int
	goKey string // the Go name, under which its comment stands
	typ   reflect.Type
	keywords
}

// keywords are the parts of a jsonschema tag that the decoder and the manual
// use as well, so that all three always agree, and the tag sample, which shows
// how the field is written.
type keywords struct {
	required bool
	enum     []string
	standard string // the default
	example  string
}

// sample shows how the field is written, for a message about its absence.
func (f field) sample(name string) string {
	if f.example == "" {
		return `"` + name + `: …"`
	}
	return `"` + name + ": " + f.example + `"`
}

// fieldsOf returns the fields of a struct value by their YAML key. A field
// with the option inline gives its own fields instead of itself.
func fieldsOf(v reflect.Value) map[string]field {
	fields := make(map[string]field)
	for _, f := range orderedFields(v.Type()) {
		fields[f.key] = f.field
	}
	return fields
}

type keyedField struct {
	key string
	field
}

func orderedFields(t reflect.Type) []keyedField {
	var out []keyedField
	for _, f := range reflect.VisibleFields(t) {
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" || key == "-" || options == "inline" || !f.IsExported() {
			continue
		}
		out = append(out, keyedField{key, field{index: f.Index, goKey: f.Name, typ: f.Type, keywords: readKeywords(f.Tag)}})
	}
	return out
}

func readKeywords(tag reflect.StructTag) keywords {
	var k keywords
	k.example = tag.Get("sample")
	for _, word := range strings.Split(tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "required":
			k.required = true
		case "enum":
			k.enum = append(k.enum, value)
		case "default":
			k.standard = value
		}
	}
	return k
}

func fieldNames(fields map[string]field) []string { return slices.Sorted(maps.Keys(fields)) }

func fieldHint(key string, fields map[string]field) string {
	names := fieldNames(fields)
	if near := suggest(key, names); near != "" {
		return near
	}
	return "; known here: " + strings.Join(names, ", ")
}
