package dashboard_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"github.com/consentry/consentry/internal/server"
)

// contract is the JSON API's document as a client reads it.
type contract struct {
	raw      []byte
	model    *v3.Document
	validate validator.Validator
	answered map[string]bool // METHOD path status code
}

func theContract(t *testing.T) *contract {
	t.Helper()
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(raw)
	if err != nil {
		t.Fatal(err)
	}
	built, err := document.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	v, problems := validator.NewValidator(document, config.WithFormatAssertions())
	if problems != nil {
		t.Fatal(problems)
	}
	return &contract{raw: raw, model: &built.Model, validate: v, answered: make(map[string]bool)}
}

// documented lists every answer that the document promises, errors by their code.
func (c *contract) documented() (list []string) {
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			for status, r := range op.Responses.Codes.FromOldest() {
				answer := strings.ToUpper(method) + " " + path + " " + status
				for _, code := range codesOf(r) {
					list = append(list, strings.TrimSpace(answer+" "+code))
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

func codesOf(r *v3.Response) (codes []string) {
	for _, part := range r.Content.GetOrZero("application/json").Schema.Schema().AllOf {
		if p := part.Schema().Properties; p != nil && p.GetOrZero("error").Schema().Properties.GetOrZero("message") == nil {
			code := p.GetOrZero("error").Schema().Properties.GetOrZero("code").Schema()
			if code.Const != nil {
				codes = append(codes, code.Const.Value)
			}
			for _, one := range code.Enum {
				codes = append(codes, one.Value)
			}
		}
	}
	if codes == nil {
		return []string{""}
	}
	return codes
}

// check holds an answer against the document and remembers which one it was.
func (c *contract) check(t *testing.T, path string, res *http.Response, body []byte) {
	t.Helper()
	path, _, _ = strings.Cut(path, "?")
	template := regexp.MustCompile(`/records/[^/]+$`).ReplaceAllString(regexp.MustCompile(`/sites/[^/]+/`).ReplaceAllString(path, "/sites/{site}/"), "/records/{record}")
	item := c.model.Paths.PathItems.GetOrZero(template)
	if item == nil {
		t.Fatalf("%s is not documented", path)
	}
	status := strconv.Itoa(res.StatusCode)
	documented := item.Get.Responses.Codes.GetOrZero(status)
	if documented == nil {
		t.Errorf("%s: %s is not documented: %s", path, status, body)
		return
	}
	for name := range res.Header {
		if !slices.Contains([]string{"Content-Type", "Content-Length", "Date", "Vary"}, name) && !declares(documented, name) {
			t.Errorf("%s %s: header %s is not documented", path, status, name)
		}
	}
	request := httptest.NewRequest(http.MethodGet, path, nil)
	got := *res
	got.Body = io.NopCloser(bytes.NewReader(body))
	_, found := c.validate.GetResponseBodyValidator().ValidateResponseBodyWithPathItem(request, &got, item, template)
	for _, e := range found {
		t.Errorf("%s %s: %s: %s", path, status, e.Message, e.Reason)
		for _, s := range e.SchemaValidationErrors {
			t.Errorf("  %s %s", s.FieldPath, s.Reason)
		}
	}
	var answer struct{ Error struct{ Code string } }
	_ = json.Unmarshal(body, &answer)
	c.answered[strings.TrimSpace("GET "+template+" "+status+" "+answer.Error.Code)] = true
}

func declares(r *v3.Response, name string) bool {
	for declared := range r.Headers.KeysFromOldest() {
		if strings.EqualFold(declared, name) {
			return true
		}
	}
	return false
}

type noVisitors struct{}

func (noVisitors) FindSite(next echo.HandlerFunc) echo.HandlerFunc { return next }
func (noVisitors) Register(*echo.Echo, echo.MiddlewareFunc)        {}

// whole serves the dashboard as the program does: behind the server's middleware
// and its table of errors.
func (d *desk) whole() {
	d.t.Helper()
	o := d.options()
	_, operators := server.New(server.Options{
		Visitors: noVisitors{}, Operators: d.dash, Store: d.store, Now: d.clock, Log: o.Log, Problems: func() []string { return nil },
	}).Handlers()
	d.server = httptest.NewServer(operators)
	d.t.Cleanup(d.server.Close)
	d.fresh()
}

func TestTheAPIsDocumentIsValidAndServed(t *testing.T) {
	c := theContract(t)
	if _, found := c.validate.ValidateDocument(); len(found) > 0 {
		for _, e := range found {
			t.Errorf("%s: %s", e.Message, e.Reason)
		}
	}
	d := newDesk(t)
	d.whole()
	if a := d.get("/api/v1/openapi.json"); a.status != http.StatusOK || a.body != string(c.raw) {
		t.Errorf("status %d, %d bytes of %d", a.status, len(a.body), len(c.raw))
	}
	e := echo.New()
	d.dash.Register(e)
	var routed, written []string
	for _, route := range e.Routes() {
		if route.Method == http.MethodGet && strings.HasPrefix(route.Path, "/api/") {
			routed = append(routed, route.Method+" "+regexp.MustCompile(`:([a-z]+)`).ReplaceAllString(route.Path, "{$1}"))
		}
	}
	for path := range c.model.Paths.PathItems.KeysFromOldest() {
		written = append(written, "GET "+path)
	}
	slices.Sort(routed)
	slices.Sort(written)
	if !slices.Equal(routed, written) {
		t.Errorf("routed  %q\nwritten %q", routed, written)
	}
	var document map[string]any
	if err := json.Unmarshal(c.raw, &document); err != nil {
		t.Fatal(err)
	}
	open(t, "", document["components"])
}

// open finds objects that take members which nobody documents.
func open(t *testing.T, at string, node any) {
	switch node := node.(type) {
	case map[string]any:
		if _, closed := node["additionalProperties"]; node["type"] == "object" && !closed {
			t.Errorf("%s takes any member", at)
		}
		for name, child := range node {
			open(t, at+"/"+name, child)
		}
	case []any:
		for i, child := range node {
			open(t, at+"/"+strconv.Itoa(i), child)
		}
	}
}
