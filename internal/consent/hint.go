package consent

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrHint is a hint cookie that cannot be read. It denies, like a missing one.
var ErrHint = errors.New("unreadable hint")

// FormatHint writes the readable cookie's value, keyed by id:
//
//	1.<expires, Unix seconds>.<category>~<g|d>~<digest>….<service>~<g|d>…
//
// It carries no identifier and no authority.
func FormatHint(s State) string {
	b := strconv.AppendInt(append(make([]byte, 0, 256), "1."...), s.Expires.Unix(), 10)
	for _, id := range sortedKeys(s.Categories) {
		c := s.Categories[id]
		b = append(append(b, '.'), id...)
		b = append(append(append(b, '~'), letter(c.Status)...), '~')
		b = append(b, c.Digest...)
	}
	for _, id := range sortedKeys(s.Services) {
		b = append(append(b, '.'), id...)
		b = append(append(b, '~'), letter(s.Services[id])...)
	}
	return string(b)
}

// ParseHint reads what FormatHint wrote. Anything else is ErrHint.
func ParseHint(value string) (State, error) {
	if len(value) > 4096 { // more than a browser keeps
		return State{}, ErrHint
	}
	parts := strings.Split(value, ".")
	if len(parts) < 2 || parts[0] != "1" {
		return State{}, ErrHint
	}
	expires, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return State{}, ErrHint
	}
	s := State{Categories: make(map[string]Choice), Services: make(map[string]Status), Expires: time.Unix(expires, 0).UTC()}
	for _, part := range parts[2:] {
		if !s.addHint(strings.Split(part, "~")) {
			return State{}, ErrHint
		}
	}
	return s, nil
}

// addHint adds one entry. An id that comes twice is refused, because the two
// may contradict each other.
func (s State) addHint(fields []string) bool {
	if len(fields) < 2 || !ValidID(fields[0]) || (fields[1] != "g" && fields[1] != "d") {
		return false
	}
	id, status := fields[0], Denied
	if fields[1] == "g" {
		status = Granted
	}
	if len(fields) == 2 {
		_, twice := s.Services[id]
		s.Services[id] = status
		return !twice
	}
	_, twice := s.Categories[id]
	s.Categories[id] = Choice{Status: status, Digest: fields[2]}
	return !twice && len(fields) == 3 && validDigest(fields[2])
}

// validDigest reports whether s can be a digest, short or whole.
func validDigest(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return 0 < len(s) && len(s) <= digestSize
}

func letter(s Status) string {
	if s == Granted {
		return "g"
	}
	return "d"
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
