package cookie

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// session starts a session and returns a request that brings it back.
func session(t *testing.T, s *Sessions, secure bool, now time.Time) *http.Request {
	t.Helper()
	h := http.Header{}
	if err := s.Start(h, "admin", "", secure, now); err != nil {
		t.Fatal(err)
	}
	value, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	return &http.Request{Header: http.Header{"Cookie": {value}}}
}

func sessions(t *testing.T, secret byte) *Sessions {
	t.Helper()
	s, err := NewSessions(bytes.Repeat([]byte{secret}, 32), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASessionHoldsForItsLifetimeOnly(t *testing.T) {
	s, now := sessions(t, 1), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	r := session(t, s, true, now)
	for at, valid := range map[time.Duration]bool{-time.Second: false, 0: true, time.Hour - time.Millisecond: true, time.Hour: false} {
		got, err := s.Read(r, true, now.Add(at))
		if (err == nil) != valid || valid && got.Account != "admin" {
			t.Errorf("after %s: %+v, %v", at, got, err)
		}
	}
}

func TestASessionOfAnotherSecretIsNone(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	r := session(t, sessions(t, 1), true, now)
	if _, err := sessions(t, 2).Read(r, true, now); !errors.Is(err, ErrNoSession) {
		t.Errorf("read: %v", err)
	}
}

// A sibling on plain http could plant an unprefixed cookie, so it counts only
// where nothing else is possible.
func TestTheUnprefixedCookieCountsOnLoopbackAlone(t *testing.T) {
	s, now := sessions(t, 1), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	plain, prefixed := session(t, s, false, now), session(t, s, true, now)
	if _, err := s.Read(plain, true, now); !errors.Is(err, ErrNoSession) {
		t.Errorf("the unprefixed one over https: %v", err)
	}
	for _, r := range []*http.Request{plain, prefixed} {
		if _, err := s.Read(r, false, now); err != nil {
			t.Errorf("on loopback: %v", err)
		}
	}
}
