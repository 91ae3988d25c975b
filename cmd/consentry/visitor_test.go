package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// visitor is a browser's connection without the browser: cheap enough to have
// many of on the server's own cores.
type visitor struct {
	host string // of the Host header
	conn net.Conn
	in   *bufio.Reader
}

// reply is one whole answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// decisionReply is the body of 201 and 202.
type decisionReply struct{ Record, Receipt, Hint, Proof string }

// visit connects to a server as a visitor of https://shop.example.
func visit(address string) (*visitor, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &visitor{host: "shop.example", conn: conn, in: bufio.NewReader(conn)}, nil
}

func (v *visitor) close() { _ = v.conn.Close() }

// call sends one request and reads the answer whole. Headers are lines of
// "Name: value".
func (v *visitor) call(method, path, body string, headers ...string) (reply, error) {
	if _, err := v.conn.Write(v.request(method, path, body, headers...)); err != nil {
		return reply{}, err
	}
	return v.answer()
}

func (v *visitor) request(method, path, body string, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, v.host)
	for _, line := range headers {
		b.WriteString(line + "\r\n")
	}
	if method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

func (v *visitor) answer() (reply, error) {
	if err := v.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return reply{}, err
	}
	response, err := http.ReadResponse(v.in, nil)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(text)}, err
}

// ask makes one request on a connection of its own, as a visitor of
// https://shop.example; "Host: …" first among headers names another host.
func ask(t testing.TB, address, method, path, body string, headers ...string) reply {
	t.Helper()
	v, err := visit(address)
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	if len(headers) > 0 {
		if host, ok := strings.CutPrefix(headers[0], "Host: "); ok {
			v.host, headers = host, headers[1:]
		}
	}
	got, err := v.call(method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// cookies returns the cookies that an answer sets, as a browser sends them back.
func (r reply) cookies() string {
	var list []string
	for _, line := range r.header.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(line, ";")
		list = append(list, pair)
	}
	return strings.Join(list, "; ")
}

func newDecisionID() string {
	var id consent.ID
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	return id.String()
}

// fromPage are the headers of a request that the site's own script makes.
func fromPage(headers ...string) []string {
	return append([]string{"Origin: https://shop.example", "Content-Type: application/json",
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"}, headers...)
}

// decisionBody is a decision as the banner sends it: accept-all grants, any
// other control denies.
func decisionBody(id, rendering, control string) string {
	status := consent.Denied
	if control == "accept-all" {
		status = consent.Granted
	}
	return fmt.Sprintf(`{"id":%q,"rendering":%q,"locale":"en","layout":"bar","surface":"banner","control":%q,"layer":1,"scope":"keep","categories":{"analytics":%q,"share":%q}}`,
		id, rendering, control, status, status)
}

// decide posts one decision with an id of its own.
func (p *program) decide(control string, headers ...string) reply {
	p.t.Helper()
	return ask(p.t, p.visitors, "POST", "/privacy/decisions", decisionBody(newDecisionID(), p.rendering(), control), fromPage(headers...)...)
}
