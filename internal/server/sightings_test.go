package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const reportYAML = `
id: shop
name: Test shop
origins: [https://shop.example, https://www.shop.example]
mode: path
prefix: /privacy
gate: report
controller: {name: Shop Ltd, address: "1 Road, Town", contact: privacy@shop.example}
locales: [en]
categories:
  - {id: analytics, services: [ga4, matomo]}
  - {id: share, services: [youtube]}
`

func sighted(hosts, cookies, storage []string) string {
	list := func(names []string) []string { return append([]string{}, names...) }
	body, _ := json.Marshal(map[string][]string{"hosts": list(hosts), "cookies": list(cookies), "storage": list(storage)})
	return string(body)
}

// names lists what the operators are shown.
func (r *rig) names(site string) []string {
	var list []string
	for _, s := range r.api.Sightings(site) {
		list = append(list, s.Kind+" "+s.Name)
	}
	return list
}

func (r *rig) see(t *testing.T, networks int, body string) {
	t.Helper()
	for i := range networks {
		r.expect(t, "POST /sightings 204", ask{to: "POST /privacy/sightings", body: body, headers: fmt.Sprintf("X-Forwarded-For: 198.51.%d.7", i)})
	}
}

func TestWhatPagesShowAndNobodyDeclaresIsShownToOperators(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", reportYAML)
	r := newRig(t, dir, nil)
	body := sighted(
		[]string{"cdn.stranger.example", "www.stranger.example:8443", "px.google-analytics.com", "static.shop.example", "10.0.0.7:80", "localhost", "odd.someone.github.io"},
		[]string{"_ga", "_ga_G*QX*", "_pk_id.*.*", "stranger_uid", "consentry_hint", "VISITOR_INFO*_LIVE"},
		[]string{"strangerStore", "consentry:shop:pending"},
	)
	r.see(t, 4, body)
	if got := r.names("shop"); len(got) != 0 {
		t.Errorf("four networks are enough for %q", got)
	}
	r.see(t, 5, body)
	want := []string{"cookie VISITOR_INFO*_LIVE", "cookie stranger_uid", "host someone.github.io", "host stranger.example", "storage strangerStore"}
	if got := r.names("shop"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := r.names("club"); got != nil {
		t.Errorf("a site that is not there shows %q", got)
	}

	// What is declared afterwards is not news any more.
	writeSite(t, dir, "shop.yaml", reportYAML+`  - {id: marketing, services: [{id: stranger, name: Stranger, company: Stranger Ltd, country: DE, policy_url: "https://stranger.example", hosts: [stranger.example], cookies: [{name: stranger_*, provider: S, purpose: P., duration: 1 day}]}]}`)
	r.reload(t)
	if got := r.names("shop"); !slices.Equal(got, []string{"cookie VISITOR_INFO*_LIVE", "host someone.github.io", "storage strangerStore"}) {
		t.Errorf("after a service was added: %q", got)
	}

	// Nothing of it is anywhere else.
	_, operators := r.server.Handlers()
	metrics := fetch(operators, http.MethodGet, "/metrics").Body.String()
	for _, word := range []string{"stranger", "someone", "198.51"} {
		if strings.Contains(r.log.String(), word) || strings.Contains(metrics, word) {
			t.Errorf("%q stands in the log or a metric", word)
		}
	}
}

func TestSightingsAreReadStrictly(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", reportYAML)
	r := newRig(t, dir, nil)
	many := make([]string, 21)
	for i := range many {
		many[i] = "x"
	}
	for name, body := range map[string]string{
		"too many hosts":   sighted(many, nil, nil),
		"too many cookies": sighted(nil, many, nil),
		"too many keys":    sighted(nil, nil, many),
		"digits":           sighted(nil, []string{"session_4711"}, nil),
		"hex":              sighted(nil, nil, []string{"deadbeef"}),
		"too long":         sighted(nil, []string{strings.Repeat("x", 65)}, nil),
		"empty":            sighted(nil, []string{""}, nil),
		"a space":          sighted(nil, []string{"a b"}, nil),
		"outside ASCII":    sighted(nil, []string{"é"}, nil),
		"a host's space":   sighted([]string{"a b.example"}, nil, nil),
		"a host too long":  sighted([]string{strings.Repeat("x.", 130) + "example"}, nil, nil),
	} {
		response, answer := r.do(t, ask{to: "POST /privacy/sightings", body: body}.request(t, r))
		if response.StatusCode != http.StatusUnprocessableEntity || strings.Contains(answer, "4711") || strings.Contains(answer, "deadbeef") {
			t.Errorf("%s: %d %s", name, response.StatusCode, answer)
		}
	}
	for name, body := range map[string]string{"no object": `[]`, "another member": `{"hosts":[],"path":"/x"}`, "no list": `{"hosts":"a"}`} {
		if response, _ := r.do(t, ask{to: "POST /privacy/sightings", body: body}.request(t, r)); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, response.StatusCode)
		}
	}
	r.expect(t, "POST /sightings 403 application/json origin", ask{to: "POST /privacy/sightings", body: sighted(nil, nil, nil), headers: "Origin: https://evil.example"})
}

// An old gate in some cache may still send what nobody asks for any more.
func TestWithoutReportModeSightingsAreDropped(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", strings.Replace(reportYAML, "gate: report", "gate: known", 1))
	r := newRig(t, dir, nil)
	r.see(t, 6, sighted([]string{"stranger.example"}, nil, nil))
	if got := r.names("shop"); len(got) != 0 {
		t.Errorf("%q", got)
	}
}
