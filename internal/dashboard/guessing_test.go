package dashboard_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// guess tries as many wrong passwords at once, before any of them is compared, and
// returns how many were compared in the end.
func (d *desk) guess(path string, times int) (compared int) {
	d.t.Helper()
	release := d.dash.HoldHashes()
	answers := make(chan answer)
	for range times {
		go func() {
			answers <- d.post(path, url.Values{"username": {"admin"}, "password": {"not this one at all"}, "current": {"nor this one at all"}})
		}()
	}
	refused := 0
	for waiting := true; waiting; {
		select {
		case a := <-answers:
			d.want(a, http.StatusTooManyRequests, "Too many tries")
			refused++
		case <-time.After(500 * time.Millisecond): // the others wait for their comparison
			waiting = false
		}
	}
	release()
	for range times - refused {
		d.want(<-answers, http.StatusUnauthorized, "")
		compared++
	}
	return compared
}

// Guesses that have not failed yet count as if they had: many at once are no more than
// one after the other.
func TestGuessesAtOnceAreSlowedDown(t *testing.T) {
	for _, path := range []string{"/admin/login", "/admin/password"} {
		d := newDesk(t)
		d.in()
		if n := d.guess(path, 50); n != 5 {
			t.Errorf("%s: %d of 50 guesses at once were compared, want 5", path, n)
		}
		if n := d.guess(path, 10); n != 0 {
			t.Errorf("%s: %d guesses were compared while the account was locked", path, n)
		}
		d.pass(20 * time.Second)
		if n := d.guess(path, 50); n != 1 {
			t.Errorf("%s: %d of 50 guesses were compared when the wait was over, want 1", path, n)
		}
		d.pass(20 * time.Second)
		d.fresh()
		d.wantRedirect(d.post("/admin/login", url.Values{"username": {"admin"}, "password": {password}}), "/admin/")
	}
}
