package storetest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Fault is what a Proxy does to the connections through it.
type Fault string

const (
	NoFault     Fault = "none"
	Refused     Fault = "connections are closed as soon as they are made, those that exist at once"
	Stalled     Fault = "nothing is passed on in either direction"
	Unanswered  Fault = "requests are passed on, replies are not"
	CutReplies  Fault = "connections are closed in the middle of a reply"
	HalfReplies Fault = "half of a reply is passed on, and nothing after it"
	Dribbled    Fault = "replies are passed on in pieces of a few bytes"
)

// Faults are all of them but NoFault.
func Faults() []Fault {
	return []Fault{Refused, Stalled, Unanswered, CutReplies, HalfReplies, Dribbled}
}

// Proxy passes TCP on to a server, with faults when it is told to.
type Proxy struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	fault   Fault
	changed chan struct{} // closed when the fault changes
	conns   map[net.Conn]bool
}

// StartProxy starts a proxy in front of target, host:port. It ends with the test.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, target: target, fault: NoFault, changed: make(chan struct{}), conns: make(map[net.Conn]bool)}
	go p.accept()
	t.Cleanup(func() {
		_ = l.Close()
		p.Set(Refused)
	})
	return p
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set changes what happens, to connections that exist too.
func (p *Proxy) Set(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	close(p.changed)
	p.changed = make(chan struct{})
	if f == Refused {
		for c := range p.conns {
			_ = c.Close()
		}
	}
}

func (p *Proxy) now() (Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault, p.changed
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if f, _ := p.now(); f == Refused {
			_ = client.Close()
			continue
		}
		server, err := net.DialTimeout("tcp", p.target, 5*time.Second)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.keep(client, server)
		go p.pass(client, server, false)
		go p.pass(server, client, true)
	}
}

func (p *Proxy) keep(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
}

func (p *Proxy) end(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

// pass copies one direction until either end is closed.
func (p *Proxy) pass(from, to net.Conn, reply bool) {
	defer p.end(from, to)
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 && !p.forward(to, b[:n], reply) {
			return
		}
		if err != nil {
			return
		}
	}
}

// forward passes bytes on as the fault of the moment has it, and reports whether
// the connection goes on. A stalled one goes on when the fault has changed.
func (p *Proxy) forward(to net.Conn, b []byte, reply bool) bool {
	for {
		fault, changed := p.now()
		switch {
		case fault == Refused:
			return false
		case fault == Stalled, fault == Unanswered && reply:
			<-changed
			continue
		case fault == CutReplies && reply:
			_, _ = to.Write(b[:len(b)/2])
			return false
		case fault == HalfReplies && reply:
			_, _ = to.Write(b[:len(b)/2])
			<-changed
			return false
		case fault == Dribbled && reply:
			return dribble(to, b) == nil
		}
		_, err := to.Write(b)
		return err == nil
	}
}

func dribble(to io.Writer, b []byte) error {
	for len(b) > 0 {
		n := min(7, len(b))
		if _, err := to.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
