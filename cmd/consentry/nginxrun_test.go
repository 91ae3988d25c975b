package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// shopSite is a site in mode path, whose pages are at origin.
func shopSite(origin string) *consent.Site {
	return &consent.Site{
		ID: "shop", Name: "Example Shop",
		Deployment: consent.Deployment{Mode: consent.ModePath, Origins: []string{origin}, Prefix: "/privacy", Gate: "marked"},
		Locales:    []string{"en"},
		Texts:      map[string]consent.Texts{"en": {Settings: "Cookie settings"}},
		Policy: consent.NewPolicy(consent.Policy{Site: "shop", Categories: []consent.Category{
			{ID: "analytics", Services: []consent.Service{{ID: "ga4", Name: "Google Analytics", Hosts: []string{"*.google-analytics.com", "www.googletagmanager.com/gtag"}}}},
			{ID: "share", Services: []consent.Service{{ID: "youtube", Name: "YouTube", Hosts: []string{"www.youtube-nocookie.com"}}}},
		}}),
	}
}

// startNginx runs Debian's nginx on a free port with the very lines that
// snippet prints for a site at that address, in front of upstream (host:port).
// It returns the address under which visitors reach it.
func startNginx(t *testing.T, site func(origin string) *consent.Site, upstream string) (origin string) {
	t.Helper()
	address := freeAddress(t)
	origin = "http://" + address
	serveNginx(t, address, printed(t, site(origin), upstream, "nginx.conf.tmpl"))
	return origin
}

// serveNginx runs Debian's nginx at address with lines that snippet printed.
func serveNginx(t *testing.T, address, lines string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("nginx is missing; install it with: apt-get install nginx")
		}
		t.Skip("nginx is not installed")
	}
	dir := t.TempDir()
	inHTTP, inServer := splitNginx(t, lines)
	// The one change: this test may not write to /var/cache.
	inHTTP = strings.Replace(inHTTP, "/var/cache/consentry", filepath.Join(dir, "cache"), 1)
	config := fmt.Sprintf(`
daemon off;
user root;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 128; }
http {
    access_log off;
    client_body_temp_path %[1]s/body;
    proxy_temp_path %[1]s/proxy;
    fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi;
    scgi_temp_path %[1]s/scgi;
%[2]s
    server {
        listen %[3]s;
        location / { return 200 "the page\n"; }
        location ~ \.(js|json)$ { return 418; } # owners have such lines; ours must win
%[4]s
    }
}
`, dir, inHTTP, address, inServer)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	runNginx(t, program, dir, path, address)
}

// printed returns what the command prints from one template.
func printed(t *testing.T, site *consent.Site, listen, file string) string {
	t.Helper()
	s, err := newSnippet(site, listen)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := s.print(&b, file); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// splitNginx cuts the printed lines at their headings, as an owner would.
func splitNginx(t *testing.T, lines string) (inHTTP, inServer string) {
	t.Helper()
	parts := strings.Split(lines, "# ==== ")
	if len(parts) != 4 {
		t.Fatalf("the nginx lines have %d headings, want 3:\n%s", len(parts)-1, lines)
	}
	return "# " + parts[1], "# " + parts[2]
}

func runNginx(t *testing.T, program, dir, config, address string) {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.Command(program, "-p", dir, "-e", "stderr", "-c", config)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // ends the workers too
		<-done
		if t.Failed() {
			t.Logf("nginx said:\n%s", output.String())
		}
	})
	for range 100 {
		select {
		case err := <-done:
			done <- err
			t.Fatalf("nginx ended: %v\n%s", err, output.String())
		case <-time.After(50 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatal("nginx did not listen within five seconds")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// upstream stands where Consentry will: it answers like it, and can be told to
// hang, which a crashed or overloaded server looks like.
type upstream struct {
	*httptest.Server
	hang    atomic.Bool
	scripts atomic.Int64 // gates served
	last    atomic.Pointer[http.Request]
	release chan struct{}
}

func startUpstream(t *testing.T) *upstream {
	u := &upstream{release: make(chan struct{})}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.last.Store(r)
		if u.hang.Load() {
			<-u.release
			return
		}
		switch r.URL.Path {
		case "/privacy/gate.js":
			n := u.scripts.Add(1)
			w.Header().Set("Cache-Control", "public, max-age=1, stale-while-revalidate=86400")
			w.Header().Set("Vary", "Accept-Encoding")
			fmt.Fprintf(w, "gate %d", n)
		case "/privacy/decisions":
			w.Header().Set("Cache-Control", "private, no-store")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, "%s %s", r.Method, body)
		case "/.well-known/gpc.json", "/privacy/openapi.json":
			fmt.Fprint(w, r.URL.Path)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(func() { close(u.release); u.Close() })
	return u
}

func (u *upstream) address() string { return u.Listener.Addr().String() }

type answer struct {
	status int
	body   string
	took   time.Duration
}

func fetch(t *testing.T, method, url, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	// A connection of its own, as every visitor has.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, string(text), time.Since(start)}
}
