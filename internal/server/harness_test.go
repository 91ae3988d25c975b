package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/server"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/translog"
)

// rig is the whole server on a real store, with a clock that tests move.
type rig struct {
	dir     string
	ring    *consent.Keyring
	store   consent.Store
	api     *api.API
	server  *server.Server
	public  *httptest.Server
	proxies []netip.Prefix
	log     lockedBuffer

	mu      sync.Mutex
	now     time.Time
	logs    map[string]*translog.Log
	copies  copies
	answers map[string]bool // of the contract, that this server gave
	last    string          // the newest of them
}

// lockedBuffer collects the log of concurrent requests.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// copies keeps a server's checkpoints, as translog.Memory.
type copies map[string][]byte

func (c copies) Read(site string) ([]byte, error)    { return c[site], nil }
func (c copies) Write(site string, raw []byte) error { c[site] = raw; return nil }

type noOperators struct{}

func (noOperators) Register(*echo.Echo) {}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// newRig serves the site files of dir/sites on an embedded store in dir. wrap
// may put a faulty store in front of it.
func newRig(t testing.TB, dir string, wrap func(consent.Store) consent.Store) *rig {
	t.Helper()
	return newRigWith(t, dir, wrap, slog.LevelDebug, 600, time.Second)
}

// newBenchRig logs and limits as a server in production whose proxy is declared.
func newBenchRig(b *testing.B, dir string) *rig {
	return newRigWith(b, dir, nil, slog.LevelWarn, 0, time.Minute)
}

func newRigWith(t testing.TB, dir string, wrap func(consent.Store) consent.Store, level slog.Level, perMinute int, read time.Duration) *rig {
	t.Helper()
	r := &rig{dir: dir, now: time.Now().UTC(), answers: make(map[string]bool), proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	var err error
	if r.ring, err = consent.NewKeyring(rand.Reader, r.now); err != nil {
		t.Fatal(err)
	}
	store, err := sqlitestore.Open(filepath.Join(dir, "test.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	r.store = store
	if wrap != nil {
		r.store = wrap(store)
	}
	r.start(t, level, perMinute, read)
	return r
}

// start serves the site files on the rig's store.
func (r *rig) start(t testing.TB, level slog.Level, perMinute int, read time.Duration) {
	t.Helper()
	log := slog.New(slog.NewJSONHandler(&r.log, &slog.HandlerOptions{Level: level}))
	r.api = &api.API{Store: r.store, Now: r.clock, Log: log, Transparency: func(site string) *translog.Log { return r.logs[site] }}
	r.reload(t)
	r.server = server.New(server.Options{
		Visitors: r.api, Operators: noOperators{}, Store: r.store, Now: r.clock, Log: log,
		TrustedProxies: r.proxies, CountryHeader: "X-Country", RegionHeader: "X-Region", PerMinute: perMinute, Burst: 200,
		Problems: func() []string { return nil }, Logs: r.statuses, Version: "test", Backlog: r.backlog,
		Timeouts: server.Timeouts{ReadHeader: time.Second, Read: time.Second, Write: 5 * time.Second, Idle: time.Minute, Shutdown: time.Second},
	})
	public, _ := r.server.Handlers()
	r.public = httptest.NewUnstartedServer(public)
	r.public.Config.ReadTimeout, r.public.Config.IdleTimeout = read, time.Minute
	r.public.Start()
	t.Cleanup(r.public.Close)
}

// restarted is another server on the same store, which knows nothing else of
// the one before.
func (r *rig) restarted(t testing.TB) *rig {
	t.Helper()
	next := &rig{dir: r.dir, ring: r.ring, store: r.store, proxies: r.proxies, now: r.clock(), answers: make(map[string]bool)}
	next.start(t, slog.LevelDebug, 600, time.Second)
	return next
}

// reload reads the site files again and publishes them, as serve does.
func (r *rig) reload(t testing.TB) {
	t.Helper()
	sites, problems := siteconfig.LoadSites(os.DirFS(r.dir), "sites", catalogue.Files, components.Locales)
	if siteconfig.Failed(problems) {
		t.Fatal(problems)
	}
	var built []*api.Site
	for _, site := range sites {
		s, err := api.NewSite(context.Background(), site, r.ring, "test")
		if err != nil {
			t.Fatal(err)
		}
		r.begin(t, site)
		if err := r.api.Publish(context.Background(), s); err != nil {
			t.Fatal(err)
		}
		built = append(built, s)
	}
	r.api.SetSites(built)
}

func (r *rig) backlog() []consent.Backlog {
	asked, err := r.api.Requests(context.Background(), "shop")
	if err != nil {
		return nil
	}
	return []consent.Backlog{consent.BacklogOf("shop", asked, r.clock())}
}

func (r *rig) statuses() (list []translog.Status) {
	for _, l := range r.logs {
		list = append(list, l.Status())
	}
	return list
}

// begin makes a site's transparency log. Tests sign it when they need to.
func (r *rig) begin(t testing.TB, site *consent.Site) {
	t.Helper()
	if r.logs[site.ID] != nil {
		return
	}
	if r.logs == nil {
		r.logs, r.copies = make(map[string]*translog.Log), make(copies)
	}
	r.logs[site.ID] = translog.New(translog.Options{
		Site: site.ID, Origin: site.LogOrigin(), Root: r.ring.Root, Store: r.store, Memory: r.copies, Cache: translog.NewCache(100),
		Now: r.clock, Log: slog.New(slog.DiscardHandler),
	})
	if err := r.logs[site.ID].Begin(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// site returns a site that is being served.
func (r *rig) site(t testing.TB, id string) *api.Site {
	t.Helper()
	for _, s := range r.api.Sites() {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("no site %s", id)
	return nil
}

// records counts the records of a site's log.
func (r *rig) records(t testing.TB, site string) int {
	t.Helper()
	n := 0
	err := r.store.Log(context.Background(), site, 0, func(e consent.LogEntry) bool {
		if e.Kind == "" {
			n++
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// do sends one request to the public listener, reads the answer whole and holds
// both against the wire contract.
func (r *rig) do(t testing.TB, request *http.Request) (*http.Response, string) {
	t.Helper()
	x := exchange{request: request}
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			t.Fatal(err)
		}
		if x.sent, err = io.ReadAll(body); err != nil {
			t.Fatal(err)
		}
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	x.response, x.body = response, body
	r.hold(t, x)
	return response, string(body)
}

// hold fails a test whose exchange is not as documented, and notes which
// documented answer it was.
func (r *rig) hold(t testing.TB, x exchange) {
	t.Helper()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	answer, problems := c.check(x)
	if problems != nil {
		t.Fatalf("%s %s got %d, and the contract says otherwise:\n%s\n%s", x.request.Method, x.request.URL.Path,
			x.response.StatusCode, strings.Join(problems, "\n"), x.body[:min(len(x.body), 600)])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[answer], r.last = true, answer
}

const shopYAML = `
id: shop
name: Test shop
origins: [https://shop.example]
mode: path
prefix: /privacy
controller: {name: Shop Ltd, address: "1 Road, Town", contact: privacy@shop.example}
locales: [en, de]
categories:
  - {id: analytics, services: [ga4, matomo]}
  - {id: share, services: [youtube, addtoany]}
`

// writeSite puts a site file into a rig's folder.
func writeSite(t testing.TB, dir, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "sites"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sites", name), []byte(strings.TrimSpace(content)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
