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
	var b strings.Builder
	b.WriteString("1.")
	b.WriteString(strconv.FormatInt(s.Expires.Unix(), 10))
	for _, id := range sortedKeys(s.Categories) {
		c := s.Categories[id]
		b.WriteString("." + id + "~" + letter(c.Status) + "~" + c.Digest)
	}
	for _, id := range sortedKeys(s.Services) {
		b.WriteString("." + id + "~" + letter(s.Services[id]))
	}
	return b.String()
}

// ParseHint reads what FormatHint wrote. Anything else is ErrHint.
func ParseHint(value string) (State, error) {
	parts := strings.Split(value, ".")
	if len(value) > 4096 || len(parts) < 2 || parts[0] != "1" {
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

func (s State) addHint(fields []string) bool {
	if len(fields) < 2 || !ValidID(fields[0]) || (fields[1] != "g" && fields[1] != "d") {
		return false
	}
	status := Denied
	if fields[1] == "g" {
		status = Granted
	}
	switch len(fields) {
	case 2:
		s.Services[fields[0]] = status
	case 3:
		s.Categories[fields[0]] = Choice{Status: status, Digest: fields[2]}
	default:
		return false
	}
	return true
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
