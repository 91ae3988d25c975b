package cookie

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrNoFlow is a request that no sign-in of this browser belongs to.
var ErrNoFlow = errors.New("no sign-in was begun in this browser")

const (
	flowName     = "consentry_sign_in"
	flowLifetime = 10 * time.Minute
)

// Flow is a sign-in at an identity provider that has begun. It is signed and not
// encrypted: only the browser that began it has it.
type Flow struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Expires  int64  `json:"expires"` // Unix milliseconds
}

// StartFlow gives the browser a sign-in's secrets for ten minutes.
func (s *Sessions) StartFlow(h http.Header, f Flow, secure bool, now time.Time) error {
	f.Expires = now.Add(flowLifetime).UnixMilli()
	value, err := s.codec.Encode(flowName, f)
	if err != nil {
		return fmt.Errorf("seal sign-in: %w", err)
	}
	h.Add("Set-Cookie", flowCookie(value, int(flowLifetime.Seconds()), secure).String())
	return nil
}

// TakeFlow returns what StartFlow gave this browser and takes it away: a sign-in
// comes back once. Errors: ErrNoFlow.
func (s *Sessions) TakeFlow(h http.Header, r *http.Request, secure bool, now time.Time) (Flow, error) {
	h.Add("Set-Cookie", flowCookie("", -1, secure).String())
	for _, c := range r.CookiesNamed(flowCookie("", 0, secure).Name) {
		var f Flow
		if s.codec.Decode(flowName, c.Value, &f) == nil && f.State != "" && now.UnixMilli() < f.Expires {
			return f, nil
		}
	}
	return Flow{}, ErrNoFlow
}

// flowCookie is SameSite=Lax: the browser comes back from the provider's site.
func flowCookie(value string, age int, secure bool) *http.Cookie {
	name := flowName
	if secure {
		name = "__Host-" + flowName
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}
