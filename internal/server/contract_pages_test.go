package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func (r *rig) answerImpressions(t *testing.T, store *moodyStore) {
	const post, to = "POST /impressions ", "POST /privacy/impressions"
	shown := fmt.Sprintf(`{"rendering":%q,"locale":"en","layout":"bar","again":false}`, r.site(t, "shop").Rendering)
	r.expect(t, post+"204", ask{to: to, body: shown})
	r.expect(t, post+"400"+jsonError+"body", ask{to: to, body: "[]"})
	r.expect(t, post+"403"+jsonError+"origin", ask{to: to, body: shown, headers: "Origin: null"})
	r.expect(t, post+"404"+jsonError+"no-site", ask{to: to, body: shown, headers: foreign})
	r.expect(t, post+"413"+jsonError+"too-large", ask{to: to, body: strings.Repeat(" ", 5000)})
	r.expect(t, post+"415"+jsonError+"media-type", ask{to: to, body: shown, headers: "Content-Type:"})
	r.expect(t, post+"422"+jsonError+"invalid", ask{to: to, body: strings.Replace(shown, "bar", "card", 1)})
	leaked := func(n int) string {
		return strings.TrimSuffix(shown, "}") + `,"leaked":["ga4"` + strings.Repeat(`,"nobody"`, n-1) + "]}"
	}
	r.expect(t, post+"204", ask{to: to, body: leaked(100)})
	r.expect(t, post+"422"+jsonError+"invalid", ask{to: to, body: leaked(101)})
	store.set(consent.ErrUnavailable, false)
	r.expect(t, post+"503"+jsonError+"unavailable", ask{to: to, body: shown})
	store.set(consent.ErrBusy, false)
	r.expect(t, post+"429"+jsonError+"busy", ask{to: to, body: shown})
	store.set(nil, false)
}

func (r *rig) answerUnasked(t *testing.T, store *moodyStore) {
	const post, to = "POST /unasked ", "POST /privacy/unasked?webdriver=false"
	r.expect(t, post+"204", ask{to: to})
	r.expect(t, post+"403"+jsonError+"origin", ask{to: to, headers: "Origin: null"})
	r.expect(t, post+"404"+jsonError+"no-site", ask{to: to, headers: foreign})
	store.set(consent.ErrUnavailable, false)
	r.expect(t, post+"503"+jsonError+"unavailable", ask{to: to})
	store.set(consent.ErrBusy, false)
	r.expect(t, post+"429"+jsonError+"busy", ask{to: to})
	store.set(nil, false)
}

func (r *rig) answerSightings(t *testing.T) {
	const post, to = "POST /sightings ", "POST /privacy/sightings"
	seen := sighted([]string{"cdn.stranger.example"}, []string{"_x"}, nil)
	r.expect(t, post+"204", ask{to: to, body: seen})
	r.expect(t, post+"400"+jsonError+"body", ask{to: to, body: "[]"})
	r.expect(t, post+"403"+jsonError+"origin", ask{to: to, body: seen, headers: "Origin: null"})
	r.expect(t, post+"404"+jsonError+"no-site", ask{to: to, body: seen, headers: foreign})
	r.expect(t, post+"413"+jsonError+"too-large", ask{to: to, body: strings.Repeat(" ", 5000)})
	r.expect(t, post+"415"+jsonError+"media-type", ask{to: to, body: seen, headers: "Content-Type:"})
	r.expect(t, post+"422"+jsonError+"invalid", ask{to: to, body: sighted(nil, []string{"id-4711"}, nil)})
}

// form is the page's form as a browser without JavaScript sends it.
func form(id, rendering, control string, more ...string) string {
	values := url.Values{"id": {id}, "rendering": {rendering}, "locale": {"en"}, "back": {"/basket"}, "control": {control}}
	for i := 0; i < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	return values.Encode()
}

// browses is what a program does not send: its errors are explained by a page.
const browses = "Accept: text/html"

// explains expects an error twice: as a program gets it, and as a page.
func (r *rig) explains(t *testing.T, want, code string, a ask) {
	t.Helper()
	r.expect(t, want+jsonError+code, a)
	a.headers = strings.TrimPrefix(a.headers+"\n"+browses, "\n")
	r.expect(t, want+" text/html", a)
}

func (r *rig) answerChoices(t *testing.T, store *moodyStore) {
	shop := r.site(t, "shop").Rendering
	accept := func() string { return form(newID(t), shop, "accept-all") }
	const post, to = "POST /choices ", "POST /privacy/choices"
	r.expect(t, "GET /choices 200 text/html", ask{to: "GET /privacy/choices?back=/basket&locale=de"})
	r.expect(t, "GET /choices 404"+jsonError+"no-site", ask{to: "GET /privacy/choices", headers: foreign})
	r.expect(t, post+"303", ask{to: to, body: accept()})
	r.expect(t, post+"303", ask{to: to, body: form(newID(t), shop, "save", "c.analytics", "granted", "s.youtube", "granted")})
	r.explains(t, post+"400", "form", ask{to: to, body: form("", shop, "accept-all")})
	r.explains(t, post+"400", "form", ask{to: to, body: form(newID(t), shop, "save", "c.analytics", "denied") + "&c.analytics=granted"})
	r.explains(t, post+"403", "origin", ask{to: to, body: accept(), headers: "Origin: https://evil.example"})
	r.expect(t, post+"404"+jsonError+"no-site", ask{to: to, body: accept(), headers: foreign})
	r.expect(t, post+"409 text/html", ask{to: to, body: form(newID(t), unknown, "accept-all")})
	r.explains(t, post+"413", "too-large", ask{to: to, body: "back=" + strings.Repeat("A", 17000)})
	r.explains(t, post+"422", "invalid", ask{to: to, body: form(newID(t), shop, "reject-all", "locale", "xx")})
	store.set(nil, true)
	r.explains(t, post+"410", "erased", ask{to: to, body: accept()})
	store.set(consent.ErrUnavailable, false)
	r.expect(t, post+"503 text/html", ask{to: to, body: accept()})
	r.expect(t, post+"303", ask{to: to, body: form(newID(t), shop, "reject-all")})
	store.set(consent.ErrBusy, false)
	r.expect(t, post+"429 text/html", ask{to: to, body: accept()})
	store.set(nil, false)
}

func (r *rig) answerReceipts(t *testing.T, store *moodyStore) {
	const mine, one = "GET /receipts/mine ", "GET /receipts/{token} "
	response, body := r.post(t, decision(newID(t), r.site(t, "shop").Rendering, "accept-all", "granted"))
	var answer struct{ Receipt string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	link, wrong := "GET "+answer.Receipt, "GET /privacy/receipts/"+strings.Repeat("A", 64)
	r.expect(t, mine+"200 application/json", ask{to: "GET /privacy/receipts/mine", cookies: response.Cookies()})
	r.expect(t, mine+"404"+jsonError+"not-found", ask{to: "GET /privacy/receipts/mine"})
	r.expect(t, mine+"404"+jsonError+"no-site", ask{to: "GET /privacy/receipts/mine", headers: foreign})
	r.expect(t, one+"200 text/html", ask{to: link})
	r.expect(t, one+"200 application/json", ask{to: link + "?format=json"})
	r.expect(t, one+"200 application/json", ask{to: link, headers: "Accept: application/json"})
	r.expect(t, one+"200 application/ld+json", ask{to: link + "?format=jsonld"})
	r.expect(t, one+"404 text/html", ask{to: wrong})
	r.expect(t, one+"404"+jsonError+"not-found", ask{to: wrong, headers: "Accept: application/json"})
	r.expect(t, one+"404"+jsonError+"no-site", ask{to: link, headers: foreign})
	store.set(consent.ErrUnavailable, false)
	r.explains(t, one+"503", "unavailable", ask{to: link})
	store.set(nil, false)
	r.answerRequests(t, store, "POST "+answer.Receipt)
	r.answerErasures(t, store, answer.Receipt, response.Cookies())
}

// receiptOf makes a decision on a site and returns its receipt's address.
func receiptOf(t *testing.T, r *rig, headers, site string) string {
	t.Helper()
	body := strings.Replace(decision(newID(t), r.site(t, site).Rendering, "accept-all", "granted"), `,"share":"granted"`, "", map[string]int{"hidden": 1}[site])
	_, answer := r.expect(t, "POST /decisions 201 application/json", ask{to: "POST /privacy/decisions", body: body, headers: headers})
	var got struct{ Receipt string }
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	return got.Receipt
}

func (r *rig) answerRequests(t *testing.T, store *moodyStore, to string) {
	const post = "POST /receipts/{token} "
	const wrong = "request=correction&reason=not-me"
	r.explains(t, post+"400", "form", ask{to: to, body: "request=everything"})
	r.explains(t, post+"400", "form", ask{to: to, body: "request=correction&reason=because"})
	r.expect(t, post+"404 text/html", ask{to: "POST /privacy/receipts/" + strings.Repeat("A", 64), body: wrong})
	r.explains(t, post+"413", "too-large", ask{to: to, body: "reason=" + strings.Repeat("A", 17000)})
	store.setNotes(consent.ErrUnavailable)
	r.expect(t, post+"503 text/html", ask{to: to, body: wrong})
	store.setNotes(nil)
	r.expect(t, post+"303", ask{to: to, body: wrong})
	r.expect(t, post+"303", ask{to: to, body: "request=objection"})
	r.expect(t, "GET /receipts/{token} 200 text/html", ask{to: "GET " + strings.TrimPrefix(to, "POST ")})
	r.expect(t, "GET /receipts/{token} 200 application/json", ask{to: "GET " + strings.TrimPrefix(to, "POST ") + "?format=json"})
}

// answerErasures comes after all that needs the receipt.
func (r *rig) answerErasures(t *testing.T, store *moodyStore, link string, cookies []*http.Cookie) {
	const erase = "POST /receipts/{token} "
	to := "POST " + link
	r.explains(t, erase+"403", "origin", ask{to: to, headers: "Origin: https://elsewhere.example"})
	r.expect(t, erase+"404 text/html", ask{to: "POST /privacy/receipts/" + strings.Repeat("A", 64)})
	store.set(consent.ErrUnavailable, false)
	r.expect(t, erase+"404"+jsonError+"no-site", ask{to: to, headers: foreign})
	store.set(consent.ErrUnavailable, false)
	r.explains(t, erase+"503", "unavailable", ask{to: to})
	store.set(nil, false)
	const hidden = hiddenPage + "\nOrigin: https://hidden.example"
	r.expect(t, erase+"409 text/html", ask{to: "POST " + receiptOf(t, r, hidden, "hidden"), headers: hidden})
	store.set(nil, false)
	response, _ := r.expect(t, erase+"200 text/html", ask{to: to, cookies: cookies})
	for _, c := range response.Cookies() {
		if c.MaxAge >= 0 {
			t.Errorf("the cookie %s stays after its record was erased", c.Name)
		}
	}
	r.expect(t, erase+"404 text/html", ask{to: to})
	r.expect(t, "GET /receipts/{token} 404 text/html", ask{to: "GET " + link})
}

// answerTheSlow sends bodies that stop half-way.
func (r *rig) answerTheSlow(t *testing.T) {
	var wait sync.WaitGroup
	receipt := "/receipts/" + strings.Repeat("A", 64)
	paths := []string{"/decisions", "/impressions", "/sightings", "/receipts/mine", "/choices", receipt, "/choices", receipt}
	got := make([]exchange, len(paths))
	for i, path := range paths {
		a := ask{to: "POST /privacy" + path, body: strings.Repeat(" ", 100)}
		if i > 5 {
			a.headers = browses
		}
		request := a.request(t, r)
		wait.Go(func() {
			var err error
			if got[i], err = r.stalled(request, a.body); err != nil {
				t.Errorf("%s: %v", a.to, err)
			}
		})
	}
	wait.Wait()
	for _, x := range got {
		r.hold(t, x)
	}
}

// stalled sends a request and half of its body, and waits for the answer.
func (r *rig) stalled(request *http.Request, body string) (exchange, error) {
	x := exchange{request: request, sent: []byte(body)}
	conn, err := net.Dial("tcp", r.public.Listener.Addr().String())
	if err != nil {
		return x, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: shop.example\r\nOrigin: https://shop.example\r\nContent-Type: %s\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s",
		request.URL.Path, request.Header.Get("Content-Type"), request.Header.Get("Accept"), len(body), body[:len(body)/2])
	if x.response, err = http.ReadResponse(bufio.NewReader(conn), request); err != nil {
		return x, err
	}
	x.body, err = io.ReadAll(x.response.Body)
	return x, err
}

// answerTheMany writes more than one network may, and comes last.
func (r *rig) answerTheMany(t *testing.T) {
	const network = "X-Forwarded-For: 198.51.100.9"
	for range 200 {
		response, err := r.public.Client().Do(ask{to: "POST /privacy/impressions", headers: network}.request(t, r))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	for _, path := range []string{"/decisions", "/impressions", "/unasked", "/sightings", "/receipts/mine"} {
		r.expect(t, "POST "+path+" 429"+jsonError+"rate", ask{to: "POST /privacy" + path, headers: network})
	}
	r.expect(t, "POST /choices 429"+jsonError+"rate", ask{to: "POST /privacy/choices", headers: network})
	r.expect(t, "POST /choices 429 text/html", ask{to: "POST /privacy/choices", headers: network + "\n" + browses})
	r.expect(t, "POST /receipts/{token} 429"+jsonError+"rate", ask{to: "POST /privacy/receipts/" + strings.Repeat("A", 64), headers: network})
	r.expect(t, "POST /receipts/{token} 429 text/html", ask{to: "POST /privacy/receipts/" + strings.Repeat("A", 64), headers: network + "\n" + browses})
}
