package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// answers lists every documented answer: operation, status, media type and, of
// an Error, its code.
func (c *contract) answers(t testing.TB) []string {
	t.Helper()
	var list []string
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for method, operation := range item.GetOperations().FromOldest() {
			for status, response := range operation.Responses.Codes.FromOldest() {
				list = append(list, variants(t, strings.ToUpper(method)+" "+path+" "+status, response)...)
			}
		}
	}
	return list
}

func variants(t testing.TB, answer string, r *v3.Response) []string {
	t.Helper()
	if r.Content == nil {
		return []string{answer}
	}
	var list []string
	for media, content := range r.Content.FromOldest() {
		codes := errorCodes(content.Schema.Schema())
		for _, code := range codes {
			list = append(list, answer+" "+media+" "+code)
		}
		if codes == nil {
			list = append(list, answer+" "+media)
		}
	}
	return list
}

// errorCodes reads the codes that an answer narrows Error to.
func errorCodes(s *base.Schema) []string {
	var codes []string
	for _, part := range s.AllOf {
		narrowed := part.Schema().Properties
		if narrowed == nil || narrowed.GetOrZero("error") == nil {
			continue
		}
		code := narrowed.GetOrZero("error").Schema().Properties.GetOrZero("code")
		if code == nil {
			continue
		}
		if word := code.Schema().Const; word != nil {
			codes = append(codes, word.Value)
		}
		for _, word := range code.Schema().Enum {
			codes = append(codes, word.Value)
		}
	}
	return codes
}

func TestTheContractIsValidOpenAPI31(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	if c.model.Version != "3.1.0" {
		t.Errorf("it is OpenAPI %s", c.model.Version)
	}
	_, found := c.validate.ValidateDocument()
	for _, words := range inWords("document", found) {
		t.Error(words)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, c.raw, "", " "); err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(pretty.String()) != strings.TrimSpace(string(c.raw)) {
		t.Error("it is not indented by one space")
	}
	ids := make(map[string]bool)
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for _, operation := range item.GetOperations().FromOldest() {
			if operation.OperationId == "" || ids[operation.OperationId] {
				t.Errorf("%s: operation id %q is missing or repeated", path, operation.OperationId)
			}
			ids[operation.OperationId] = true
		}
	}
}

// Parts that nothing refers to, and references to nothing, are leftovers.
func TestEveryPartOfTheContractIsUsed(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(c.raw, &document); err != nil {
		t.Fatal(err)
	}
	var defined, used []string
	for kind, parts := range document.Components {
		for name := range parts {
			defined = append(defined, "#/components/"+kind+"/"+name)
		}
	}
	for _, match := range regexp.MustCompile(`"\$ref": "([^"]+)"`).FindAllSubmatch(c.raw, -1) {
		used = append(used, string(match[1]))
	}
	slices.Sort(defined)
	slices.Sort(used)
	if used = slices.Compact(used); !slices.Equal(defined, used) {
		t.Errorf("defined %q\nused    %q", defined, used)
	}
}

// An object that leaves room for other members would let an undocumented one
// pass every other test.
func TestEveryObjectOfTheContractIsClosed(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(c.raw, &document); err != nil {
		t.Fatal(err)
	}
	objects := 0
	walk(document, "", func(at string, node map[string]any) {
		if node["type"] != "object" || strings.HasPrefix(at, "/paths//openapi.json") {
			return
		}
		objects++
		if _, closed := node["additionalProperties"]; !closed {
			t.Errorf("%s takes any member", at)
		}
	})
	if objects < 15 {
		t.Errorf("looked at %d objects only", objects)
	}
}

func walk(node any, at string, visit func(at string, node map[string]any)) {
	switch node := node.(type) {
	case map[string]any:
		visit(at, node)
		for name, child := range node {
			walk(child, at+"/"+name, visit)
		}
	case []any:
		for i, child := range node {
			walk(child, fmt.Sprint(at, "/", i), visit)
		}
	}
}

// The router and the contract know the same routes.
func TestRoutesAndContractAreTheSame(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	var routed, written []string
	router := strings.NewReplacer(":file", "{locale}.js", ":rendering", "{rendering}", ":token", "{token}", "*", "{tile}", ":log", "{log}")
	public, _ := r.server.Handlers()
	for _, route := range public.(*echo.Echo).Routes() {
		for _, path := range strings.Fields(strings.ReplaceAll(router.Replace(route.Path), "/:script", "/gate.{digest}.js")) {
			routed = append(routed, documented(route.Method)+" "+path)
		}
	}
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().KeysFromOldest() {
			written = append(written, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routed)
	slices.Sort(written)
	if routed = slices.Compact(routed); !slices.Equal(routed, written) {
		t.Errorf("routed  %q\nwritten %q", routed, written)
	}
}

// What is served is the document that the tests hold everything against.
func TestTheContractIsServed(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	response, body := r.do(t, ask{to: "GET /privacy/openapi.json"}.request(t, r))
	if body != string(c.raw) || response.Header.Get("X-Request-Id") != "" {
		t.Errorf("got %d bytes of %d, request id %q", len(body), len(c.raw), response.Header.Get("X-Request-Id"))
	}
}
