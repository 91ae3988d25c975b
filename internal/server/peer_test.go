package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAnErrorIsLoggedWithoutThePeer(t *testing.T) {
	end := func(text string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, peer := range []string{"203.0.113.7:51234", "[2001:db8::7]:51234"} {
		err := fmt.Errorf("render: %w", &net.OpError{Op: "write", Net: "tcp", Source: end("10.0.0.1:8080"), Addr: end(peer), Err: errors.New("broken pipe")})
		if text := withoutPeer(err, &http.Request{RemoteAddr: peer}); strings.Contains(text, peer) || !strings.Contains(text, "broken pipe") {
			t.Errorf("logged as %q", text)
		}
	}
}
