package siteconfig

import (
	"fmt"
	"reflect"
)

// fillIn sets the fields that the file does not have to the default of their
// tag, so that the manual and the program cannot disagree about it.
func (d *Document) fillIn(fields map[string]field, target reflect.Value, path string) {
	for name, f := range fields {
		v := target.FieldByIndex(f.index)
		if d.Has(join(path, name)) || !v.IsZero() {
			continue
		}
		switch {
		case f.standard != "":
			if err := setText(v, f.standard); err != nil {
				panic(fmt.Sprintf("siteconfig: default of %s: %v", join(path, name), err)) // a wrong tag, found by any test
			}
		case v.Kind() == reflect.Struct:
			d.fillIn(fieldsOf(v), v, join(path, name))
		}
	}
}

// setText sets a scalar, or a list of one, from the text of a tag.
func setText(v reflect.Value, s string) error {
	if t, ok := v.Addr().Interface().(textual); ok {
		return t.fromText(s)
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(s)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		v.Index(0).SetString(s)
	default:
		_, err := fmt.Sscan(s, v.Addr().Interface())
		return err
	}
	return nil
}
