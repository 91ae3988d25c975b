package siteconfig

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/consentry/consentry/internal/consent"
)

// The types that a single word of a site file may stand for.

// Regime is opt-in, or local.
type Regime string

func (r *Regime) fromText(s string) error {
	switch s {
	case string(consent.OptIn), "local":
		*r = Regime(s)
		return nil
	case string(consent.OptOut), string(consent.NoticeOnly):
		return fmt.Errorf("%s for everybody would hold for visitors of Europe too, where nothing may run before a grant; write local, and list the places that differ from the table under regimes", s)
	}
	return fmt.Errorf("must be opt-in or local, not %q", s)
}

// JSONSchema offers the two.
func (Regime) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{string(consent.OptIn), "local"}}
}

// Color is "#rrggbb" in small letters, "" when the file has none.
type Color string

const colorForm = `^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`

var colorPattern = regexp.MustCompile(colorForm)

func (c *Color) fromText(s string) error {
	if !colorPattern.MatchString(s) {
		return fmt.Errorf(`must be a colour such as "#1f4b99" or "#fff", not %q`, s)
	}
	s = strings.ToLower(s)
	if len(s) == 4 {
		s = "#" + strings.Repeat(s[1:2], 2) + strings.Repeat(s[2:3], 2) + strings.Repeat(s[3:4], 2)
	}
	*c = Color(s)
	return nil
}

// JSONSchema describes the form that editors check.
func (Color) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: colorForm}
}

// Label is a text by locale; under "" the one for all locales.
type Label map[string]string

func (l *Label) fromText(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	*l = Label{"": s}
	return nil
}

// JSONSchema allows one text or a mapping.
func (Label) JSONSchema() *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "object", AdditionalProperties: text}}}
}

// JSONSchemaExtend allows the regime's word in place of the mapping.
func (RuleFile) JSONSchemaExtend(s *jsonschema.Schema) {
	spelledOut := *s
	*s = jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Enum: []any{"opt-in", "opt-out", "notice-only"}}, &spelledOut,
	}}
}

func (s *ServiceFile) fromText(id string) error {
	s.ID = id
	return nil
}

// JSONSchemaExtend allows an id of the catalogue in place of the mapping.
func (ServiceFile) JSONSchemaExtend(s *jsonschema.Schema) {
	spelledOut := *s
	*s = jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Description: "The id of a service in the catalogue."}, &spelledOut,
	}}
}
