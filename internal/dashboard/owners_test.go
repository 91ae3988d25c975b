package dashboard_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// An owner whose link has expired cannot get in, and is not somebody who is left.
func TestAnOwnerWhoNeverCameIsNobodyWhoIsLeft(t *testing.T) {
	d := newDesk(t)
	d.in()
	d.invite("olga", "owner")
	d.pass(73 * time.Hour)
	d.in2()
	for path, form := range map[string]url.Values{
		"/admin/access/accounts/admin/disable": {},
		"/admin/access/accounts/admin/change":  {"role": {"marketer"}, "scope": {"all"}},
	} {
		d.want(d.post(path, form), http.StatusUnprocessableEntity, "somebody must be left")
	}
	d.as(d.invite("otto", "owner"))
	d.wantRedirect(d.post("/admin/access/accounts/admin/disable", url.Values{}), "/admin/access")
}

// Where nobody is left all the same, since the last owner's link has expired, the
// others can still look after their own accounts.
func TestWhoIsLeftAloneCanStillChangeTheOwnPassword(t *testing.T) {
	d := newDesk(t)
	d.in()
	link := d.invite("mira", "marketer")
	d.apart(func() { d.as(link) })
	d.want(d.post("/admin/access/accounts/admin/reset", url.Values{}), http.StatusOK, "Send this link to admin")
	d.pass(73 * time.Hour)
	d.fresh()
	d.wantRedirect(d.login("mira"), "/admin/")
	d.wantRedirect(d.post("/admin/password", url.Values{"current": {password}, "password": {password + "!"}, "again": {password + "!"}}), "/admin/")
}
