package doctor

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// gateTag is the script element of the gate.
type gateTag struct {
	src   *url.URL
	nonce string
}

// tag finds the gate and what stands before it. Scripts, styles' preloads and
// frames before it are requested and may run unheld.
func (v Visit) tag(page answer) (*gateTag, []Finding) {
	root, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		return nil, []Finding{wrong("gate tag", "The page is no HTML that a browser reads.", "Give the address of a page.")}
	}
	before := ""
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		src := attribute(n, "src")
		if n.Data == "script" && v.isGate(page.from, src) {
			at, _ := page.from.Parse(src)
			return &gateTag{at, attribute(n, "nonce")}, v.placed(n, before)
		}
		if before == "" && loads(n) && !(n.Data == "link" && ownHost(page.from, attribute(n, "href"))) {
			before = describe(n)
		}
	}
	return nil, []Finding{wrong("gate tag", "The page does not load the gate: nothing asks, and nothing is held.",
		"Put this first into <head>: <script src=\""+v.Site.Base()+"/gate.js\"></script>")}
}

func (v Visit) placed(n *html.Node, before string) []Finding {
	list := []Finding{right("gate tag", "The page loads the gate.")}
	switch {
	case n.Parent == nil || n.Parent.Data != "head":
		list = append(list, wrong("first in head", "The gate is not in <head>: what stands before it runs unheld.", "Move its tag to the start of <head>."))
	case before != "":
		list = append(list, wrong("first in head", "Before the gate stands "+before+", which runs unheld.", "Move the gate's tag before it."))
	default:
		list = append(list, right("first in head", "Nothing that loads stands before it."))
	}
	for _, late := range []string{"async", "defer"} {
		if has(n, late) {
			list = append(list, wrong("runs at once", "The gate's tag has "+late+": other scripts run before it.", "Remove "+late+" from the tag."))
		}
	}
	if attribute(n, "type") == "module" {
		list = append(list, wrong("runs at once", "The gate is loaded as a module, which runs last.", "Remove type=\"module\" from the tag."))
	}
	return list
}

// ownHost reports whether an address is of the page's own host: its styles and
// fonts may come before the gate.
func ownHost(page *url.URL, address string) bool {
	at, err := page.Parse(address)
	return err == nil && at.Host == page.Host
}

// isGate knows the gate's own address and its frozen one, gate.<digest>.js.
func (v Visit) isGate(page *url.URL, src string) bool {
	at, err := page.Parse(src)
	if err != nil || src == "" {
		return false
	}
	rest, ok := strings.CutPrefix(at.Scheme+"://"+at.Host+at.Path, strings.TrimSuffix(v.address("/gate.js"), "gate.js"))
	return ok && strings.HasPrefix(rest, "gate.") && strings.HasSuffix(rest, ".js") && !strings.Contains(rest, "/")
}

// loads reports whether an element makes a browser request or run something of
// another party; what is marked or inert does not.
func loads(n *html.Node) bool {
	switch n.Data {
	case "script":
		kind := strings.ToLower(attribute(n, "type"))
		return kind == "" || kind == "module" || strings.Contains(kind, "javascript")
	case "iframe", "img", "embed", "object":
		return attribute(n, "src") != "" || attribute(n, "data") != ""
	case "link":
		rel := strings.ToLower(attribute(n, "rel"))
		return strings.HasPrefix(attribute(n, "href"), "http") && (strings.Contains(rel, "pre") || rel == "stylesheet")
	}
	return false
}

func describe(n *html.Node) string {
	for _, key := range []string{"src", "href", "data"} {
		if at := attribute(n, key); at != "" {
			return "<" + n.Data + "> of " + readable(at)
		}
	}
	return "an inline <" + n.Data + ">"
}

// maxAddress is how much of an address is told, in characters: some are whole
// pictures.
const maxAddress = 120

// readable is what a page says as a terminal may show it: cut, and without what
// could move its cursor or turn the text around.
func readable(text string) string {
	runes := []rune(text)
	cut := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, string(runes[:min(len(runes), maxAddress)]))
	if len(runes) > maxAddress {
		return cut + "…"
	}
	return cut
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}
