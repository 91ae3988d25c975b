package dashboard_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/internal/sqlitestore"
)

const password = "correct horse battery staple"

// desk is a dashboard behind a real listener, with a browser in front of it.
type desk struct {
	t       *testing.T
	dash    *dashboard.Dashboard
	store   consent.Store
	server  *httptest.Server
	browser *http.Client
	file    string
	log     *bytes.Buffer

	mu  sync.Mutex
	now time.Time

	sites     []*consent.Site
	scheduled experiment.Schedule // of what is tried, if anything is
}

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlitestore.Open(filepath.Join(dir, "consentry.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	d := &desk{t: t, store: store, file: filepath.Join(dir, "accounts.json"), log: &bytes.Buffer{}, now: start}
	d.start()
	return d
}

// start serves a new dashboard over what is on the disk, as after a restart.
func (d *desk) start() {
	d.t.Helper()
	d.change(func(*dashboard.Options) {})
}

// change is start with other options.
func (d *desk) change(edit func(*dashboard.Options)) {
	d.t.Helper()
	o := d.options()
	edit(&o)
	dash, err := dashboard.New(o)
	if err != nil {
		d.t.Fatal(err)
	}
	e := echo.New()
	dash.Register(e)
	d.dash, d.server = dash, httptest.NewServer(e)
	d.t.Cleanup(d.server.Close)
	d.fresh()
}

func (d *desk) options() dashboard.Options {
	if d.sites == nil {
		d.sites = []*consent.Site{shop(d.t)}
	}
	return dashboard.Options{
		Store: d.store, Sites: d.served, Secret: bytes.Repeat([]byte{7}, 32), Seen: d.seen,
		Accounts: dashboard.NewAccountsFile(d.file), Trail: &dashboard.Trail{Store: d.store, Now: d.clock, Sites: d.served}, Now: d.clock, Log: slog.New(slog.NewTextHandler(d.log, nil)),
		Requests: (&consent.Requests{Store: d.store}).List, Settle: d.answerRequest, Transparency: d.transparency, Examine: d.examine,
		Schedule: func(string) (experiment.Schedule, bool) { return d.scheduled, d.scheduled.Seed != nil },
	}
}

func (d *desk) served() []*consent.Site { return d.sites }

func (d *desk) seen(site string) []consent.Sighting {
	return []consent.Sighting{{Kind: consent.SeenCookie, Name: "_" + site + "_<b>", First: start.AddDate(0, 0, -3), Last: start}}
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) pass(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(t)
}

// fresh is a browser without cookies.
func (d *desk) fresh() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (d *desk) get(path string) answer {
	d.t.Helper()
	return d.do(http.MethodGet, path, nil, nil)
}

// post sends a form as the dashboard's own page would.
func (d *desk) post(path string, form url.Values) answer {
	d.t.Helper()
	return d.do(http.MethodPost, path, form, map[string]string{"Origin": d.server.URL, "Sec-Fetch-Site": "same-origin"})
}

func (d *desk) do(method, path string, form url.Values, headers map[string]string) answer {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		d.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range headers {
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	res, err := d.browser.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func (d *desk) want(a answer, status int, contains string) {
	d.t.Helper()
	if a.status != status || !strings.Contains(a.body, contains) {
		d.t.Errorf("status %d, want %d; body must contain %q: %.300s", a.status, status, contains, a.body)
	}
}

func (d *desk) wantRedirect(a answer, to string) {
	d.t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != to {
		d.t.Errorf("status %d to %q, want 303 to %q: %.300s", a.status, a.header.Get("Location"), to, a.body)
	}
}

func both(s string) url.Values { return url.Values{"password": {s}, "again": {s}} }

func (d *desk) setupPath() string {
	d.t.Helper()
	link, open := d.dash.SetupLink(d.server.URL)
	if !open {
		d.t.Fatal("there is no set-up link")
	}
	return strings.TrimPrefix(link, d.server.URL)
}

// in sets the password and is logged in.
func (d *desk) in() {
	d.t.Helper()
	d.wantRedirect(d.post(d.setupPath(), both(password)), "/admin/")
}

func shop(t *testing.T) *consent.Site {
	t.Helper()
	src, err := os.ReadFile("../../templates/testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	site, problems := siteconfig.LoadSite("shop.yaml", src, catalogue.Files, os.DirFS("../../components"))
	if site == nil {
		t.Fatal(problems)
	}
	return site
}
