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
	if program(ua) {
		return "bot"
	}
	for _, mark := range [...]struct{ token, family string }{
		{"Edg", "edge"}, {"OPR/", "opera"}, {"SamsungBrowser", "samsung"},
		{"Firefox/", "firefox"}, {"FxiOS", "firefox"}, {"CriOS", "chrome"}, {"Chrome/", "chrome"}, {"Safari/", "safari"},
	} {
		if strings.Contains(ua, mark.token) {
			return mark.family
		}
	}
	return "other"
}

// program reports whether a user agent says that it is no person's browser. Every
// browser has called itself Mozilla/ or Opera/ for decades, so libraries and command
// line tools need no list; the rest say what they do, whose they are, or where to
// read about them.
func program(ua string) bool {
	if !strings.HasPrefix(ua, "Mozilla/") && !strings.HasPrefix(ua, "Opera/") {
		return true
	}
	ua = strings.ToLower(ua)
	if strings.Count(ua, "bot") > strings.Count(ua, "cubot") { // which makes telephones
		return true
	}
	for _, token := range [...]string{
		"spider", "crawl", "slurp", "archiver", "scrapy", "headless", "phantomjs", "puppeteer", "playwright", "selenium", "jsdom",
		"lighthouse", "page speed", "pagespeed", "ptst/", "gtmetrix", "pingdom", "statuscake", "uptime", "site24x7", "datadog", "validator",
		"mediapartners", "google-", "googleother", "google favicon", "feedfetcher", "facebookexternalhit", "facebookcatalog", "meta-external",
		"preview", "prerender", "chatgpt-user", "claude-user", "perplexity-user", "http://", "https://",
	} {
		if strings.Contains(ua, token) {
			return true
		}
	}
	return false
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
