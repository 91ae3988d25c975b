package doctor

import (
	"net/url"
	"strings"
)

// policy holds the page's own Content-Security-Policy against what the gate needs.
func (v Visit) policy(page answer, tag *gateTag) []Finding {
	const check = "Content-Security-Policy"
	policies := page.header.Values("Content-Security-Policy")
	if len(policies) == 0 {
		return []Finding{right(check, "The page sends none that could stop the gate.")}
	}
	gate, err := url.Parse(v.address("/gate.js"))
	if err != nil {
		return nil
	}
	nonce := ""
	if tag != nil {
		nonce = tag.nonce
	}
	var list []Finding
	for _, text := range policies {
		directives := parsePolicy(text)
		if !allows(directives, page.from, gate, nonce, "script-src-elem", "script-src", "default-src") {
			list = append(list, wrong(check, "script-src does not allow the gate and its banner.", "Add "+sourceOf(page.from, gate)+" to script-src."))
		}
		if !allows(directives, page.from, gate, "", "connect-src", "default-src") {
			list = append(list, wrong(check, "connect-src does not allow decisions to be sent.", "Add "+sourceOf(page.from, gate)+" to connect-src."))
		}
	}
	if list == nil {
		list = []Finding{right(check, "It allows the gate, its banner and decisions.")}
	}
	return list
}

func parsePolicy(text string) map[string][]string {
	directives := make(map[string][]string)
	for part := range strings.SplitSeq(text, ";") {
		words := strings.Fields(part)
		if len(words) > 0 && directives[strings.ToLower(words[0])] == nil {
			directives[strings.ToLower(words[0])] = append([]string{""}, words[1:]...)
		}
	}
	return directives
}

// allows reads the first of the named directives that is there. Of the forms of
// a source it knows 'self', *, schemes, hosts with wildcards and paths, and a
// nonce, which strict-dynamic passes on to the scripts that the gate adds.
func allows(directives map[string][]string, page, to *url.URL, nonce string, names ...string) bool {
	for _, name := range names {
		sources, there := directives[name]
		if !there {
			continue
		}
		for _, source := range sources {
			if source != "" && matches(strings.ToLower(source), source, page, to, nonce) {
				return true
			}
		}
		return false
	}
	return true
}

func matches(low, source string, page, to *url.URL, nonce string) bool {
	switch {
	case low == "'self'":
		return to.Host == page.Host && to.Scheme == page.Scheme
	case strings.HasPrefix(low, "'nonce-"):
		return nonce != "" && source[len("'nonce-"):] == nonce+"'"
	case low == "*", low == to.Scheme+":":
		return true
	}
	low = strings.TrimPrefix(low, to.Scheme+"://")
	host, path, _ := strings.Cut(low, "/")
	if rest, wild := strings.CutPrefix(host, "*."); wild {
		if !strings.HasSuffix(to.Hostname(), "."+rest) {
			return false
		}
	} else if host != to.Host && host != to.Hostname() {
		return false
	}
	return path == "" || strings.HasPrefix(strings.ToLower(to.Path), "/"+path)
}

func sourceOf(page, to *url.URL) string {
	if page.Host == to.Host && page.Scheme == to.Scheme {
		return "'self'"
	}
	return to.Scheme + "://" + to.Host
}
