package server_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// moodyStore fails as told, or answers as one that has erased every record, and
// is otherwise the real one.
type moodyStore struct {
	consent.Store
	mu     sync.Mutex
	fail   error
	erased bool
	notes  error // of artefacts that come
}

func (m *moodyStore) set(fail error, erased bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail, m.erased = fail, erased
}

func (m *moodyStore) setNotes(fail error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes = fail
}

func (m *moodyStore) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	m.mu.Lock()
	fail := m.notes
	m.mu.Unlock()
	if fail != nil {
		return fail
	}
	return m.Store.PutArtefact(ctx, site, a)
}

func (m *moodyStore) mood() (fail error, erased bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fail, m.erased
}

func (m *moodyStore) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if fail, erased := m.mood(); fail != nil || erased {
		return consent.Stored{Entry: consent.Entry{Site: e.Site, Record: e.Record}, Erased: erased}, erased, fail
	}
	return m.Store.Append(ctx, e)
}

func (m *moodyStore) AddCounts(ctx context.Context, site string, counts []consent.Count) error {
	if fail, _ := m.mood(); fail != nil {
		return fail
	}
	return m.Store.AddCounts(ctx, site, counts)
}

func (m *moodyStore) Artefact(ctx context.Context, site, digest string) (consent.Artefact, error) {
	if fail, _ := m.mood(); fail != nil {
		return consent.Artefact{}, fail
	}
	return m.Store.Artefact(ctx, site, digest)
}

func (m *moodyStore) Record(ctx context.Context, site string, id consent.ID) (consent.Stored, error) {
	if fail, _ := m.mood(); fail != nil {
		return consent.Stored{}, fail
	}
	return m.Store.Record(ctx, site, id)
}

func (m *moodyStore) Checkpoint(ctx context.Context, site string) ([]byte, error) {
	if fail, _ := m.mood(); fail != nil {
		return nil, fail
	}
	return m.Store.Checkpoint(ctx, site)
}

// ask is a request in few words. The defaults are a visitor's of the shop.
type ask struct {
	to      string // method and path
	body    string
	headers string // "Name: value" by line; an empty value takes a header away
	cookies []*http.Cookie
}

func (a ask) request(t testing.TB, r *rig) *http.Request {
	t.Helper()
	method, path, _ := strings.Cut(a.to, " ")
	request, err := http.NewRequest(method, r.public.URL+path, strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "shop.example"
	request.Header.Set("Origin", "https://shop.example")
	if method == "POST" {
		request.Header.Set("Content-Type", "application/json")
	}
	if strings.HasSuffix(path, "/choices") || strings.Contains(path, "/receipts/") && !strings.HasSuffix(path, "/mine") {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for line := range strings.Lines(a.headers) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case name == "Host":
			request.Host = value
		case value == "":
			request.Header.Del(strings.TrimSuffix(name, ":"))
		default:
			request.Header.Set(name, value)
		}
	}
	for _, c := range a.cookies {
		request.AddCookie(c)
	}
	return request
}

// expect sends a request and wants exactly the documented answer.
func (r *rig) expect(t testing.TB, want string, a ask) (*http.Response, string) {
	t.Helper()
	response, body := r.do(t, a.request(t, r))
	if r.last != want {
		t.Errorf("%s got %q, want %q: %.300s", a.to, r.last, want, body)
	}
	return response, body
}

const unknown = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // a digest of nothing

const subYAML = `
id: sub
name: Sub
origins: [https://www.sub.example]
mode: subdomain
host: privacy.sub.example
cookie: {scope: domain, domain: sub.example}
controller: {name: Shop Ltd, address: "1 Road, Town", contact: privacy@shop.example}
locales: [en]
categories: [{id: analytics, services: [ga4]}]
`

const hiddenYAML = `
id: hidden
name: Hidden
origins: [https://hidden.example]
log: {public: false}
legal_hold: They are evidence in a dispute.
controller: {name: Shop Ltd, address: "1 Road, Town", contact: privacy@shop.example}
locales: [en]
categories: [{id: analytics, services: [ga4]}]
`

const hiddenPage = "Host: hidden.example"

const subPage = "Host: privacy.sub.example\nOrigin: https://www.sub.example"

// Every answer that the contract documents is given, of every route, status,
// media type and error code; what no case provokes has no place in it.
func TestEveryDocumentedAnswerIsGiven(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	writeSite(t, dir, "sub.yaml", subYAML)
	writeSite(t, dir, "hidden.yaml", hiddenYAML)
	writeSite(t, dir, "far.yaml", farYAML)
	store := &moodyStore{}
	r := newRig(t, dir, func(s consent.Store) consent.Store { store.Store = s; return store })

	r.answerScripts(t, store)
	r.answerDecisions(t, store)
	r.answerImpressions(t, store)
	r.answerUnasked(t, store)
	r.answerSightings(t)
	r.answerChoices(t, store)
	r.answerReceipts(t, store)
	r.answerHolders(t)
	r.answerLog(t, store)
	r.answerTheSlow(t)
	r.answerTheMany(t)

	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range c.answers(t) {
		if !r.answers[answer] {
			t.Errorf("nothing provokes %s", answer)
		}
	}
}

const (
	jsonError = " application/json "
	foreign   = "Host: other.example"
)

func (r *rig) answerScripts(t *testing.T, store *moodyStore) {
	shop := r.site(t, "shop")
	_, gate := shop.GateBytes()
	for template, paths := range map[string][2]string{
		"/gate.js":                              {"/gate.js"},
		"/gate.{digest}.js":                     {"/gate." + gate + ".js", "/gate." + unknown + ".js"},
		"/opener/{rendering}/{locale}.js":       {"/opener/" + shop.Rendering + "/en.js", "/opener/" + unknown + "/en.js"},
		"/banner/{rendering}/{locale}.js":       {"/banner/" + shop.Rendering + "/en.js", "/banner/" + unknown + "/en.js"},
		"/preferences/{rendering}/{locale}.js":  {"/preferences/" + shop.Rendering + "/de.js", "/preferences/" + unknown + "/de.js"},
		"/placeholders/{rendering}/{locale}.js": {"/placeholders/" + shop.Rendering + "/de.js", "/placeholders/" + unknown + "/de.js"},
		"/declaration/{locale}.js":              {"/declaration/de.js"},
	} {
		operation, there, nowhere := "GET "+template, "GET /privacy"+paths[0], "GET /privacy"+paths[1]
		response, _ := r.expect(t, operation+" 200 text/javascript", ask{to: there})
		r.expect(t, operation+" 200 text/javascript", ask{to: there, headers: "Accept-Encoding: br"})
		r.expect(t, operation+" 304", ask{to: there, headers: "If-None-Match: W/" + response.Header.Get("Etag")})
		r.expect(t, operation+" 404"+jsonError+"no-site", ask{to: there, headers: foreign})
		if paths[1] == "" {
			continue
		}
		r.expect(t, operation+" 404"+jsonError+"not-found", ask{to: nowhere})
		store.set(consent.ErrUnavailable, false)
		r.expect(t, operation+" 503"+jsonError+"unavailable", ask{to: nowhere})
		store.set(nil, false)
	}
	r.expect(t, "GET /gate.js 200 text/javascript", ask{to: "GET /gate.js", headers: subPage})
	r.expect(t, "GET /consentry.d.ts 200 application/typescript", ask{to: "GET /privacy/consentry.d.ts"})
	r.expect(t, "GET /consentry.d.ts 404"+jsonError+"no-site", ask{to: "GET /consentry.d.ts"})
	r.expect(t, "GET /declaration/{locale}.js 404"+jsonError+"not-found", ask{to: "GET /privacy/declaration/xx.js"})
	r.expect(t, "GET /declaration 200 text/html", ask{to: "GET /privacy/declaration?locale=de"})
	r.expect(t, "GET /declaration 404"+jsonError+"no-site", ask{to: "GET /privacy/declaration", headers: foreign})
	r.expect(t, "GET /.well-known/gpc.json 200 application/json", ask{to: "GET /.well-known/gpc.json"})
	r.expect(t, "GET /.well-known/gpc.json 404"+jsonError+"no-site", ask{to: "GET /.well-known/gpc.json", headers: foreign})
	r.expect(t, "GET /openapi.json 200 application/json", ask{to: "GET /privacy/openapi.json"})
	r.expect(t, "GET /openapi.json 404"+jsonError+"no-site", ask{to: "GET /openapi.json"})
}

func (r *rig) answerLog(t *testing.T, store *moodyStore) {
	paths := map[string]string{"/log/checkpoint": "/log/checkpoint", "/log/key": "/log/key", "/log/tile/{tile}": "/log/tile/0/x123/000"}
	r.expect(t, "GET /log/checkpoint 404"+jsonError+"not-found", ask{to: "GET /privacy/log/checkpoint"})
	if err := r.logs["shop"].Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	signed := receiptOf(t, r, "Host: shop.example\nOrigin: https://shop.example", "shop")
	r.expect(t, "GET /receipts/{token} 503"+jsonError+"not-signed", ask{to: "GET " + signed + "?format=proof"})
	if err := r.logs["shop"].Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "GET /receipts/{token} 200 text/plain", ask{to: "GET " + signed + "?format=proof"})
	r.begin(t, r.site(t, "shop").InLog("shop~1"))
	if err := r.store.PutArtefact(t.Context(), "shop~1", consent.Artefact{Kind: "gate", Digest: consent.Digest([]byte("gate")), Time: r.clock(), Body: []byte("gate")}); err != nil {
		t.Fatal(err)
	}
	if err := r.logs["shop~1"].Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	for log, number := range map[string]string{"/log": "/log", "/log~{log}": "/log~1"} {
		r.expect(t, "GET "+log+"/checkpoint 200 text/plain", ask{to: "GET /privacy" + number + "/checkpoint", headers: "Origin: https://auditor.example"})
		r.expect(t, "GET "+log+"/key 200 text/plain", ask{to: "GET /privacy" + number + "/key"})
		r.expect(t, "GET "+log+"/tile/{tile} 200 application/octet-stream", ask{to: "GET /privacy" + number + "/tile/0/000.p/1"})
		r.expect(t, "GET "+log+"/tile/{tile} 404"+jsonError+"not-found", ask{to: "GET /privacy" + number + "/tile/entries/000"})
	}
	for template, path := range paths {
		paths[strings.Replace(template, "/log/", "/log~{log}/", 1)] = strings.Replace(path, "/log/", "/log~1/", 1)
	}
	for template, path := range paths {
		r.expect(t, "GET "+template+" 404"+jsonError+"no-site", ask{to: "GET /privacy" + path, headers: foreign})
		store.set(consent.ErrUnavailable, false)
		r.expect(t, "GET "+template+" 503"+jsonError+"unavailable", ask{to: "GET /privacy" + path})
		store.set(nil, false)
		r.expect(t, "GET "+template+" 404"+jsonError+"not-found", ask{to: "GET /privacy" + path, headers: hiddenPage})
	}
}

func (r *rig) answerDecisions(t *testing.T, store *moodyStore) {
	shop := r.site(t, "shop").Rendering
	accept := func() string { return decision(newID(t), shop, "accept-all", "granted") }
	const post, to = "POST /decisions ", "POST /privacy/decisions"
	r.expect(t, post+"201 application/json", ask{to: to, body: accept()})
	r.expect(t, post+"400"+jsonError+"body", ask{to: to, body: accept() + "{}"})
	r.expect(t, post+"403"+jsonError+"origin", ask{to: to, body: accept(), headers: "Origin:"})
	r.expect(t, post+"404"+jsonError+"no-site", ask{to: to, body: accept(), headers: foreign})
	r.expect(t, post+"409"+jsonError+"superseded", ask{to: to, body: decision(newID(t), unknown, "accept-all", "granted")})
	r.expect(t, post+"413"+jsonError+"too-large", ask{to: to, body: strings.Repeat(" ", 5000)})
	r.expect(t, post+"415"+jsonError+"media-type", ask{to: to, body: accept(), headers: "Content-Type: text/plain"})
	r.expect(t, post+"422"+jsonError+"invalid", ask{to: to, body: decision(newID(t), shop, "reject-all", "granted")})
	store.set(nil, true)
	r.expect(t, post+"410"+jsonError+"erased", ask{to: to, body: accept()})
	store.set(consent.ErrUnavailable, false)
	r.expect(t, post+"503"+jsonError+"unavailable", ask{to: to, body: accept()})
	r.expect(t, post+"202 application/json", ask{to: to, body: decision(newID(t), shop, "reject-all", "denied")})
	store.set(consent.ErrBusy, false)
	r.expect(t, post+"429"+jsonError+"busy", ask{to: to, body: accept()})
	store.set(nil, false)
	r.answerPreflights(t)
}

func (r *rig) answerPreflights(t *testing.T) {
	for _, path := range []string{"/decisions", "/impressions", "/sightings", "/receipts/mine"} {
		r.expect(t, "OPTIONS "+path+" 204", ask{to: "OPTIONS " + path, headers: subPage})
		r.expect(t, "OPTIONS "+path+" 403"+jsonError+"origin", ask{to: "OPTIONS /privacy" + path})
		r.expect(t, "OPTIONS "+path+" 404"+jsonError+"no-site", ask{to: "OPTIONS " + path, headers: foreign})
	}
	body := strings.ReplaceAll(decision(newID(t), r.site(t, "sub").Rendering, "accept-all", "granted"), `,"share":"granted"`, "")
	r.expect(t, "POST /decisions 201 application/json", ask{to: "POST /decisions", body: body, headers: subPage})
}
