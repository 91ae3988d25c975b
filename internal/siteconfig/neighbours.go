package siteconfig

import (
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// checkNeighbours reports sites that cannot stand beside each other, at the
// later of the two. A site that failed already counts for nothing.
func checkNeighbours(all []loaded) {
	for i, later := range all {
		for _, earlier := range all[:i] {
			if Failed(earlier.doc.problems) || Failed(later.doc.problems) {
				continue
			}
			compare(earlier.site, later)
		}
	}
}

func compare(a *consent.Site, later loaded) {
	b, doc := later.site, later.doc
	if a.ID == b.ID {
		doc.Fail("id", "the id %q is the id of %s already; choose another", b.ID, a.Source)
		return
	}
	if host := overlap(a.Deployment, b.Deployment); host != "" {
		doc.Fail(doc.first("prefix", "origins"), "prefix %q overlaps with prefix %q of %s on %s; give each site a path of its own", b.Deployment.Prefix, a.Deployment.Prefix, a.Source, host)
	}
	if shared := sharedCookies(a.Deployment, b.Deployment); shared != "" {
		doc.Fail(doc.first("cookie", "origins"), "the cookies of this site and of %s meet on %s under the same names; add cookie: {named: true} to one of the two", a.Source, shared)
	}
}

// overlap returns the host on which both deployments would answer the same
// path, "" when none. Mode remote tells sites apart by /s/ID.
func overlap(a, b consent.Deployment) string {
	p, q := a.Prefix+"/", b.Prefix+"/"
	if !strings.HasPrefix(p, q) && !strings.HasPrefix(q, p) {
		return ""
	}
	for _, x := range served(a) {
		for _, y := range served(b) {
			if x == y {
				return x
			}
		}
	}
	return ""
}

// served lists the hosts, with ports, on which a site's prefix is looked up.
func served(d consent.Deployment) []string {
	switch d.Mode {
	case consent.ModeSubdomain:
		return []string{d.Host}
	case consent.ModeRemote:
		return nil
	}
	var hosts []string
	for _, origin := range d.Origins {
		_, host, _ := strings.Cut(origin, "://")
		hosts = append(hosts, host)
	}
	return hosts
}

// sharedCookies returns a host or domain that both sites' cookies reach under
// the same names. Ports do not matter: browsers keep cookies by host alone.
func sharedCookies(a, b consent.Deployment) string {
	if a.Cookie.Named || b.Cookie.Named || a.Cookie.Scope != b.Cookie.Scope {
		return ""
	}
	if a.Cookie.Scope == consent.CookieDomain {
		switch {
		case below(a.Cookie.Domain, b.Cookie.Domain):
			return a.Cookie.Domain
		case below(b.Cookie.Domain, a.Cookie.Domain):
			return b.Cookie.Domain
		}
		return ""
	}
	for _, x := range a.Origins {
		for _, y := range b.Origins {
			if host := pageHost(x); host == pageHost(y) {
				return host
			}
		}
	}
	return ""
}

func pageHost(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	return hostname(host)
}
