package consent

import (
	"strings"
	"time"
)

// Expired returns which of the named cookies a server has to remove because
// nothing permits them in state s: HttpOnly ones of the site's own domain, which
// no script can remove. What no service declares is left alone, and so is what a
// permitted service declares as well.
func (p *Policy) Expired(s State, names []string, now time.Time) []string {
	var expired []string
	for _, name := range names {
		if p.isLeft(s, name, now) {
			expired = append(expired, name)
		}
	}
	return expired
}

func (p *Policy) isLeft(s State, name string, now time.Time) bool {
	left := false
	for _, c := range p.Categories {
		for _, service := range c.Services {
			for _, cookie := range service.Cookies {
				if cookie.Kind != "cookie" || cookie.ThirdParty || !cookie.Names(name) {
					continue
				}
				if s.PermitsService(p, service.ID, now) {
					return false
				}
				left = left || cookie.HTTPOnly
			}
		}
	}
	return left
}

// Names reports whether the entry stands for name.
func (c Cookie) Names(name string) bool {
	if prefix, ok := strings.CutSuffix(c.Name, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return c.Name == name
}
