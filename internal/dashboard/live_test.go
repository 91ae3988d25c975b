package dashboard_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/dashboard"
)

// stream opens the live view of a site.
func (d *desk) stream(site string) *http.Response {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.server.URL+"/admin/sites/"+site+"/live", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	res, err := d.browser.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// until reads events until one contains a text.
func until(t *testing.T, events *bufio.Scanner, text string) {
	t.Helper()
	last := ""
	for events.Scan() {
		if last = events.Text(); strings.Contains(last, text) {
			return
		}
	}
	t.Fatalf("the stream ended (%v) without %q; its last line: %q", events.Err(), text, last)
}

// What visitors do appears by itself, and nothing more once the session is over.
func TestTheLiveViewFollowsTheHourAndEndsWithTheSession(t *testing.T) {
	d := newDesk(t)
	d.change(func(o *dashboard.Options) { o.LiveEvery = 10 * time.Millisecond })
	d.wantRedirect(d.get("/admin/sites/shop/live"), "/admin/login")
	d.in()
	d.want(d.get("/admin/sites/none/live"), http.StatusNotFound, "")
	d.visit(start.Add(-time.Hour), 9, 3, 2)
	res := d.stream("shop")
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("status %d, %s", res.StatusCode, kind)
	}
	events := bufio.NewScanner(res.Body)
	until(t, events, `"before":{"shown":9,"accepted":3,"chosen":0,"rejected":2,"decisions":5}`)
	d.visit(start, 4, 1, 2)
	until(t, events, `"hour":{"shown":4,"accepted":1,"chosen":0,"rejected":2,"decisions":3}`)
	d.wantRedirect(d.post("/admin/logout", nil), "/admin/login")
	until(t, events, "event: end")
	for events.Scan() {
		if strings.Contains(events.Text(), "shown") {
			t.Errorf("after the end: %s", events.Text())
		}
	}
}

// A live view too many is refused, and there is room again once one was closed.
func TestLiveViewsAreBounded(t *testing.T) {
	d := newDesk(t)
	d.change(func(o *dashboard.Options) { o.LiveEvery = 10 * time.Millisecond })
	d.in()
	var open []*http.Response
	for range 8 {
		open = append(open, d.stream("shop"))
	}
	d.want(d.get("/admin/sites/shop/live"), http.StatusServiceUnavailable, "too many")
	_ = open[0].Body.Close()
	for end := time.Now().Add(20 * time.Second); d.stream("shop").StatusCode != http.StatusOK; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a closed live view still takes its place")
		}
	}
}

// stuck is an answer that nobody reads: a write takes until its deadline.
type stuck struct {
	*httptest.ResponseRecorder
	late chan struct{}
	once sync.Once
}

func (s *stuck) Write([]byte) (int, error) {
	<-s.late
	return 0, os.ErrDeadlineExceeded
}

func (s *stuck) SetWriteDeadline(t time.Time) error {
	if !t.IsZero() {
		s.once.Do(func() { close(s.late) })
	}
	return nil
}

// A browser that keeps its connection and reads nothing must not keep its place.
func TestAnEventThatNobodyTakesEndsTheView(t *testing.T) {
	d := newDesk(t)
	d.in()
	at, err := url.Parse(d.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookies := d.browser.Jar.Cookies(at)
	d.change(func(o *dashboard.Options) { o.LivePatience = 10 * time.Millisecond })
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/admin/sites/shop/live", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w, ended := &stuck{ResponseRecorder: httptest.NewRecorder(), late: make(chan struct{})}, make(chan struct{})
	go func() {
		d.server.Config.Handler.ServeHTTP(w, r)
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("the view waits for ever")
	}
}
