package siteconfig

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"
)

// SiteSchema returns the JSON Schema of the site file.
func SiteSchema() ([]byte, error) {
	return Schema("Consentry site file", SiteFile{}, siteSource, categorySource, consentModeSource, countingSource, experimentSource, regimeSource)
}

// CatalogueSchema returns the JSON Schema of the catalogue's files: lists of
// services that are spelled out, each with its category and source.
func CatalogueSchema() ([]byte, error) {
	b, err := Schema("Consentry catalogue", ServiceFile{}, siteSource, categorySource, consentModeSource, regimeSource)
	if err != nil {
		return nil, err
	}
	var service struct {
		Schema string           `json:"$schema"`
		Title  string           `json:"title"`
		OneOf  []map[string]any `json:"oneOf"`
		Defs   map[string]any   `json:"$defs"`
	}
	if err := json.Unmarshal(b, &service); err != nil {
		return nil, fmt.Errorf("read schema of services: %w", err)
	}
	entry := service.OneOf[len(service.OneOf)-1] // the first is an id by itself
	delete(entry, "$defs")
	entry["required"] = []string{"id", "name", "category", "company", "country", "policy_url", "hosts", "cookies", "source"}
	b, err = json.MarshalIndent(map[string]any{
		"$schema": service.Schema, "title": service.Title, "type": "array", "items": entry, "$defs": service.Defs,
	}, "", "  ")
	return append(b, '\n'), err
}

// Schema returns a JSON Schema (draft 2020-12) of a configuration struct, for
// editors: the comments of the embedded sources as descriptions, unknown
// fields refused, enumerations, patterns and defaults from the jsonschema tags.
func Schema(title string, root any, sources ...string) ([]byte, error) {
	found, err := readComments(sources)
	if err != nil {
		return nil, err
	}
	reflector := jsonschema.Reflector{
		Anonymous: true, FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, ExpandedStruct: true,
		LookupComment: func(t reflect.Type, field string) string {
			if field == "" {
				return found[t.Name()]
			}
			return found[t.Name()+"."+field]
		},
	}
	schema := reflector.Reflect(root)
	schema.Title = title
	b, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema of %s: %w", title, err)
	}
	return append(b, '\n'), nil
}
