package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
)

const contractFile = "../api/openapi.json"

// contract is the wire contract as a client reads it. Every request that a rig
// sends is held against it, with its answer.
type contract struct {
	raw      []byte
	model    *v3.Document
	validate validator.Validator
	routes   map[string]*regexp.Regexp // by the path's template
}

var theContract = sync.OnceValues(func() (*contract, error) {
	raw, err := os.ReadFile(contractFile)
	if err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(raw)
	if err != nil {
		return nil, err
	}
	built, err := document.BuildV3Model()
	if err != nil {
		return nil, err
	}
	c := &contract{raw: raw, model: &built.Model, routes: make(map[string]*regexp.Regexp)}
	var problems []error
	if c.validate, problems = validator.NewValidator(document, config.WithFormatAssertions(), config.WithURLEncodedBodyValidation(),
		config.WithRejectUndeclaredRequestBody()); problems != nil {
		return nil, problems[0]
	}
	for template := range built.Model.Paths.PathItems.KeysFromOldest() {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(template), `\{tile\}`, `.+`) // has slashes in it
		pattern = regexp.MustCompile(`\\{[a-z]+\\}`).ReplaceAllString(pattern, `[^/]+`)
		c.routes[template] = regexp.MustCompile("^" + pattern + "$")
	}
	return c, nil
})

// find returns the path's template and the path without its site's prefix.
func (c *contract) find(path string) (template, rest string) {
	for rest = path; rest != ""; rest = rest[1+max(strings.IndexByte(rest[1:], '/'), 0):] {
		for template, pattern := range c.routes {
			// A literal template wins: receipts/mine is no token.
			if pattern.MatchString(rest) && (c.routes[rest] == nil || template == rest) {
				return template, rest
			}
		}
		if strings.IndexByte(rest[1:], '/') < 0 {
			break
		}
	}
	return "", path
}

// exchange is one request and its answer.
type exchange struct {
	request  *http.Request
	sent     []byte
	response *http.Response
	body     []byte
}

// check returns which documented answer an exchange is, and all that the
// contract does not say about it.
func (c *contract) check(x exchange) (answer string, problems []string) {
	template, rest := c.find(x.request.URL.Path)
	var operation *v3.Operation
	item := c.model.Paths.PathItems.GetOrZero(template)
	if item != nil {
		operation = item.GetOperations().GetOrZero(strings.ToLower(documented(x.request.Method)))
	}
	if operation == nil {
		return "", undocumented(x, item)
	}
	status := strconv.Itoa(x.response.StatusCode)
	answer = documented(x.request.Method) + " " + template + " " + status
	response := operation.Responses.Codes.GetOrZero(status)
	if response == nil {
		return answer, []string{"this status is not documented"}
	}
	for name := range x.response.Header {
		if !slices.Contains([]string{"Content-Type", "Content-Length", "Date", "Connection"}, name) && !declares(response, name) {
			problems = append(problems, "header "+name+" is not documented")
		}
	}
	if log, tile, ok := strings.Cut(rest, "/tile/"); ok { // the validator knows no slashes in a parameter either
		rest = log + "/tile/" + strings.ReplaceAll(tile, "/", "~")
	}
	request := x.request.Clone(x.request.Context())
	request.URL.Path, request.Method = rest, documented(request.Method)
	if x.response.StatusCode < 400 {
		request.Body = http.NoBody
		if len(x.sent) > 0 {
			request.Body = io.NopCloser(bytes.NewReader(x.sent))
		}
		_, found := c.validate.ValidateHttpRequestSyncWithPathItem(request, item, template)
		problems = append(problems, inWords("request", found)...)
	}
	if x.request.Method == http.MethodHead {
		return answer, problems
	}
	got := *x.response
	got.Body = io.NopCloser(bytes.NewReader(x.body))
	_, found := c.validate.GetResponseBodyValidator().ValidateResponseBodyWithPathItem(request, &got, item, template)
	problems = append(problems, inWords("answer", found)...)
	if orderedmap.Len(response.Content) == 0 && len(x.body) > 0 {
		problems = append(problems, "a body is not documented")
	}
	return answer + details(x), problems
}

// documented is the method that stands in the contract for another: HEAD
// answers what GET would.
func documented(method string) string {
	if method == http.MethodHead {
		return http.MethodGet
	}
	return method
}

func declares(r *v3.Response, name string) bool {
	if r.Headers == nil {
		return false
	}
	for declared := range r.Headers.KeysFromOldest() {
		if strings.EqualFold(declared, name) {
			return true
		}
	}
	return false
}

// undocumented checks what the contract's introduction says of the rest: 404 or
// 405 with an Error, and OPTIONS, which tells the methods.
func undocumented(x exchange, item *v3.PathItem) []string {
	switch status := x.response.StatusCode; {
	case status == http.StatusNoContent && item != nil && x.request.Method == http.MethodOptions:
		return nil
	case status != http.StatusNotFound && status != http.StatusMethodNotAllowed:
		return []string{fmt.Sprintf("status %d for what is not documented", status)}
	case x.request.Method != http.MethodHead && errorCode(x.body) == "":
		return []string{"there is no Error"}
	}
	return nil
}

// details tells answers of one status apart: by media type, errors by code.
func details(x exchange) string {
	media, _, _ := mime.ParseMediaType(x.response.Header.Get("Content-Type"))
	if x.response.StatusCode >= 400 && media == "application/json" {
		return " " + media + " " + errorCode(x.body)
	}
	return strings.TrimRight(" "+media, " ")
}

func errorCode(body []byte) string {
	var answer struct {
		Error struct{ Code, Message, Rendering string }
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if dec.Decode(&answer) != nil || answer.Error.Message == "" {
		return ""
	}
	return answer.Error.Code
}

func inWords(what string, found []*errors.ValidationError) []string {
	var words []string
	for _, e := range found {
		words = append(words, what+": "+e.Message+": "+e.Reason)
		for _, s := range e.SchemaValidationErrors {
			words = append(words, "  "+s.FieldPath+" "+s.Reason)
		}
	}
	return words
}
