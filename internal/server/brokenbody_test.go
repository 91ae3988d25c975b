package server_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// A visitor who leaves in the middle of a request is no fault of the server's, and
// nothing of the connection gets into the log.
func TestABodyThatBreaksOff(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn) error{
		"closed": (*net.TCPConn).CloseWrite,
		"reset":  func(c *net.TCPConn) error { _ = c.SetLinger(0); return c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			r := shopRig(t, nil)
			dialled, err := net.Dial("tcp", r.public.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			conn := dialled.(*net.TCPConn)
			defer conn.Close()
			fmt.Fprint(conn, "POST /privacy/decisions HTTP/1.1\r\nHost: shop.example\r\nOrigin: https://shop.example\r\n"+
				"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":")
			time.Sleep(50 * time.Millisecond) // it is being read
			address := conn.LocalAddr().String()
			if err := leave(conn); err != nil {
				t.Fatal(err)
			}
			for until := time.Now().Add(5 * time.Second); !strings.Contains(r.log.String(), "/decisions") && time.Now().Before(until); {
				time.Sleep(time.Millisecond)
			}
			if log := r.log.String(); strings.Contains(log, address) || !strings.Contains(log, `"status":499`) || strings.Contains(log, "ERROR") {
				t.Errorf("the log says\n%s", log)
			}
		})
	}
}

// What a path asks for is not logged when the store fails over it.
func TestAFailureDoesNotRepeatThePath(t *testing.T) {
	r := shopRig(t, nil)
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/privacy/banner/mark-somebody/en.js", "/privacy/gate.mark-somebody.js"} {
		response, _ := r.do(t, ask{to: "GET " + path}.request(t, r))
		if response.StatusCode != 503 || strings.Contains(r.log.String(), "mark") {
			t.Errorf("%s got %d; the log says\n%s", path, response.StatusCode, r.log.String())
		}
	}
}
