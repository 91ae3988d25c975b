package cookie

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
)

// ErrNoSession is a request without a session that can be believed.
var ErrNoSession = errors.New("no valid session")

// sessionName is the operators' cookie. It gets __Host- wherever the browser
// allows it, which is everywhere but on plain http.
const sessionName = "consentry_admin"

// Session is who is logged in, signed and readable by nobody but the server.
type Session struct {
	Account string `json:"account"`
	Mark    string `json:"mark,omitempty"` // of the account as it was when the session began
	Issued  int64  `json:"issued"`         // Unix milliseconds, tells two sessions apart
	Expires int64  `json:"expires"`        // Unix milliseconds
}

// Sessions seals and reads the operators' sessions. Safe for concurrent use.
type Sessions struct {
	codec    *securecookie.SecureCookie
	lifetime time.Duration
}

// NewSessions makes sessions that end lifetime after the login, signed with a
// secret of at least 32 bytes.
func NewSessions(secret []byte, lifetime time.Duration) (*Sessions, error) {
	if len(secret) < 32 {
		return nil, errors.New("session secret: want at least 32 bytes")
	}
	codec := securecookie.New(secret, nil).MaxAge(int(lifetime.Seconds())).MaxLength(maxLength).SetSerializer(strictJSON{})
	return &Sessions{codec: codec, lifetime: lifetime}, nil
}

// Start writes a new session for account, which its caller tells from what the
// account is later by mark.
func (s *Sessions) Start(h http.Header, account, mark string, secure bool, now time.Time) error {
	session := Session{Account: account, Mark: mark, Issued: now.UnixMilli(), Expires: now.Add(s.lifetime).UnixMilli()}
	value, err := s.codec.Encode(sessionName, session)
	if err != nil {
		return fmt.Errorf("seal session: %w", err)
	}
	h.Add("Set-Cookie", sessionCookie(value, int(s.lifetime.Seconds()), secure).String())
	return nil
}

// Read returns a request's session. Everything that does not hold is
// ErrNoSession. The unprefixed cookie counts only where secure is false.
func (s *Sessions) Read(r *http.Request, secure bool, now time.Time) (Session, error) {
	found := r.CookiesNamed(prefixed(true))
	if !secure {
		found = append(found, r.CookiesNamed(prefixed(false))...)
	}
	for _, c := range found {
		var session Session
		if s.codec.Decode(sessionName, c.Value, &session) != nil || session.Account == "" {
			continue
		}
		if at := now.UnixMilli(); session.Issued <= at && at < session.Expires {
			return session, nil
		}
	}
	return Session{}, ErrNoSession
}

// End removes the session from the browser. A copy of its value stays valid
// until it expires, unless the caller remembers that it ended.
func (s *Sessions) End(h http.Header, secure bool) {
	h.Add("Set-Cookie", sessionCookie("", -1, true).String())
	if !secure {
		h.Add("Set-Cookie", sessionCookie("", -1, false).String())
	}
}

// sessionCookie is SameSite=Strict: a link from elsewhere to the dashboard asks
// for a password once more, and no foreign page can act in the operator's name.
func sessionCookie(value string, age int, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: prefixed(secure), Value: value, Path: "/", MaxAge: age,
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

func prefixed(secure bool) string {
	if secure {
		return "__Host-" + sessionName
	}
	return sessionName
}
