package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/server"
	"github.com/consentry/consentry/internal/storetest"
)

// operator serves the dashboard over a rig's store, and returns its address and a
// browser that is logged in.
func (r *rig) operator(t *testing.T) (address string, browser *http.Client) {
	t.Helper()
	sites := func() (list []*consent.Site) {
		for _, site := range r.api.Sites() {
			list = append(list, site.Site)
		}
		return list
	}
	log := slog.New(slog.DiscardHandler)
	dash, err := dashboard.New(dashboard.Options{
		Store: r.store, Sites: sites, Seen: r.api.Sightings, Requests: r.api.Requests, Settle: r.api.Settle, Transparency: r.api.Transparency,
		Secret: bytes.Repeat([]byte{7}, 32), Accounts: dashboard.NewAccountsFile(filepath.Join(t.TempDir(), "accounts.json")),
		Trail: &dashboard.Trail{Store: r.store, Sites: sites, Now: r.clock}, Now: r.clock, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, handler := server.New(server.Options{
		Visitors: r.api, Operators: dash, Store: r.store, Now: r.clock, Log: log, Problems: func() []string { return nil },
	}).Handlers()
	desk := httptest.NewServer(handler)
	t.Cleanup(desk.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser = &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	t.Cleanup(browser.CloseIdleConnections)
	link, _ := dash.SetupLink(desk.URL)
	form := url.Values{"password": {"correct horse battery"}, "again": {"correct horse battery"}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", desk.URL)
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK { // after the redirect
		t.Fatalf("status %d", response.StatusCode)
	}
	return desk.URL, browser
}

func look(t *testing.T, browser *http.Client, address string) (status int, body string) {
	response, err := browser.Get(address)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(b)
}

// A thousand operators at once get their page, and visitors meanwhile the gate and
// their receipts: the dashboard takes a few places in the store and leaves the rest.
func TestACrowdBeforeTheDashboardLeavesVisitorsAlone(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { crowd(t, nil) })
	t.Run("redis", func(t *testing.T) {
		store, err := redisstore.Open(t.Context(), storetest.StartRedis(t).URL(), redisstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		crowd(t, func(consent.Store) consent.Store { return store })
	})
}

func crowd(t *testing.T, wrap func(consent.Store) consent.Store) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRigWith(t, dir, wrap, slog.LevelWarn, 0, time.Minute)
	address, browser := r.operator(t)
	rendering := r.site(t, "shop").Rendering
	var operators sync.WaitGroup
	begin, over := make(chan struct{}), make(chan struct{})
	for range 1000 {
		operators.Go(func() {
			<-begin
			if status, body := look(t, browser, address+"/admin/sites/shop?days=7"); status != http.StatusOK || !strings.HasSuffix(strings.TrimSpace(body), "</html>") {
				t.Errorf("status %d: %.100s", status, body)
			}
		})
	}
	close(begin)
	go func() { operators.Wait(); close(over) }()
	for visits, waiting := 0, true; waiting || visits < 3; visits++ {
		if response, _ := r.do(t, ask{to: "GET /privacy/gate.js"}.request(t, r)); response.StatusCode != http.StatusOK {
			t.Errorf("the gate: status %d", response.StatusCode)
		}
		if response, body := r.do(t, ask{to: "POST /privacy/decisions", body: decision(newID(t), rendering, "accept-all", "granted")}.request(t, r)); response.StatusCode != http.StatusCreated {
			t.Errorf("a decision: status %d %s", response.StatusCode, body)
		}
		select {
		case <-over:
			waiting = false
		default:
		}
	}
}
