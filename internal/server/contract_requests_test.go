package server_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/datamodel/high/base"
)

func schema(t testing.TB, name string) *base.Schema {
	t.Helper()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	return c.model.Components.Schemas.GetOrZero(name).Schema()
}

// wrongs are values that the contract does not allow for a member.
func wrongs(s *base.Schema) []any {
	switch {
	case len(s.Type) == 0 || s.Type[0] == "string":
		return []any{"payload", 7, []any{}}
	case s.Type[0] == "object":
		return []any{"payload", map[string]any{"payload": "granted"}, map[string]any{"analytics": "payload"}}
	}
	return []any{"payload", -1.5}
}

// breaks calls send with every body that the contract forbids and that differs
// from a good one in a single member.
func breaks(s *base.Schema, good map[string]any, send func(what string, body map[string]any)) {
	for _, name := range s.Required {
		body := maps.Clone(good)
		delete(body, name)
		send("without "+name, body)
	}
	for name, property := range s.Properties.FromOldest() {
		for _, wrong := range wrongs(property.Schema()) {
			if wrong == "payload" && property.Schema().Enum == nil && property.Schema().Pattern == "" && (name == "sealed" || name == "back") {
				continue // any text fits
			}
			body := maps.Clone(good)
			body[name] = wrong
			text, _ := json.Marshal(wrong)
			send(name+" = "+string(text), body)
		}
	}
	body := maps.Clone(good)
	body["payload"] = true
	send("with an unknown member", body)
}

// The handlers take no more than the contract says.
func TestBodiesThatTheContractForbidsAreRefused(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	rendering := r.site(t, "shop").Rendering
	for path, schemaName := range map[string]string{"/decisions": "Decision", "/impressions": "Impression", "/sightings": "Sightings"} {
		good := map[string]any{"rendering": rendering, "locale": "en", "layout": "bar"}
		if path == "/sightings" {
			good = map[string]any{"hosts": []any{}, "cookies": []any{"_x"}, "storage": []any{}}
		}
		if path == "/decisions" {
			if err := json.Unmarshal([]byte(decision(newID(t), rendering, "accept-all", "granted")), &good); err != nil {
				t.Fatal(err)
			}
		}
		breaks(schema(t, schemaName), good, func(what string, body map[string]any) {
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			response, answer := r.do(t, ask{to: "POST /privacy" + path, body: string(text)}.request(t, r))
			if response.StatusCode < 400 || response.StatusCode >= 500 || strings.Contains(answer, "payload") {
				t.Errorf("%s %s got %d %s", path, what, response.StatusCode, answer)
			}
		})
	}
	if n := r.records(t, "shop"); n != 0 {
		t.Errorf("%d records", n)
	}
}

func TestFormsThatTheContractForbidsAreRefused(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	good, err := url.ParseQuery(form(newID(t), r.site(t, "shop").Rendering, "accept-all"))
	if err != nil {
		t.Fatal(err)
	}
	form := schema(t, "ChoiceForm")
	post := func(what string, values url.Values) {
		response, answer := r.do(t, ask{to: "POST /privacy/choices", body: values.Encode()}.request(t, r))
		if response.StatusCode < 400 || response.StatusCode >= 500 || strings.Contains(answer, "payload") {
			t.Errorf("%s got %d %.300s", what, response.StatusCode, answer)
		}
	}
	for _, name := range form.Required {
		values := maps.Clone(good)
		values.Del(name)
		post("without "+name, values)
		for _, wrong := range []string{"payload", "api", ""} {
			values = maps.Clone(good)
			values.Set(name, wrong)
			post(name+" = "+wrong, values)
		}
	}
	if n := r.records(t, "shop"); n != 0 {
		t.Errorf("%d records", n)
	}
}

// Every word that the contract offers is one that the handler knows, although
// not every word goes with every control.
func TestWordsOfTheContractAreKnown(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	rendering, words := r.site(t, "shop").Rendering, 0
	for name, property := range schema(t, "Decision").Properties.FromOldest() {
		for _, word := range property.Schema().Enum {
			words++
			var body map[string]any
			if err := json.Unmarshal([]byte(decision(newID(t), rendering, "accept-all", "granted")), &body); err != nil {
				t.Fatal(err)
			}
			var value any = word.Value
			if err := word.Decode(&value); err != nil {
				t.Fatal(err)
			}
			body[name] = value
			text, _ := json.Marshal(body)
			response, answer := r.do(t, ask{to: "POST /privacy/decisions", body: string(text)}.request(t, r))
			if response.StatusCode != 201 && (response.StatusCode != 422 || strings.Contains(answer, "unknown") || strings.Contains(answer, "must be")) {
				t.Errorf("%s = %v got %d %s", name, value, response.StatusCode, answer)
			}
		}
	}
	if words < 15 {
		t.Errorf("tried %d words only", words)
	}
}
