package server_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// faultyStore fails appends as told, and is otherwise the real one.
type faultyStore struct {
	consent.Store
	mu   sync.Mutex
	fail error
}

func (f *faultyStore) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *faultyStore) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	f.mu.Lock()
	err := f.fail
	f.mu.Unlock()
	if err != nil {
		return consent.Stored{}, false, err
	}
	return f.Store.Append(ctx, e)
}

func newID(t testing.TB) string {
	t.Helper()
	var id consent.ID
	if _, err := rand.Read(id[:]); err != nil {
		t.Fatal(err)
	}
	return id.String()
}

// decision is a body as the banner sends it.
func decision(id, rendering, control, status string) string {
	return fmt.Sprintf(`{"id":%q,"rendering":%q,"locale":"en","layout":"bar","surface":"banner","control":%q,"layer":1,"scope":"keep","categories":{"analytics":%q,"share":%q}}`,
		id, rendering, control, status, status)
}

func (r *rig) post(t testing.TB, body string, cookies ...*http.Cookie) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest("POST", r.public.URL+"/privacy/decisions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "shop.example"
	request.Header.Set("Origin", "https://shop.example")
	request.Header.Set("Content-Type", "application/json")
	for _, c := range cookies {
		request.AddCookie(c)
	}
	return r.do(t, request)
}

func cookieNames(r *http.Response) string {
	var names []string
	for _, c := range r.Cookies() {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// No failure of the store may turn into a grant; every refusal takes effect.
func TestAStoreThatFails(t *testing.T) {
	for name, test := range map[string]struct {
		err   error
		grant int
	}{
		"away":       {fmt.Errorf("%w: dial: refused", consent.ErrUnavailable), http.StatusServiceUnavailable},
		"overloaded": {consent.ErrBusy, http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeSite(t, dir, "shop.yaml", shopYAML)
			faulty := &faultyStore{}
			r := newRig(t, dir, func(s consent.Store) consent.Store { faulty.Store = s; return faulty })
			rendering := r.site(t, "shop").Rendering

			granted, _ := r.post(t, decision(newID(t), rendering, "accept-all", "granted"))
			before := granted.Cookies()
			faulty.set(test.err)

			response, body := r.post(t, decision(newID(t), rendering, "accept-all", "granted"))
			if response.StatusCode != test.grant || cookieNames(response) != "" {
				t.Errorf("a grant got %d, cookies %q: %s", response.StatusCode, cookieNames(response), body)
			}

			withdrawal := decision(newID(t), rendering, "withdraw", "denied")
			response, body = r.post(t, withdrawal, before...)
			if response.StatusCode != http.StatusAccepted || !strings.Contains(body, `"proof":"pending"`) {
				t.Fatalf("a withdrawal got %d: %s", response.StatusCode, body)
			}
			if cookieNames(response) != "__Host-consentry_hint" || !strings.Contains(response.Header.Get("Set-Cookie"), "analytics~d~") {
				t.Errorf("a withdrawal got the cookies %q", response.Header.Values("Set-Cookie"))
			}

			// Widening what a withdrawal has narrowed needs its proof again, although
			// the sealed cookie still says granted.
			narrowed := append([]*http.Cookie{before[0]}, response.Cookies()...)
			response, _ = r.post(t, decision(newID(t), rendering, "accept-all", "granted"), narrowed...)
			if response.StatusCode != test.grant || cookieNames(response) != "" {
				t.Errorf("granting again got %d, cookies %q", response.StatusCode, cookieNames(response))
			}

			// The store is back: the same withdrawal is recorded as what it was.
			faulty.set(nil)
			response, body = r.post(t, withdrawal, narrowed...)
			if response.StatusCode != http.StatusCreated || r.records(t, "shop") != 2 {
				t.Fatalf("sent again it got %d with %d records: %s", response.StatusCode, r.records(t, "shop"), body)
			}
			if event := r.lastEvent(t, body); event != "withdrawn" {
				t.Errorf("it was recorded as %s", event)
			}
		})
	}
}

// lastEvent reads the event of the record that an answer names.
func (r *rig) lastEvent(t testing.TB, answer string) string {
	t.Helper()
	var a struct{ Receipt string }
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		t.Fatal(err)
	}
	request, _ := http.NewRequest("GET", r.public.URL+a.Receipt+"?format=json", nil)
	request.Host = "shop.example"
	_, body := r.do(t, request)
	var doc struct{ Records []struct{ Event string } }
	if err := json.Unmarshal([]byte(body), &doc); err != nil || len(doc.Records) == 0 {
		t.Fatalf("receipt: %v %s", err, body)
	}
	return doc.Records[0].Event
}

func TestTheSameDecisionTenTimesInParallelIsOneRecord(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	body := decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted")
	answers := make([]string, 10)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			response, answer := r.post(t, body)
			if response.StatusCode != http.StatusCreated {
				t.Errorf("status %d: %s", response.StatusCode, answer)
			}
			answers[i] = answer
		})
	}
	wait.Wait()
	for _, answer := range answers {
		if answer != answers[0] {
			t.Errorf("answers differ:\n%s\n%s", answer, answers[0])
		}
	}
	if n := r.records(t, "shop"); n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestBodiesThatAreTooLargeOrNeverEnd(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	rendering := r.site(t, "shop").Rendering
	good := decision(newID(t), rendering, "accept-all", "granted")

	tests := map[string]string{
		"5 KB":           strings.TrimSuffix(good, "}") + `,"sealed":"` + strings.Repeat("A", 5000) + `"}`,
		"10 000 entries": `[` + strings.Repeat(`"granted",`, 9999) + `"granted"]`,
	}
	for name, body := range tests {
		if response, answer := r.post(t, body); response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s got %d: %s", name, response.StatusCode, answer)
		}
	}
	if status := r.stall(t, good); status != "408" {
		t.Errorf("a body that stalls got %s", status)
	}
	if n := r.records(t, "shop"); n != 0 {
		t.Errorf("%d records", n)
	}
}

// stall sends the headers and half a body, and returns the answer's status.
func (r *rig) stall(t testing.TB, body string) string {
	t.Helper()
	conn, err := net.Dial("tcp", r.public.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /privacy/decisions HTTP/1.1\r\nHost: shop.example\r\nOrigin: https://shop.example\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2])
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer, err := io.ReadAll(io.LimitReader(conn, 12))
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	_, status, _ := strings.Cut(string(answer), " ")
	return strings.TrimSpace(status)
}

// A network that writes too much is told so; others behind the same proxy and
// the gate are not touched.
func TestWritesArePacedPerNetwork(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	from := func(address, verb, path string) int {
		body := ""
		if verb == "POST" {
			body = "{}"
		}
		request, _ := http.NewRequest(verb, r.public.URL+path, strings.NewReader(body))
		request.Host = "shop.example"
		request.Header.Set("X-Forwarded-For", "203.0.113.99, "+address)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Origin", "https://shop.example")
		response, _ := r.do(t, request)
		return response.StatusCode
	}
	limited := 0
	for range 230 {
		if from("198.51.100.7", "POST", "/privacy/impressions") == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 20 || limited > 30 {
		t.Errorf("%d of 230 were refused, want about 30", limited)
	}
	if status := from("198.51.100.8", "POST", "/privacy/impressions"); status == http.StatusTooManyRequests {
		t.Error("another address was refused too")
	}
	if status := from("198.51.100.7", "GET", "/privacy/gate.js"); status != http.StatusOK {
		t.Errorf("the gate got %d", status)
	}
}

// A retry of an old grant that was held up somewhere must not undo what the
// visitor decided since.
func TestALateRetryDoesNotUndoAWithdrawal(t *testing.T) {
	dir := t.TempDir()
	writeSite(t, dir, "shop.yaml", shopYAML)
	r := newRig(t, dir, nil)
	rendering := r.site(t, "shop").Rendering
	accept := decision(newID(t), rendering, "accept-all", "granted")
	first, _ := r.post(t, accept)
	r.advance(time.Second)
	second, _ := r.post(t, decision(newID(t), rendering, "withdraw", "denied"), first.Cookies()...)
	late, body := r.post(t, accept, second.Cookies()...)
	if late.StatusCode != http.StatusCreated || strings.Contains(body, "analytics~g") || strings.Contains(strings.Join(late.Header.Values("Set-Cookie"), " "), "~g") {
		t.Errorf("the late retry got %d %s", late.StatusCode, body)
	}
	if n := r.records(t, "shop"); n != 2 {
		t.Errorf("%d records", n)
	}
}

// Nor must it undo a withdrawal that still waits for its record.
func TestALateRetryDoesNotUndoAWithdrawalThatWaits(t *testing.T) {
	faulty := &faultyStore{}
	r := shopRig(t, func(s consent.Store) consent.Store { faulty.Store = s; return faulty })
	rendering := r.site(t, "shop").Rendering
	accept := decision(newID(t), rendering, "accept-all", "granted")
	first, _ := r.post(t, accept)
	faulty.set(consent.ErrUnavailable)
	withdrawn, _ := r.post(t, decision(newID(t), rendering, "withdraw", "denied"), first.Cookies()...)
	if withdrawn.StatusCode != http.StatusAccepted {
		t.Fatalf("the withdrawal got %d", withdrawn.StatusCode)
	}
	faulty.set(nil)
	late, body := r.post(t, accept, first.Cookies()[0], withdrawn.Cookies()[0])
	if late.StatusCode != http.StatusCreated || strings.Contains(body, "analytics~g") {
		t.Errorf("the late retry got %d %s", late.StatusCode, body)
	}
	for _, c := range late.Cookies() {
		if strings.HasSuffix(c.Name, "_hint") && strings.Contains(c.Value, "~g") {
			t.Errorf("it set %s", c)
		}
	}
	// Who has lost the readable half gets it back.
	if again, body := r.post(t, accept, first.Cookies()[0]); again.StatusCode != http.StatusCreated || !strings.Contains(body, "analytics~g") {
		t.Errorf("without a hint it got %d %s", again.StatusCode, body)
	}
}
