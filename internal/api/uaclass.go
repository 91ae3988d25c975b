package api

import (
	"net/http"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// classify keeps of a user agent which layout it saw: a browser family and a
// form factor. Order matters, since most browsers claim to be several.
func classify(h http.Header) consent.UAClass {
	ua := h.Get("User-Agent")
	return consent.UAClass{Family: family(ua), Form: form(ua)}
}

func family(ua string) string {
	for _, mark := range [...]struct{ token, family string }{
		{"bot", "bot"}, {"Bot", "bot"}, {"spider", "bot"}, {"crawl", "bot"},
		{"Edg", "edge"}, {"OPR/", "opera"}, {"SamsungBrowser", "samsung"},
		{"Firefox/", "firefox"}, {"FxiOS", "firefox"}, {"CriOS", "chrome"}, {"Chrome/", "chrome"}, {"Safari/", "safari"},
	} {
		if strings.Contains(ua, mark.token) {
			return mark.family
		}
	}
	return "other"
}

func form(ua string) string {
	switch {
	case strings.Contains(ua, "iPad") || strings.Contains(ua, "Tablet") || strings.Contains(ua, "Android") && !strings.Contains(ua, "Mobile"):
		return "tablet"
	case strings.Contains(ua, "Mobile") || strings.Contains(ua, "iPhone"):
		return "phone"
	case strings.Contains(ua, "Windows") || strings.Contains(ua, "Macintosh") || strings.Contains(ua, "X11") || strings.Contains(ua, "CrOS"):
		return "desktop"
	}
	return "other"
}

// hasOne reports whether a header field has the exact value 1 among its values,
// duplicates joined with commas by a proxy included (RFC 9110 §5.3).
func hasOne(values []string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.TrimSpace(part) == "1" {
				return true
			}
		}
	}
	return false
}
