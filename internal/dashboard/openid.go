package dashboard

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/cookie"
	"github.com/consentry/consentry/internal/openid"
	"github.com/consentry/consentry/templates"
)

// getOpenID sends a browser to the identity provider.
func (d *Dashboard) getOpenID(c echo.Context) error {
	f := openid.Flow{State: randomText(), Nonce: randomText(), Verifier: randomText()}
	to, err := d.OpenID.Begin(c.Request().Context(), f)
	if err != nil {
		d.Log.Error("nobody can be signed in through the identity provider", "error", err)
		return d.tryAgain(c, http.StatusBadGateway, "The identity provider does not answer. Try again, or use your password.")
	}
	kept := cookie.Flow{State: f.State, Nonce: f.Nonce, Verifier: f.Verifier}
	if err := d.sessions.StartFlow(c.Response().Header(), kept, secure(c.Request()), d.Now()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// getOpenIDCallback takes a browser back from the identity provider and opens the
// session of the account that was invited with the address it vouches for. Who comes
// first is the account's person from then on: an address may be given to somebody else.
func (d *Dashboard) getOpenIDCallback(c echo.Context) error {
	f, err := d.sessions.TakeFlow(c.Response().Header(), c.Request(), secure(c.Request()), d.Now())
	if err != nil || !same(f.State, c.QueryParam("state")) {
		return d.tryAgain(c, http.StatusBadRequest, "This sign-in was not begun in this browser, or took longer than ten minutes. Begin again.")
	}
	who, err := d.OpenID.Finish(c.Request().Context(), openid.Flow{State: f.State, Nonce: f.Nonce, Verifier: f.Verifier}, c.QueryParam("code"))
	if errors.Is(err, openid.ErrAway) {
		d.Log.Error("nobody can be signed in through the identity provider", "error", err)
		return d.tryAgain(c, http.StatusBadGateway, "The identity provider does not answer. Try again, or use your password.")
	}
	known, readErr := d.Accounts.read()
	if readErr != nil {
		return readErr
	}
	a := known.findEmail(who.Email)
	if err != nil || a == nil || a.Disabled || a.Subject != "" && a.Subject != hashToken(who.Subject) {
		return d.refuseOpenID(c, a, err)
	}
	if a.Subject == "" {
		if err := d.Accounts.bind(*a, hashToken(who.Subject)); err != nil {
			return settled(err)
		}
	}
	if err := d.begin(c, *a, "openid"); err != nil {
		return err
	}
	// A browser that comes from another site does not send the session along a
	// redirect, since it is SameSite=Strict; from a page of our own it does.
	return show(c, http.StatusOK, templates.SignedIn(templates.SignedInPage{Nonce: nonce(c)}))
}

// refuseOpenID answers a sign-in that opens no account. The address is in no log.
func (d *Dashboard) refuseOpenID(c echo.Context, a *account, err error) error {
	name := ""
	if a != nil {
		name = a.Name
	}
	if err != nil {
		d.Log.Warn("the identity provider did not vouch for an operator", "error", err)
	}
	if err := d.noteRefusal(c, name, "openid"); err != nil {
		return err
	}
	return d.tryAgain(c, http.StatusForbidden, "Nobody is invited with an e-mail address that the identity provider vouches for, or it was somebody else’s before. Ask an owner to enter it under Access, or for a new set-up link.")
}

// findEmail returns the account that was invited with an address, nil without one.
func (a *accounts) findEmail(email string) *account {
	for i := range a.Accounts {
		if email != "" && sameAddress(a.Accounts[i].Email, email) {
			return &a.Accounts[i]
		}
	}
	return nil
}

// sameAddress takes A for a, and nothing else for something that it is not: a letter
// of another script that folds to one of ASCII is another person's address.
func sameAddress(a, b string) bool { return lowerASCII(a) == lowerASCII(b) }

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}
