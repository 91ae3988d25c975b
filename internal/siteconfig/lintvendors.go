package siteconfig

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// vendorsHosts are the hosts under necessary that are, or cover, those of a service
// of the catalogue which usually stands under one of the categories. A service of a
// known id is judged by that as well, and not by others that share its hosts.
func (l *linter) vendorsHosts(categories []string, what string) (list []finding) {
	l.underNecessary(func(at string, s ServiceFile, usual string) {
		for k, host := range s.Hosts {
			if id, theirs := l.ownerOf(host, categories); id != "" && id != s.ID && !slices.Contains(l.services[s.ID].Hosts, host) {
				list = append(list, finding{fmt.Sprintf("%s.hosts[%d]", at, k), fmt.Sprintf(what, host, l.services[id].Name, theirs)})
			}
		}
	})
	return list
}

// ownerOf finds whom a pattern of hosts belongs to, and the pattern of theirs.
func (l *linter) ownerOf(host string, categories []string) (id, theirs string) {
	for _, id := range slices.Sorted(maps.Keys(l.services)) {
		if !slices.Contains(categories, l.usual[id]) {
			continue
		}
		for _, theirs := range l.services[id].Hosts {
			if hostsMeet(host, theirs) {
				return id, theirs
			}
		}
	}
	return "", ""
}

// hostsMeet reports whether an address can fit both patterns: each a host or *.host,
// perhaps a port, and the beginning of a path.
func hostsMeet(a, b string) bool {
	hostA, pathA, _ := strings.Cut(strings.ToLower(a), "/")
	hostB, pathB, _ := strings.Cut(strings.ToLower(b), "/")
	hostA, _, _ = strings.Cut(hostA, ":")
	hostB, _, _ = strings.Cut(hostB, ":")
	if !strings.HasPrefix(pathA, pathB) && !strings.HasPrefix(pathB, pathA) {
		return false
	}
	return hostA == hostB || within(hostA, hostB) || within(hostB, hostA)
}

// within reports whether a pattern of hosts has others in it: *.host has host too.
func within(host, pattern string) bool {
	base, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasSuffix("."+strings.TrimPrefix(host, "*."), base)
}

// vendorsCookies are the cookies under necessary that bear the names of those which a
// service of the catalogue leaves to measure or to advertise.
func (l *linter) vendorsCookies() (list []finding) {
	l.underNecessary(func(at string, s ServiceFile, usual string) {
		for k, c := range s.Cookies {
			if id := l.namedLike(c); usual == "" && id != "" {
				list = append(list, finding{fmt.Sprintf("%s.cookies[%d].name", at, k), fmt.Sprintf("%q is what %s calls a cookie of its own, and stands under necessary", c.Name, l.services[id].Name)})
			}
		}
	})
	return list
}

func (l *linter) namedLike(c StoredFile) string {
	for _, id := range slices.Sorted(maps.Keys(l.services)) {
		if !slices.Contains([]string{"marketing", "analytics"}, l.usual[id]) {
			continue
		}
		if slices.ContainsFunc(l.services[id].Cookies, func(theirs consent.Cookie) bool {
			return theirs.ThirdParty == c.ThirdParty && namesMeet(c.Name, theirs.Name)
		}) {
			return id
		}
	}
	return ""
}

// namesMeet reports whether a name can fit both: each exact, or its beginning and *.
func namesMeet(a, b string) bool {
	startA, wildA := strings.CutSuffix(a, "*")
	startB, wildB := strings.CutSuffix(b, "*")
	return startA == startB || wildA && strings.HasPrefix(startB, startA) || wildB && strings.HasPrefix(startA, startB)
}
