package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/server"
)

// sickStore is a real store that says it is not well.
type sickStore struct {
	consent.Store
	err error
}

func (s sickStore) Health(ctx context.Context) (consent.Durability, error) {
	if s.err != nil {
		return consent.Unstated, s.err
	}
	return s.Store.Health(ctx)
}

// operators starts a server's operators' side on a store of the given health.
func operators(t *testing.T, sick error, problems ...string) http.Handler {
	t.Helper()
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	s := server.New(server.Options{
		Visitors: r.api, Operators: noOperators{}, Store: sickStore{r.store, sick}, Now: r.clock,
		Log: slog.New(slog.DiscardHandler), Problems: func() []string { return problems }, Version: "1.2.3",
	})
	s.Metrics.Decision("shop", "granted")
	_, handler := s.Handlers()
	return handler
}

func fetch(handler http.Handler, method, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	return recorder
}

func TestHealthIsThatTheProcessAnswers(t *testing.T) {
	for _, sick := range []error{nil, consent.ErrUnavailable} {
		if got := fetch(operators(t, sick), "GET", "/healthz"); got.Code != 200 || got.Body.String() != "ok\n" {
			t.Errorf("with a store that says %v: %d %q", sick, got.Code, got.Body)
		}
	}
}

// A server whose store is away stays in rotation: it serves the gate and lets
// visitors refuse.
func TestReadinessTellsWhatIsDegraded(t *testing.T) {
	type answer struct {
		Status, Durability, Store, Version string
		Problems                           []string
	}
	for name, test := range map[string]struct {
		sick     error
		problems []string
		want     answer
	}{
		"well":              {nil, nil, answer{Status: "ready", Durability: "durable", Version: "1.2.3"}},
		"the store is away": {consent.ErrUnavailable, nil, answer{Status: "degraded", Durability: "unknown", Store: consent.ErrUnavailable.Error(), Version: "1.2.3"}},
		"a site is broken":  {nil, []string{"sites/x.yaml:1:1: no"}, answer{Status: "degraded", Durability: "durable", Problems: []string{"sites/x.yaml:1:1: no"}, Version: "1.2.3"}},
	} {
		got := fetch(operators(t, test.sick, test.problems...), "GET", "/readyz")
		var body answer
		if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != http.StatusOK {
			t.Fatalf("%s: %d %s %v", name, got.Code, got.Body, err)
		}
		if !slices.Equal(body.Problems, test.want.Problems) {
			t.Errorf("%s: problems %q", name, body.Problems)
		}
		body.Problems, test.want.Problems = nil, nil
		if body.Status != test.want.Status || body.Durability != test.want.Durability || body.Store != test.want.Store || body.Version != test.want.Version {
			t.Errorf("%s: %+v, want %+v", name, body, test.want)
		}
	}
}

func TestMetricsNameRoutesAndNobody(t *testing.T) {
	handler := operators(t, nil)
	fetch(handler, "GET", "/healthz")
	fetch(handler, "BREW", "/healthz")
	fetch(handler, "GET", "/no/such/visitor-47x11")
	text := fetch(handler, "GET", "/metrics").Body.String()
	for _, line := range []string{
		"consentry_store_up 1\n",
		"consentry_build_info{version=\"1.2.3\"} 1\n",
		"consentry_decisions_total{outcome=\"granted\",site=\"shop\"} 1\n",
		"consentry_requests_total{listener=\"operators\",method=\"GET\",route=\"/healthz\",status=\"200\"} 1\n",
		"consentry_requests_total{listener=\"operators\",method=\"other\",route=\"/healthz\",status=\"405\"} 1\n",
		"consentry_request_seconds_count{listener=\"operators\",route=\"/healthz\"} 2\n",
		"consentry_undeclared_proxy_requests_total 0\n",
		"go_goroutines ",
		"go_gc_heap_live_bytes ",
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("there is no line %q", line)
		}
	}
	if strings.Contains(text, "47x11") || strings.Contains(text, "BREW") {
		t.Errorf("a path or an invented method is a label:\n%s", text)
	}
	if text := fetch(operators(t, errors.New("gone")), "GET", "/metrics").Body.String(); !strings.Contains(text, "\nconsentry_store_up 0\n") {
		t.Error("a sick store is up")
	}
}

// panicking is a site's handlers that fail in the worst way.
type panicking struct{ with any }

func (panicking) FindSite(next echo.HandlerFunc) echo.HandlerFunc { return next }
func (p panicking) Register(e *echo.Echo, _ echo.MiddlewareFunc) {
	e.GET("/panic", func(echo.Context) error { panic(p.with) })
	e.GET("/late", func(c echo.Context) error {
		_ = c.String(http.StatusOK, "half")
		return errors.New("too late for a status")
	})
}

func TestAPanicIsAnAnswerWithoutDetails(t *testing.T) {
	var log lockedBuffer
	s := server.New(server.Options{
		Visitors: panicking{"secret detail"}, Operators: noOperators{}, Now: time.Now,
		Log: slog.New(slog.NewJSONHandler(&log, nil)), Problems: func() []string { return nil },
	})
	public, _ := s.Handlers()
	got := fetch(public, "GET", "/panic")
	if got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "secret") || errorCode(got.Body.Bytes()) != "internal" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	id := got.Header().Get("X-Request-Id")
	if line := log.String(); id == "" || !strings.Contains(line, id) || !strings.Contains(line, "secret detail") || !strings.Contains(line, "operators_test.go") {
		t.Errorf("the log does not tell what %q was:\n%s", id, line)
	}
	// An answer that has begun stays as it is.
	if got := fetch(public, "GET", "/late"); got.Code != http.StatusOK || got.Body.String() != "half" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// net/http's own way to break a connection off is not an error.
func TestAnAbortedAnswerIsLeftToNetHTTP(t *testing.T) {
	s := server.New(server.Options{
		Visitors: panicking{http.ErrAbortHandler}, Operators: noOperators{}, Now: time.Now,
		Log: slog.New(slog.DiscardHandler), Problems: func() []string { return nil },
	})
	public, _ := s.Handlers()
	defer func() {
		if r := recover(); r != http.ErrAbortHandler { //nolint:errorlint // net/http compares so
			t.Errorf("it ended in %v", r)
		}
	}()
	fetch(public, "GET", "/panic")
}
