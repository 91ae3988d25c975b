package siteconfig

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/consentry/consentry/internal/consent"
)

var (
	hostPattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	prefixPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)
)

func (b *builder) deployment() consent.Deployment {
	f := &b.file
	if !b.doc.Has("prefix") && f.Mode != string(consent.ModePath) {
		f.Prefix = ""
	}
	b.checkOrigins()
	for i, host := range f.Allow {
		if !servicePattern.MatchString(host) {
			b.doc.Fail(fmt.Sprintf("allow[%d]", i), `%q is no host pattern; write a host ("cdn.shop.example"), a host and the beginning of a path, or "*.shop.example"`, host)
		}
	}
	if f.Mode != "" { // else refused already
		b.checkPrefix()
		b.checkHost()
		b.checkCookieScope()
	}
	return consent.Deployment{
		Mode: consent.Mode(f.Mode), Origins: f.Origins, Host: f.Host, Prefix: f.Prefix, Gate: f.Gate, Allow: f.Allow,
		ConsentMode: b.consentMode(),
		Cookie:      consent.CookieConfig{Scope: f.Cookie.Scope, Domain: f.Cookie.Domain, Named: f.Cookie.Named},
	}
}

func (b *builder) checkOrigins() {
	if b.file.Origins != nil && len(b.file.Origins) == 0 {
		b.doc.Fail("origins", `origins is empty; write at least one, such as "https://shop.example"`)
	}
	for i, origin := range b.file.Origins {
		at := fmt.Sprintf("origins[%d]", i)
		if message := originProblem(origin); message != "" {
			b.doc.Fail(at, "the origin %q %s", origin, message)
		}
		if slices.Index(b.file.Origins, origin) < i {
			b.doc.Fail(at, "the origin %q stands here twice; remove one", origin)
		}
	}
}

// originProblem holds an origin against what a browser sends in the Origin
// header, letter by letter.
func originProblem(origin string) string {
	const form = `must be scheme://host[:port], such as "https://shop.example"`
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return form
	}
	host, port := u.Hostname(), u.Port()
	plain := u.Scheme + "://" + strings.ToLower(u.Host)
	switch {
	case u.User != nil || u.Path != "" || strings.ContainsAny(origin, "?#"):
		return fmt.Sprintf("has more than scheme, host and port; write %q", plain)
	case !hostPattern.MatchString(strings.ToLower(host)) && !isAddress(host):
		return form + "; wildcards are not possible, and names outside ASCII are written as xn--"
	case u.Scheme == "https" && port == "443", u.Scheme == "http" && port == "80":
		return fmt.Sprintf("names the usual port, which browsers leave out; write %q", strings.TrimSuffix(plain, ":"+port))
	case plain != origin:
		return fmt.Sprintf("must be in small letters, as browsers send it; write %q", plain)
	case u.Scheme == "http" && !loopback(host):
		return fmt.Sprintf("uses plain http, which works on this machine (localhost) only; write %q", "https"+strings.TrimPrefix(plain, "http"))
	}
	return ""
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (b *builder) checkPrefix() {
	prefix := b.file.Prefix
	switch {
	case prefix == "" && b.file.Mode == string(consent.ModePath):
		b.doc.Fail("prefix", `prefix is empty; mode path needs one, such as "/privacy"`)
	case prefix == "":
	case !strings.HasPrefix(prefix, "/"):
		b.doc.Fail("prefix", "prefix must start with a slash; write %q", "/"+strings.TrimRight(prefix, "/"))
	case prefix == "/":
		b.doc.Fail("prefix", `prefix must name a path of its own, such as "/privacy"`)
	case strings.HasSuffix(prefix, "/"):
		b.doc.Fail("prefix", "prefix must not end with a slash; write %q", strings.TrimRight(prefix, "/"))
	case !prefixPattern.MatchString(prefix) || strings.Contains(prefix+"/", "/./") || strings.Contains(prefix+"/", "/../"):
		b.doc.Fail("prefix", `prefix %q must be a plain path of letters, digits and . _ ~ -, such as "/privacy"`, prefix)
	}
	for _, word := range []string{"cookie", "consent", "gdpr"} {
		if strings.Contains(strings.ToLower(prefix), word) {
			b.doc.Warn("prefix", `prefix contains %q, which blocklists match, so that some browsers never show the banner; choose a neutral word, such as "/privacy"`, word)
			return
		}
	}
}

func (b *builder) checkHost() {
	f := &b.file
	if f.Mode == string(consent.ModePath) {
		if f.Host != "" {
			b.doc.Fail("host", "host is not used in mode path; remove it, or write mode: subdomain or mode: remote")
		}
		return
	}
	if f.Host == "" {
		b.doc.Fail("mode", `mode %s needs host, the host under which browsers reach Consentry; add "host: privacy.shop.example"`, f.Mode)
		return
	}
	if _, bare, ok := strings.Cut(f.Host, "://"); ok {
		b.doc.Fail("host", "host is written without a scheme; write %q", strings.TrimRight(bare, "/"))
		return
	}
	if host := hostname(f.Host); !hostPattern.MatchString(host) && !isAddress(host) {
		b.doc.Fail("host", `host must be a host in small letters, with a port unless it is the usual one, such as "privacy.shop.example", not %q`, f.Host)
		return
	}
	for _, origin := range b.file.Origins {
		if _, own, _ := strings.Cut(origin, "://"); own == f.Host {
			b.doc.Fail("host", "host %q is an origin of the site itself; write mode: path and remove host", f.Host)
		}
	}
}

// hostname cuts the port off a host; names and addresses stay as they are.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func (b *builder) checkCookieScope() {
	c := b.file.Cookie
	wide := c.Scope == consent.CookieDomain
	switch {
	case wide && c.Domain == "":
		b.doc.Fail("cookie.scope", `cookie.scope domain needs cookie.domain; add "domain: shop.example"`)
		return
	case !wide && b.file.Mode == string(consent.ModeSubdomain):
		b.doc.Fail(b.doc.first("cookie", "mode"), "mode subdomain needs cookies that pages and host share; write cookie: {scope: domain, domain: …} with the domain that both stand below")
		return
	case !wide && c.Domain != "":
		b.doc.Fail("cookie.domain", "cookie.domain is used with cookie.scope domain only; add scope: domain or remove it")
		return
	case !wide:
		return
	}
	if !hostPattern.MatchString(c.Domain) || isAddress(c.Domain) || !strings.Contains(c.Domain, ".") && !loopback(c.Domain) {
		b.doc.Fail("cookie.domain", `cookie.domain must be a domain without a leading dot, such as "shop.example", not %q`, c.Domain)
		return
	}
	if suffix, _ := publicsuffix.PublicSuffix(c.Domain); suffix == c.Domain && !loopback(c.Domain) {
		b.doc.Fail("cookie.domain", "cookie.domain %q is a public suffix, below which anybody may have a site; browsers would refuse the cookies", c.Domain)
		return
	}
	for i, origin := range b.file.Origins {
		if _, host, ok := strings.Cut(origin, "://"); ok && !below(hostname(host), c.Domain) {
			b.doc.Fail("cookie.domain", "cookie.domain %q is neither the domain of the origin %q nor a parent of it; browsers would refuse the cookies", c.Domain, b.file.Origins[i])
		}
	}
	if b.file.Mode == string(consent.ModeSubdomain) && b.file.Host != "" && !strings.Contains(b.file.Host, "://") && !below(hostname(b.file.Host), c.Domain) {
		b.doc.Fail("cookie.domain", "cookie.domain %q is neither the domain of host %q nor a parent of it; browsers would refuse the cookies", c.Domain, b.file.Host)
	}
}

// below reports whether host is domain or stands below it.
func below(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
