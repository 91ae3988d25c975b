package siteconfig

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

const manualWidth = 76

// DescribeSite returns the manual of the site file.
func DescribeSite() (string, error) {
	return Describe(SiteFile{}, siteSource, categorySource, consentModeSource, countingSource, experimentSource, regimeSource)
}

// Describe returns the manual of a configuration struct: every field with its
// type, default and comment, in the order of the source. sources are the Go
// files, embedded by their package, in which the struct and the structs of its
// fields are declared. A field without a comment is an error: the comments are
// the manual.
func Describe(root any, sources ...string) (string, error) {
	found, err := readComments(sources)
	if err != nil {
		return "", err
	}
	m := manual{comments: found}
	m.fields(reflect.TypeOf(root), "")
	return m.out.String(), errors.Join(m.missing...)
}

type manual struct {
	comments comments
	out      strings.Builder
	missing  []error
}

func (m *manual) fields(t reflect.Type, prefix string) {
	for _, f := range orderedFields(t) {
		path := prefix + f.key
		text, name := m.comments[t.Name()+"."+f.goKey], t.Name()+"."+f.goKey
		if text == "" {
			m.missing = append(m.missing, fmt.Errorf("%s has no comment", name))
		}
		fmt.Fprintf(&m.out, "%s: %s\n%s\n", path, f.kind(), wrap(text, "    "))
		inner, suffix := element(f.typ)
		if inner == reflect.TypeFor[consent.Texts]() {
			m.texts(inner)
		} else if inner.Kind() == reflect.Struct {
			m.fields(inner, path+suffix+".")
		}
	}
}

// texts lists the names only: the sentences themselves say what they are.
func (m *manual) texts(t reflect.Type) {
	var names []string
	for _, f := range orderedFields(t) {
		if f.typ.Kind() == reflect.String {
			names = append(names, f.key)
		}
	}
	fmt.Fprintf(&m.out, "%s\n%s\n", wrap("The names: "+strings.Join(names, ", ")+".", "    "),
		wrap("And categories.ID.title and categories.ID.description, and phrases: a mapping from the words of a cookie's purpose or duration, as they stand in the catalogue or below services, to what is shown for them.", "    "))
}

// element unwraps lists and mappings down to what they hold.
func element(t reflect.Type) (reflect.Type, string) {
	suffix := ""
	for {
		switch t.Kind() {
		case reflect.Pointer:
			t = t.Elem()
		case reflect.Slice:
			t, suffix = t.Elem(), suffix+"[]"
		case reflect.Map:
			t, suffix = t.Elem(), suffix+".*"
		default:
			return t, suffix
		}
	}
}

// kind says in words what may be written.
func (f field) kind() string {
	words := []string{typeName(f.typ)}
	if len(f.enum) > 0 {
		words[0] = list(slices.Clone(f.enum), "or")
		if f.typ.Kind() == reflect.Slice {
			words[0] = "list of " + words[0]
		}
	}
	if f.required {
		words = append(words, "required")
	}
	if f.standard != "" {
		words = append(words, "default "+f.standard)
	}
	if f.example != "" {
		words = append(words, "such as "+f.example)
	}
	return strings.Join(words, "; ")
}

func typeName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Duration]():
		return "length of time"
	case reflect.TypeFor[Color]():
		return "colour"
	case reflect.TypeFor[Label]():
		return "text, or mapping from locale to text"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map, reflect.Struct:
		return "mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	}
	return "whole number"
}

// wrap breaks text into indented lines of manualWidth.
func wrap(text, indent string) string {
	var out strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		if width == 0 || width+1+n > manualWidth {
			if width > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(indent)
			width = len(indent)
		} else {
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += n
	}
	out.WriteByte('\n')
	return out.String()
}
