package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
)

// crowd is visitors who fetch the gate and decide, over and over.
type crowd struct {
	stop   atomic.Bool
	done   sync.WaitGroup
	served atomic.Int64
	failed atomic.Pointer[string]
}

// gather sends visitors to a server until leave. Half of them answer the notice
// that the gate names now, half the one that they met first.
func gather(p *program) *crowd {
	c := &crowd{}
	first := p.rendering()
	for i := range 6 {
		c.done.Go(func() {
			v, err := visit(p.visitors)
			if err != nil {
				c.fail("connect: %v", err)
				return
			}
			defer v.close()
			for rendering := first; !c.stop.Load(); c.served.Add(2) {
				gate, err := v.call("GET", "/privacy/gate.js", "")
				if err != nil || gate.status != http.StatusOK {
					c.fail("the gate got %d, %v", gate.status, err)
					return
				}
				if i%2 == 0 {
					rendering = renderingInGate.FindStringSubmatch(gate.body)[1]
				}
				got, err := v.call("POST", "/privacy/decisions", decisionBody(newDecisionID(), rendering, "accept-all"), fromPage()...)
				if err != nil || got.status != http.StatusCreated {
					c.fail("a decision got %d, %v: %s", got.status, err, got.body)
					return
				}
			}
		})
	}
	return c
}

func (c *crowd) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.failed.CompareAndSwap(nil, &text)
}

// more waits until every visitor can have made a few more requests.
func (c *crowd) more(t *testing.T) {
	t.Helper()
	from := c.served.Load()
	until(t, "the visitors are served", func() bool { return c.failed.Load() != nil || c.served.Load() > from+40 })
}

func (c *crowd) leave(t *testing.T) {
	t.Helper()
	c.stop.Store(true)
	c.done.Wait()
	if failed := c.failed.Load(); failed != nil {
		t.Errorf("after %d requests %s", c.served.Load(), *failed)
	}
}

// A change of a site's file reaches visitors without one failed request. A
// mistake in it changes nothing but what the log and /readyz say.
func TestSiteFilesChangeUnderLoad(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	visitors := gather(p)
	original, first := content(t, siteFile(dir)), p.rendering()

	// Another question: what the first visitors were asked is superseded.
	asked := strings.Replace(original, "services: [ga4]", "services: [ga4, matomo]", 1)
	replace(t, siteFile(dir), asked)
	until(t, "the new notice is served", func() bool { return p.rendering() != first })
	second := p.rendering()
	visitors.more(t)

	replace(t, siteFile(dir), strings.Replace(asked, "layout: bar", "layout: tent", 1))
	line := 1 + strings.Count(asked[:strings.Index(asked, "\nlayout: bar")+1], "\n")
	place := fmt.Sprintf("sites/shop.yaml:%d:1: ", line)
	until(t, "/readyz shows the mistake", func() bool { return strings.Contains(p.ready(), place) })
	if ready := p.ready(); !strings.Contains(ready, `"status":"degraded"`) {
		t.Errorf("with a broken file /readyz says %s", ready)
	}
	if log := p.log(); !regexp.MustCompile(`level=ERROR .*` + regexp.QuoteMeta(place)).MatchString(log) {
		t.Errorf("the log does not name %s:\n%s", place, log)
	}
	visitors.more(t)
	if got := p.rendering(); got != second {
		t.Errorf("a broken file changed the notice from %s to %s", second, got)
	}

	// Another look, of the same question.
	replace(t, siteFile(dir), strings.Replace(asked, "layout: bar", "layout: card", 1))
	p.wantReady()
	if got := p.rendering(); got == second || got == first {
		t.Error("the mended file is not served")
	}
	visitors.more(t)
	visitors.leave(t)
	p.stop()
	kept(t, dir)
}

// A key that "keys rotate" adds signs after SIGHUP; what the older ones signed
// stays valid, and no request fails meanwhile.
func TestSIGHUPTakesOverRotatedKeys(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	before := p.decide("accept-all")
	visitors := gather(p)
	if status, _, stderr := command(t, "keys", "rotate", "--config", dir); status != exitOK {
		t.Fatal(stderr)
	}
	p.signal(syscall.SIGHUP)
	var after reply
	until(t, "the new key signs", func() bool {
		after = p.decide("accept-all")
		return signedByNewest(t, dir, after.cookies())
	})
	if signedByNewest(t, dir, before.cookies()) {
		t.Error("the first cookie was signed by the key that came after it")
	}
	for name, r := range map[string]reply{"older": before, "newer": after} {
		mine := ask(t, p.visitors, "GET", "/privacy/receipts/mine", "", "Cookie: "+r.cookies())
		want := decoded[decisionReply](t, r.body).Record
		if mine.status != http.StatusOK || decoded[decisionReply](t, mine.body).Record != want {
			t.Errorf("the %s cookie got %d: %s", name, mine.status, mine.body)
		}
	}
	visitors.more(t)
	visitors.leave(t)
	p.stop()
}

// signedByNewest reports whether the sealed cookie among cookies verifies with
// the key file's newest key alone.
func signedByNewest(t *testing.T, dir, cookies string) bool {
	t.Helper()
	ring, err := readKeyring(filepath.Join(dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	ring.Cookie = ring.Cookie[:1]
	jar, err := cookie.New(shopSite("https://shop.example"), ring)
	if err != nil {
		t.Fatal(err)
	}
	request := &http.Request{Header: http.Header{"Cookie": {cookies}}}
	sealed, _ := jar.Read(request, true, time.Now())
	return sealed != nil
}

// Whatever happens to the key file of a running server, it goes on serving with
// the keys that it has: another installation's would make every choice void.
func TestSIGHUPWithUnusableKeysChangesNothing(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	before := p.decide("accept-all")
	path := filepath.Join(dir, "keys.json")
	original := content(t, path)
	for name, spoil := range map[string]func(){
		"a foreign key file": func() { replace(t, path, foreignKeys(t)) },
		"half a key file":    func() { replace(t, path, original[:len(original)/2]) },
		"no key file": func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		spoil()
		p.signal(syscall.SIGHUP)
		until(t, "/readyz shows "+name, func() bool { return strings.Contains(p.ready(), `"status":"degraded"`) })
		mine := ask(t, p.visitors, "GET", "/privacy/receipts/mine", "", "Cookie: "+before.cookies())
		if got := p.decide("accept-all"); got.status != http.StatusCreated || mine.status != http.StatusOK {
			t.Errorf("with %s a decision got %d and an old cookie %d", name, got.status, mine.status)
		}
		replace(t, path, original)
		p.signal(syscall.SIGHUP)
		p.wantReady()
	}
	p.stop()
	if n := len(kept(t, dir)); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
}

// foreignKeys is the key file of another installation.
func foreignKeys(t *testing.T) string {
	t.Helper()
	text := content(t, filepath.Join(newShop(t, "https://shop.example", anyPorts), "keys.json"))
	var ring consent.Keyring
	if err := json.Unmarshal([]byte(text), &ring); err != nil {
		t.Fatal(err)
	}
	return text
}
