package consent

import (
	"regexp"
	"strings"
	"time"
)

// What a sighting is of.
const (
	SeenHost    = "host"    // a registrable domain that pages talked to
	SeenCookie  = "cookie"  // a cookie's name
	SeenStorage = "storage" // a key of script storage
)

// Sighting is something that a site's pages have shown and its policy does not
// list. Names have runs of digits and hex as *; times are whole days, so that
// none is a visitor's.
type Sighting struct {
	Kind        string
	Name        string
	First, Last time.Time
}

// MaxSeenName is how long a name in a sighting can be, in bytes.
const MaxSeenName = 64

var variable = regexp.MustCompile(`(?i)[0-9a-f]{6,}|[0-9]+`)

// MaskName puts * in the place of what may be an identifier in a name: runs of
// digits, and of six and more hexadecimal digits.
func MaskName(name string) string { return variable.ReplaceAllString(name, "*") }

// ValidSeenName reports whether a name may be counted: visible ASCII, with
// everything masked that has to be.
func ValidSeenName(name string) bool {
	visible := !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
	return name != "" && len(name) <= MaxSeenName && visible && MaskName(name) == name
}

// Lists reports whether a service of the policy declares an entry under a masked
// name, on the site's own domain.
func (p *Policy) Lists(kind, name string) bool {
	for _, c := range p.Categories {
		for _, s := range c.Services {
			for _, entry := range s.Cookies {
				if !entry.ThirdParty && (entry.Kind == "cookie") == (kind == SeenCookie) && entry.namesMasked(name) {
					return true
				}
			}
		}
	}
	return false
}

// namesMasked is Names for a name whose digits are not known any more.
func (c Cookie) namesMasked(name string) bool {
	masked := Cookie{Name: MaskName(c.Name)}
	if exact := strings.TrimSuffix(c.Name, "*"); exact == c.Name {
		return masked.Name == name
	}
	return masked.Names(name)
}
