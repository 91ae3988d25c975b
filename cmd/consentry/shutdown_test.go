package main

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A decision that the server has begun to read when it is told to stop gets its
// answer, and its record is there. Nothing that an impatient operator sends
// meanwhile cuts it short.
func TestShutdownFinishesDecisionsInFlight(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	rendering := p.rendering()
	var inFlight []*visitor
	var bodies []string
	for range 16 {
		v, err := visit(p.visitors)
		if err != nil {
			t.Fatal(err)
		}
		defer v.close()
		body := decisionBody(newDecisionID(), rendering, "accept-all")
		whole := v.request("POST", "/privacy/decisions", body, fromPage("Expect: 100-continue")...)
		if _, err := v.conn.Write(whole[:len(whole)-len(body)]); err != nil {
			t.Fatal(err)
		}
		// The server says so when a handler asks for the body.
		if got, err := v.answer(); err != nil || got.status != http.StatusContinue {
			t.Fatalf("the headers got %d, %v", got.status, err)
		}
		inFlight, bodies = append(inFlight, v), append(bodies, body)
	}
	p.signal(syscall.SIGTERM)
	until(t, "new visitors are turned away", func() bool {
		conn, err := net.Dial("tcp", p.visitors)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	p.signal(syscall.SIGHUP)
	p.signal(syscall.SIGTERM)
	answers := make(map[string]string)
	for i, v := range inFlight {
		if _, err := v.conn.Write([]byte(bodies[i])); err != nil {
			t.Fatal(err)
		}
		got, err := v.answer()
		if err != nil || got.status != http.StatusCreated {
			t.Fatalf("a decision in flight got %d, %v: %s", got.status, err, got.body)
		}
		answers[decoded[decisionReply](t, got.body).Record] = got.body
	}
	p.wantEnd()
	wantEachOnce(t, kept(t, dir), answers, 0)
	if len(answers) != len(inFlight) {
		t.Errorf("%d records for %d decisions", len(answers), len(inFlight))
	}
}

// Whoever was answered 201 while the server stopped under load has a record;
// whoever was not has no half an answer.
func TestShutdownUnderLoad(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	rendering := p.rendering()
	var mu sync.Mutex
	var done sync.WaitGroup
	answers := make(map[string]string)
	enough := make(chan struct{})
	for range 16 {
		v, err := visit(p.visitors)
		if err != nil {
			t.Fatal(err)
		}
		defer v.close()
		done.Go(func() {
			for {
				got, err := v.call("POST", "/privacy/decisions", decisionBody(newDecisionID(), rendering, "reject-all"), fromPage()...)
				if err != nil {
					if got.status != 0 || strings.Contains(err.Error(), "malformed") {
						t.Errorf("half an answer: %d, %v", got.status, err)
					}
					return
				}
				if got.status != http.StatusCreated {
					t.Errorf("status %d: %s", got.status, got.body)
					return
				}
				mu.Lock()
				answers[decoded[decisionReply](t, got.body).Record] = got.body
				if len(answers) == 300 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	p.stop()
	done.Wait()
	wantEachOnce(t, kept(t, dir), answers, 16)
}
