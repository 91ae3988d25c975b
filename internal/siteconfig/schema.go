package siteconfig

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"
)

// SiteSchema returns the JSON Schema of the site file.
func SiteSchema() ([]byte, error) {
	return Schema("Consentry site file", SiteFile{}, siteSource, categorySource, consentModeSource)
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
