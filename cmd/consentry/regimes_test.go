package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// A shared cache in front, filled by visitors of all places in any order, hands
// nobody the gate of another's regime; while the site had one, it kept the gate
// that asks first, which is never too little.
func TestNobodyGetsAnothersRegimeFromASharedCache(t *testing.T) {
	address := freeAddress(t)
	dir := newShop(t, "http://"+address, "listen: "+freeAddress(t)+"\nadmin_listen: 127.0.0.1:0\n"+behindNginx+
		"country_header: X-Country\nregion_header: X-Region\n")
	file, err := os.OpenFile(siteFile(dir), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("\nregime: local\n"); err != nil {
		t.Fatal(err)
	}
	file.Close()
	status, lines, stderr := command(t, "snippet", "shop", "--proxy", "nginx", "--config", dir)
	if status != exitOK {
		t.Fatal(stderr)
	}
	start(t, dir)
	serveNginx(t, address, lines)
	visitors := []struct{ what, presumed string }{
		{"X-Country: US", "g"}, {"X-Country: FR", ""}, {"X-Country: US;Sec-GPC: 1", "d"}, {"", ""}, {"X-Country: US;X-Region: CA", "g"}, {"X-Country: FR;Sec-GPC: 1", ""},
	}
	answered := 0
	for round := range 3 {
		for i := range visitors {
			v := visitors[(i*(round+1)+round)%len(visitors)]
			var headers []string
			if v.what != "" {
				headers = strings.Split(v.what, ";")
			}
			got := through(t, address, "GET", "/privacy/gate.js", "", headers...)
			_, presumed, _ := strings.Cut(got.body, "presumed:\"")
			presumed, _, _ = strings.Cut(presumed, "\"")
			if got.status == http.StatusGatewayTimeout {
				continue // nobody's gate: a busy machine answers too late for nginx
			}
			answered++
			if got.status != http.StatusOK || presumed != v.presumed {
				t.Errorf("round %d, %q: %d, presumed %q", round, v.what, got.status, presumed)
			}
		}
	}
	if answered < len(visitors) {
		t.Errorf("only %d requests were answered: the test has shown little", answered)
	}
	if got := through(t, address, "GET", "/.well-known/gpc.json", ""); got.status != http.StatusOK || !strings.Contains(got.body, `"gpc":true`) {
		t.Errorf("gpc.json got %d %s", got.status, got.body)
	}
}
