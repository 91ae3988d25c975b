package dashboard_test

import (
	"net/http"
	"net/url"
	"slices"
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

// Who has made a token has had its text, and keeps nothing of it when the account
// ends; other accounts' tokens stay.
func TestADisabledAccountsTokensEndWithIt(t *testing.T) {
	d := newDesk(t)
	d.twoSites()
	d.in()
	mine := d.mint("nightly", "auditor", "30")
	link, hers := d.invite("olga", "owner"), ""
	d.apart(func() {
		d.as(link)
		hers = d.mint("export", "auditor", "30", "shop")
	})
	status := func(token string) int {
		return d.do(http.MethodGet, "/api/v1/sites", nil, map[string]string{"Authorization": "Bearer " + token}).status
	}
	if status(hers) != http.StatusOK {
		t.Fatal("the token does not work at all")
	}
	d.wantRedirect(d.post("/admin/access/accounts/olga/disable", url.Values{}), "/admin/access")
	if status(hers) != http.StatusUnauthorized || status(mine) != http.StatusOK {
		t.Errorf("hers answers %d, mine %d", status(hers), status(mine))
	}
	end := "account:admin token-revoked export"
	if shop, journal := d.trailOf("shop"), d.trailOf("journal"); !slices.Contains(shop, end) || slices.Contains(journal, end) {
		t.Errorf("the trails read %q and %q", shop, journal)
	}
}
