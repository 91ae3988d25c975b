package api

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

// pageHeaders sets the security headers of Consentry's own pages and returns
// the nonce for their one style element.
func pageHeaders(c echo.Context, s *Site) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	nonce := base64.RawStdEncoding.EncodeToString(b[:])
	forms := "'self'"
	if s.Deployment.Mode != consent.ModePath {
		forms += " " + strings.Join(s.Deployment.Origins, " ") // the redirect back leaves this host
	}
	h := c.Response().Header()
	// No script at all; style by nonce; nothing may frame a page whose buttons
	// decide something (clickjacking); nothing may move its base address.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; form-action "+forms+
		"; base-uri 'none'; frame-ancestors 'none'")
	// With no-referrer browsers send "Origin: null" from our own forms.
	h.Set("Referrer-Policy", "same-origin")
	// The type that we say is the type that it is.
	h.Set("X-Content-Type-Options", "nosniff")
	// No other window keeps a handle on a page that holds a receipt.
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// A page of plain forms needs no device.
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	// It shows one visitor's choice.
	h.Set("Cache-Control", noStore)
	h.Set("Content-Type", "text/html; charset=utf-8")
	return nonce
}

// backPath returns a same-site path that a visitor may be sent back to, or the
// site's root. It is never logged.
func backPath(raw string) string {
	if !strings.HasPrefix(raw, "/") || len(raw) > 1024 {
		return "/"
	}
	// Browsers read \ as /, drop tabs and newlines, and take // for a host.
	if strings.HasPrefix(raw, "//") || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return "/"
	}
	return raw
}

// backURL turns a path into the address to go back to: the path itself where
// pages share Consentry's origin, else on the site's first origin.
func (s *Site) backURL(path string) string {
	if s.Deployment.Mode == consent.ModePath {
		return path
	}
	return s.Deployment.Origins[0] + path
}

// changeURL is where a recorded choice is changed: on a page of ours, or on the site's
// own where nothing of ours reaches what the browser keeps.
func (s *Site) changeURL() string {
	if s.Deployment.Mode == consent.ModeRemote {
		return s.backURL("/#consentry-settings")
	}
	return s.Base() + "/choices"
}

// forgottenURL is the address to go back to after an erasure, which has the browser
// forget the choice where no cookie of ours does.
func (s *Site) forgottenURL() string {
	if s.Deployment.Mode == consent.ModeRemote {
		return s.backURL("/#consentry-forget")
	}
	return s.backURL("/")
}

// wantsJSON reports whether a client asks for JSON rather than a page.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// pageLocale picks a page's language: asked for by name, else by the browser.
func (s *Site) pageLocale(r *http.Request, asked string) string {
	return s.languages.Match(append([]string{asked}, acceptedLanguages(r.Header.Get("Accept-Language"))...)...)
}

// maxLanguages is how many of a browser's languages are looked at.
const maxLanguages = 16

// acceptedLanguages lists the tags of an Accept-Language header by their weight,
// without those that are refused (q=0).
func acceptedLanguages(header string) []string {
	type weighted struct {
		tag string
		q   float64
	}
	var list []weighted
	for part := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(part, ";")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			q, _ = strconv.ParseFloat(value, 64) // 0 when it is none
		}
		if q > 0 && len(list) < maxLanguages {
			list = append(list, weighted{strings.TrimSpace(tag), q})
		}
	}
	slices.SortStableFunc(list, func(a, b weighted) int { return cmp.Compare(b.q, a.q) })
	tags := make([]string, len(list))
	for i, w := range list {
		tags[i] = w.tag
	}
	return tags
}

// backFrom reads the address that a form or link carries: a path, or backURL's.
func (s *Site) backFrom(raw string) string {
	return backPath(strings.TrimPrefix(raw, s.backURL("")))
}
