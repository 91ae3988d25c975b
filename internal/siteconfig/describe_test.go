package siteconfig

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestTheManualSaysEverythingAboutEveryField(t *testing.T) {
	manual, err := DescribeSite()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"mode: path, subdomain or remote; default path\n",
		"memory: length of time; default 180d\n    How long a choice holds, grants and refusals alike,",
		"controller.address: text; required; such as 1 High Street, Exampletown\n",
		"categories[].services[].cookies[].duration: text; required; such as 2 years\n",
		"colors.dark.button_text: colour\n",
		"The names: heading, body, accept_all,",
	} {
		if !strings.Contains(manual, line) {
			t.Errorf("the manual does not say %q", line)
		}
	}
	for i, line := range strings.Split(manual, "\n") {
		if strings.HasPrefix(line, " ") && len([]rune(line)) > manualWidth {
			t.Errorf("line %d is %d wide", i+1, len([]rune(line)))
		}
	}
}

// The defaults that the manual names are those that a file without them gets.
func TestDefaultsInTheManualAreTheRealOnes(t *testing.T) {
	var f SiteFile
	if problems := Decode("sites/shop.yaml", []byte(minimal), &f); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, k := range orderedFields(reflect.TypeOf(f)) {
		if k.standard == "" {
			continue
		}
		got := reflect.ValueOf(f).FieldByIndex(k.index)
		want := reflect.New(got.Type()).Elem()
		if err := setText(want, k.standard); err != nil || !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s is %v, the manual says %s (%v)", k.key, got, k.standard, err)
		}
	}
}

// another is a configuration of some other package, as cmd/consentry has one.
type another struct {
	Listen string     `yaml:"listen" jsonschema:"required,pattern=^.+:[0-9]+$" sample:"127.0.0.1:8080"`
	Wait   Duration   `yaml:"wait" jsonschema:"default=30s"`
	Level  string     `yaml:"level" jsonschema:"enum=info,enum=debug,default=info"`
	Limits *innermost `yaml:"limits"`
	Loud   bool       `yaml:"loud" jsonschema:"default=true"`
}

type innermost struct {
	Body int `yaml:"body" jsonschema:"default=4096"`
}

const anotherSource = `package x
// another is a server.
type another struct {
	// Where it listens.
	Listen string
	Wait Duration // how long it waits
	// How much it says.
	Level string
	// What it bears.
	Limits *innermost
	// Whether.
	Loud bool
}
type innermost struct {
	// Bytes of a body.
	Body int
}`

func TestAnyOtherStructIsReadDescribedAndGivenASchema(t *testing.T) {
	var a another
	doc := Read("consentry.yaml", []byte("listen: \":80\"\nwait: 5m\nlimits: {body: 0x10}\nloud: false\n"), &a)
	if len(doc.Problems()) > 0 || a.Wait.String() != "5m" || a.Level != "info" || a.Limits.Body != 16 || a.Loud {
		t.Errorf("%+v %v", a, doc.Problems())
	}
	doc.Fail("limits.body", "limits.body is small")
	if got := doc.Problems()[0].String(); got != "consentry.yaml:3:10: limits.body is small" {
		t.Error(got)
	}
	manual, err := Describe(another{}, anotherSource)
	if err != nil || !strings.Contains(manual, "limits.body: whole number; default 4096\n    Bytes of a body.\n") {
		t.Errorf("%v\n%s", err, manual)
	}
	if _, err := Describe(another{}, "package x"); err == nil || !strings.Contains(err.Error(), "another.Listen has no comment") {
		t.Errorf("a field without a comment went unnoticed: %v", err)
	}
	schema, err := Schema("Server", another{}, anotherSource)
	if err != nil || !strings.Contains(string(schema), `"description": "Bytes of a body."`) {
		t.Errorf("%v\n%s", err, schema)
	}
}

// Editors refuse what the program refuses: every object of the schema lists
// its fields, allows no other, and has a description for each.
func TestTheSchemaIsAsStrictAsTheDecoder(t *testing.T) {
	b, err := SiteSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Description, Pattern string }
		Required   []string
		Defs       map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	for _, f := range orderedFields(reflect.TypeFor[SiteFile]()) {
		if schema.Properties[f.key].Description == "" {
			t.Errorf("%s is missing or has no description", f.key)
		}
	}
	if got := strings.Join(schema.Required, " "); got != "id name origins controller" {
		t.Errorf("required: %s", got)
	}
	if got := schema.Properties["id"].Pattern; got != "^[a-z0-9][a-z0-9-]{0,31}$" {
		t.Errorf("pattern of id: %s", got)
	}
	if objects, closed := strings.Count(string(b), `"properties": {`), strings.Count(string(b), `"additionalProperties": false`); objects != closed || objects < 10 {
		t.Errorf("%d objects, %d closed", objects, closed)
	}
	if !strings.Contains(string(schema.Defs["ServiceFile"]), `"type": "string"`) {
		t.Error("the schema does not allow a service by its id alone")
	}
}
