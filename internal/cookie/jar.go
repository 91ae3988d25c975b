// Package cookie writes and reads the two cookies that carry a visitor's
// choice: the sealed one, signed and unreadable to scripts, which decides, and
// the hint, which scripts read and the server never trusts to widen anything.
// It is the only door to securecookie. It never stores, logs or invents a
// choice: whatever it cannot verify is no choice.
package cookie

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/consentry/consentry/internal/consent"
)

// maxAge is how old a signature may be at most, in seconds: 390 days. Without
// it securecookie refuses everything older than 30 days. What a cookie says of
// its own expiry decides below that.
const maxAge = 390 * 24 * 60 * 60

// maxLength is what browsers keep of a name and value together.
const maxLength = 4096

// ErrInvalid is a sealed value that must not be believed. Callers treat the
// visitor as one who has not decided.
var ErrInvalid = errors.New("the sealed value is not valid")

// Jar reads and writes one site's cookies. Safe for concurrent use.
type Jar struct {
	site     string
	prefix   string // __Host- or __Secure-
	base     string
	domain   string
	remote   bool
	codecs   []securecookie.Codec // newest key first
	newestID string
}

// New makes the jar of a site. Every key of the ring verifies, the newest signs.
func New(site *consent.Site, ring *consent.Keyring) (*Jar, error) {
	d := site.Deployment
	j := &Jar{site: site.ID, prefix: "__Host-", base: "consentry", remote: d.Mode == consent.ModeRemote, newestID: ring.Cookie[0].ID}
	if d.Cookie.Scope == consent.CookieDomain {
		j.prefix, j.domain = "__Secure-", d.Cookie.Domain
	}
	if d.Cookie.Named {
		j.base += "-" + site.ID
	}
	for _, key := range ring.Cookie {
		derived, err := SiteKey(key, site.ID)
		if err != nil {
			return nil, err
		}
		codec := securecookie.New(derived, nil).MaxAge(maxAge).MaxLength(maxLength).SetSerializer(strictJSON{})
		j.codecs = append(j.codecs, codec)
	}
	return j, nil
}

// SiteKey is the key that signs one site's cookies. A site's backend that holds
// it can verify them offline, and could also forge them.
func SiteKey(key consent.CookieKey, site string) ([]byte, error) {
	derived, err := consent.DeriveKey(key.Secret, "cookie", site)
	if err != nil {
		return nil, fmt.Errorf("cookie key %s: %w", key.ID, err)
	}
	return derived, nil
}

// KeyID names the key that signs now; records carry it.
func (j *Jar) KeyID() string { return j.newestID }

// SealedName is the sealed cookie's name. On plain http, which loopback alone
// may use, browsers refuse the prefixes, and the name goes without.
func (j *Jar) SealedName(secure bool) string { return j.name("", secure) }

// HintName is the readable cookie's name.
func (j *Jar) HintName(secure bool) string { return j.name("_hint", secure) }

// Domain is the Domain attribute, "" for a cookie of this host alone.
func (j *Jar) Domain() string { return j.domain }

func (j *Jar) name(suffix string, secure bool) string {
	if !secure {
		return j.base + suffix
	}
	return j.prefix + j.base + suffix
}

// signedName is bound into the signature. It leaves out the prefix, so that the
// same value verifies whether it travels in a cookie or, in mode C, in a body.
func (j *Jar) signedName() string { return j.base }

// Encode signs a choice.
func (j *Jar) Encode(s *consent.Sealed) (string, error) {
	value, err := j.codecs[0].Encode(j.signedName(), s)
	if err != nil {
		return "", fmt.Errorf("seal choice: %w", err)
	}
	return value, nil
}

// Decode verifies a sealed value. Everything that does not hold wraps
// ErrInvalid: a wrong key, another site's, an expired or malformed one.
func (j *Jar) Decode(value string, now time.Time) (*consent.Sealed, error) {
	var s consent.Sealed
	if err := securecookie.DecodeMulti(j.signedName(), value, &s, j.codecs...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return &s, j.check(&s, now)
}

func (j *Jar) check(s *consent.Sealed, now time.Time) error {
	switch {
	case s.V != 1:
		return fmt.Errorf("%w: version", ErrInvalid)
	case s.Site != j.site:
		return fmt.Errorf("%w: another site's", ErrInvalid)
	case !now.Before(time.Unix(s.Expires, 0)):
		return fmt.Errorf("%w: expired", ErrInvalid)
	case s.Visitor == consent.ID{} || s.Record == consent.ID{}:
		return fmt.Errorf("%w: no ids", ErrInvalid)
	}
	return nil
}

// Read returns what a request's cookies say. sealed is nil without a valid
// sealed cookie; hint is nil without a readable hint. Of several valid sealed
// cookies (a subdomain may have set one more) the newest counts; of several hints
// only what all of them permit.
func (j *Jar) Read(r *http.Request, secure bool, now time.Time) (sealed *consent.Sealed, hint *consent.State) {
	for _, c := range r.CookiesNamed(j.SealedName(secure)) {
		if s, err := j.Decode(c.Value, now); err == nil && (sealed == nil || s.Issued > sealed.Issued) {
			sealed = s
		}
	}
	for _, c := range r.CookiesNamed(j.HintName(secure)) {
		h, err := consent.ParseHint(c.Value)
		if err != nil {
			continue
		}
		if hint != nil {
			h = consent.And(*hint, h)
		}
		hint = &h
	}
	return sealed, hint
}

// Set writes both cookies of a choice, of which the hint may be narrower. In mode C
// there is none to write.
func (j *Jar) Set(h http.Header, s *consent.Sealed, hint consent.State, secure bool, now time.Time) error {
	if j.remote {
		return nil
	}
	value, err := j.Encode(s)
	if err != nil {
		return err
	}
	h.Add("Set-Cookie", j.line(j.SealedName(secure), value, secondsUntil(time.Unix(s.Expires, 0), now), secure, "; HttpOnly"))
	j.SetHint(h, hint, secure, now)
	return nil
}

// SetHint writes the readable cookie alone, which can only narrow.
func (j *Jar) SetHint(h http.Header, s consent.State, secure bool, now time.Time) {
	if j.remote {
		return
	}
	h.Add("Set-Cookie", j.line(j.HintName(secure), consent.FormatHint(s), secondsUntil(s.Expires, now), secure, ""))
}

// Forget removes both cookies of a choice.
func (j *Jar) Forget(h http.Header, secure bool) {
	if j.remote {
		return
	}
	for _, name := range []string{j.SealedName(secure), j.HintName(secure)} {
		h.Add("Set-Cookie", j.line(name, "", -1, secure, ""))
	}
}

// Expire removes a cookie of somebody else's that was set for this host alone or
// for one of the domains, under the path /. Where it was set cannot be seen, so
// every form goes.
func (j *Jar) Expire(h http.Header, name string, domains []string, secure bool) {
	if j.remote || j.owns(name) {
		return
	}
	if strings.HasPrefix(name, "__Host-") {
		domains = nil // browsers refuse the prefix with a domain
	}
	for _, domain := range append([]string{""}, domains...) {
		gone := http.Cookie{Name: name, Path: "/", Domain: domain, MaxAge: -1, Secure: secure, HttpOnly: true}
		if line := gone.String(); line != "" { // a name that no cookie can have
			h.Add("Set-Cookie", line)
		}
	}
}

func (j *Jar) owns(name string) bool {
	for _, secure := range []bool{true, false} {
		if name == j.SealedName(secure) || name == j.HintName(secure) {
			return true
		}
	}
	return false
}

// secondsUntil rounds up: the browser may keep a cookie a moment too long, since
// its content says when it ends.
func secondsUntil(end, now time.Time) int { return int((end.Sub(now) + time.Second - 1) / time.Second) }

// line is what http.Cookie writes, without its search for what a cookie must not hold:
// names and domains were checked with the configuration, and values are made here of
// letters, digits and -_.~=.
func (j *Jar) line(name, value string, age int, secure bool, more string) string {
	b := make([]byte, 0, len(name)+len(value)+len(j.domain)+96)
	b = append(append(append(b, name...), '='), value...)
	b = append(b, "; Path=/"...)
	if j.domain != "" {
		b = append(append(b, "; Domain="...), strings.TrimPrefix(j.domain, ".")...)
	}
	b = append(b, "; Max-Age="...)
	b = strconv.AppendInt(b, int64(max(age, 0)), 10)
	b = append(b, more...)
	if secure {
		b = append(b, "; Secure"...)
	}
	return string(append(b, "; SameSite=Lax"...))
}
