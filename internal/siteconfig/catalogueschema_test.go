package siteconfig

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/consentry/consentry/internal/catalogue"
)

// node is as much of a JSON Schema as ours uses.
type node struct {
	Ref        string `json:"$ref"`
	Type       string
	Pattern    string
	Enum       []any
	Required   []string
	Properties map[string]*node
	Items      *node
	Additional any              `json:"additionalProperties"`
	Defs       map[string]*node `json:"$defs"`
}

// UnmarshalJSON takes true, the schema of anything, for an empty one.
func (n *node) UnmarshalJSON(b []byte) error {
	type plain node
	if string(b) == "true" {
		return nil
	}
	return json.Unmarshal(b, (*plain)(n))
}

// judge returns what a schema has against a value, "" when nothing.
func (n *node) judge(root *node, at string, value any) string {
	if n.Ref != "" {
		return root.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")].judge(root, at, value)
	}
	switch value := value.(type) {
	case map[string]any:
		return n.judgeObject(root, at, value)
	case []any:
		for i, item := range value {
			if n.Type != "array" {
				return at + " is a list"
			}
			if n.Items == nil {
				continue
			}
			if complaint := n.Items.judge(root, fmt.Sprintf("%s[%d]", at, i), item); complaint != "" {
				return complaint
			}
		}
	case string:
		if n.Type == "string" && (n.Pattern != "" && !regexp.MustCompile(n.Pattern).MatchString(value) || n.Enum != nil && !slices.Contains(n.Enum, any(value))) {
			return fmt.Sprintf("%s: %q", at, value)
		}
		if n.Type != "string" && n.Type != "" {
			return at + " is text"
		}
	case bool:
		if n.Type != "boolean" && n.Type != "" {
			return at + " is true or false"
		}
	}
	return ""
}

func (n *node) judgeObject(root *node, at string, value map[string]any) string {
	if n.Type != "object" && n.Type != "" {
		return at + " is a mapping"
	}
	for _, name := range n.Required {
		if _, there := value[name]; !there {
			return at + " lacks " + name
		}
	}
	for name, member := range value {
		property, known := n.Properties[name]
		if !known && n.Additional == false {
			return at + " has " + name
		}
		if known {
			if complaint := property.judge(root, at+"."+name, member); complaint != "" {
				return complaint
			}
		}
	}
	return ""
}

func catalogueSchema(t *testing.T) *node {
	t.Helper()
	b, err := CatalogueSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema node
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	return &schema
}

// Every entry keeps to the schema that editors check it with, names its sources,
// and no kind of vendor is missing.
func TestTheSchemaCoversTheCatalogue(t *testing.T) {
	schema := catalogueSchema(t)
	names, _ := fs.Glob(catalogue.Files, "*.yaml")
	entries := 0
	for _, name := range names {
		src, err := catalogue.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var list []any
		if err := yaml.Unmarshal(src, &list); err != nil {
			t.Fatal(err)
		}
		entries += len(list)
		if complaint := schema.judge(schema, name, list); complaint != "" {
			t.Error(complaint)
		}
		for _, entry := range list {
			entry := entry.(map[string]any)
			for _, source := range entry["source"].([]any) {
				if !isHTTPS(source.(string)) {
					t.Errorf("%s: %v has the source %v", name, entry["id"], source)
				}
			}
		}
	}
	want := "advertising analytics captcha chat comments fonts maps session-replay share tag-managers testing video"
	if got := strings.ReplaceAll(strings.Join(names, " "), ".yaml", ""); got != want || entries < 120 {
		t.Errorf("%d entries in %s", entries, got)
	}
}

// The schema refuses what it should: a judge that permits everything would pass
// the test above.
func TestTheSchemaOfTheCatalogueRefusesMistakes(t *testing.T) {
	schema := catalogueSchema(t)
	entry := func(change func(map[string]any)) []any {
		e := map[string]any{
			"id": "one", "name": "One", "category": "analytics", "company": "One Ltd", "country": "IE", "policy_url": "https://one.example",
			"hosts": []any{}, "source": []any{"https://one.example"},
			"cookies": []any{map[string]any{"name": "c", "provider": "P", "purpose": "P.", "duration": "1 day"}},
			"calls":   map[string]any{"global": "g", "form": "call", "granted": []any{[]any{"x", map[string]any{"y": "$status"}}}},
		}
		change(e)
		return []any{e}
	}
	if complaint := schema.judge(schema, "", entry(func(map[string]any) {})); complaint != "" {
		t.Fatal(complaint)
	}
	cookie := func(e map[string]any) map[string]any { return e["cookies"].([]any)[0].(map[string]any) }
	calls := func(e map[string]any) map[string]any { return e["calls"].(map[string]any) }
	for name, change := range map[string]func(map[string]any){
		"no source":           func(e map[string]any) { delete(e, "source") },
		"no country":          func(e map[string]any) { delete(e, "country") },
		"an unknown field":    func(e map[string]any) { e["hots"] = []any{} },
		"a country in words":  func(e map[string]any) { e["country"] = "Ireland" },
		"a kind of storage":   func(e map[string]any) { cookie(e)["kind"] = "flash" },
		"a cookie's nothing":  func(e map[string]any) { delete(cookie(e), "duration") },
		"a form of calls":     func(e map[string]any) { calls(e)["form"] = "shout" },
		"a global of two":     func(e map[string]any) { calls(e)["global"] = "a b" },
		"no form":             func(e map[string]any) { delete(calls(e), "form") },
		"an inline of three":  func(e map[string]any) { e["inline"] = []any{"a"} },
		"http_only in words":  func(e map[string]any) { cookie(e)["http_only"] = "yes" },
		"consent_mode a list": func(e map[string]any) { e["consent_mode"] = []any{"x"} },
	} {
		if schema.judge(schema, "", entry(change)) == "" {
			t.Errorf("%s is allowed", name)
		}
	}
}
