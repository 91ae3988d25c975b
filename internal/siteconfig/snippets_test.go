package siteconfig

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/catalogue"
)

// snippets are the vendors' own, as their documentation prints them, by service.
func snippets(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/snippets/*.html")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d snippets, %v", len(files), err)
	}
	list := make(map[string]string)
	for _, file := range files {
		snippet, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list[strings.TrimSuffix(filepath.Base(file), ".html")] = string(snippet)
	}
	return list
}

// The vendors' own snippets are recognised: each inline script by its service's
// pattern and by nobody else's, or because the script holds nothing but a queue or
// an address that is held itself.
func TestInlinePatternsKnowTheirVendorsSnippet(t *testing.T) {
	services, _ := Catalogue(catalogue.Files)
	for id, snippet := range snippets(t) {
		if services[id].ID == "" {
			t.Errorf("%s belongs to no service", id)
		}
		for _, other := range serviceNames(services) {
			inline := services[other].Inline
			if inline == "" {
				continue
			}
			if found := regexp.MustCompile(inline).MatchString(snippet); found != (other == id) {
				t.Errorf("%s: the inline pattern of %s, %s, matches: %v", id, other, inline, found)
			}
		}
	}
}

var (
	scriptTag = regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
	loading   = regexp.MustCompile(`<(?:script|iframe)[^>]* src="https?://([^"]+)`)
	// addressIn finds what a script's text loads or sends to.
	addressIn = regexp.MustCompile(`["'](?:https?:)?//([a-z0-9.-]+\.[a-z]+[^"'?]*)`)
)

// A site may list one service alone: then nothing but its own patterns holds what
// its snippet asks for, and every script that would ask for it or gives commands.
func TestEachSnippetIsHeldByItsOwnServiceAlone(t *testing.T) {
	services, _ := Catalogue(catalogue.Files)
	for id, snippet := range snippets(t) {
		s := services[id]
		holds := func(address string) bool {
			for _, pattern := range s.Hosts {
				if claims(pattern, address) {
					return true
				}
			}
			return false
		}
		held := 0
		for _, tag := range loading.FindAllStringSubmatch(snippet, -1) {
			if held++; !holds(tag[1]) {
				t.Errorf("%s: %s loads", id, tag[1])
			}
		}
		for _, script := range scriptTag.FindAllStringSubmatch(snippet, -1) {
			if strings.Contains(script[1], "src=") {
				continue
			}
			inline := s.Inline != "" && regexp.MustCompile(s.Inline).MatchString(script[2])
			addresses := addressIn.FindAllStringSubmatch(script[2], -1)
			for _, address := range addresses {
				if held++; !holds(address[1]) && !strings.HasPrefix(address[1], "shop.example") {
					t.Errorf("%s: the script that loads %s is held, what it loads is not", id, address[1])
				}
			}
			if !inline && len(addresses) == 0 {
				t.Errorf("%s: a script runs:\n%s", id, script[2])
			}
		}
		if held == 0 && s.Inline == "" {
			t.Errorf("%s: there is nothing to hold", id)
		}
	}
}
