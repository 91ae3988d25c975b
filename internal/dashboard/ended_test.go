package dashboard_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// What ends a session must not depend on how finely the clock can tell its beginning
// from its end.
func TestAResetEndsASessionThatBeganInTheSameInstant(t *testing.T) {
	d := newDesk(t)
	d.in()
	link := d.invite("mira", "marketer")
	hers := d.browser
	d.apart(func() { d.as(link); hers = d.browser })
	d.want(d.post("/admin/access/accounts/mira/reset", url.Values{}), http.StatusOK, "Send this link to mira")
	d.browser = hers
	d.wantRedirect(d.get("/admin/"), "/admin/login")
}

// A password that is being compared while an owner ends it opens nothing, and sets no
// other in the place of the owner's link.
func TestAPasswordThatIsEndedWhileItIsComparedOpensNothing(t *testing.T) {
	for _, what := range []string{"/admin/login", "/admin/password"} {
		d := newDesk(t)
		d.in()
		link := d.invite("mira", "marketer")
		owner := d.browser
		d.as(link)
		release := d.dash.HoldHashes()
		done, her := make(chan answer), &desk{t: t, server: d.server, browser: d.browser}
		go func() {
			done <- her.post(what, url.Values{"username": {"mira"}, "password": {password}, "again": {password}, "current": {password}})
		}()
		time.Sleep(200 * time.Millisecond) // her account has been read
		hers := d.browser
		d.browser = owner
		d.want(d.post("/admin/access/accounts/mira/reset", url.Values{}), http.StatusOK, "Send this link to mira")
		release()
		<-done
		d.browser = hers
		d.wantRedirect(d.get("/admin/"), "/admin/login")
		file, err := os.ReadFile(d.file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(file), "$argon2id$") != 1 || !strings.Contains(string(file), `"invite"`) {
			t.Errorf("%s: the link is void or the password holds: %s", what, file)
		}
	}
}
