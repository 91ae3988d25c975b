package dashboard

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

func (d *Dashboard) getInvite(c echo.Context) error {
	name, err := d.invitedName(c)
	if err != nil {
		return err
	}
	return show(c, http.StatusOK, templates.Setup(templates.SetupPage{Nonce: nonce(c), Name: name, Minimum: minimumPassword}))
}

func (d *Dashboard) invitedName(c echo.Context) (string, error) {
	name, err := d.Accounts.invited(c.Param("token"), d.Now())
	if err == nil && name == "" {
		err = refuse(http.StatusNotFound, ErrLink)
	}
	return name, err
}

// postInvite sets an account's password by its link, and logs in with it.
func (d *Dashboard) postInvite(c echo.Context) error {
	name, err := d.invitedName(c)
	if err != nil {
		return err
	}
	password := c.FormValue("password")
	if problem := weakness(password, c.FormValue("again")); problem != "" {
		p := templates.SetupPage{Nonce: nonce(c), Name: name, Minimum: minimumPassword, Problem: problem}
		return show(c, http.StatusUnprocessableEntity, templates.Setup(p))
	}
	hash, err := d.hashed(c, password)
	if err != nil {
		return err
	}
	now := d.Now()
	set, err := d.Accounts.setPassword(name, hash, now, d.noting(c, consent.AuditPasswordSet, name, "link"), func(a *account) error {
		if !a.invitedBy(c.Param("token"), now) { // of two at once one wins
			return refuse(http.StatusNotFound, ErrLink)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.attempts.succeeded(now, accountKey+name)
	return d.enter(c, set, "link")
}

func (d *Dashboard) hashed(c echo.Context, password string) (string, error) {
	release, err := d.reserve(c.Request().Context())
	if err != nil {
		return "", err
	}
	defer release()
	return hashPassword(password), nil
}

func (d *Dashboard) getPassword(c echo.Context) error {
	return show(c, http.StatusOK, templates.Password(templates.PasswordPage{Nonce: nonce(c), Viewer: frame(c), Minimum: minimumPassword}))
}

// postPassword changes one's own password. All sessions end but the one that it
// begins.
func (d *Dashboard) postPassword(c echo.Context) error {
	v := viewerOf(c)
	page := templates.PasswordPage{Nonce: nonce(c), Viewer: frame(c), Minimum: minimumPassword}
	if d.attempts.begin(d.Now(), accountKey+v.name) > 0 {
		page.Problem = "Too many tries. Wait a moment and try again."
		return show(c, http.StatusTooManyRequests, templates.Password(page))
	}
	defer func() { d.attempts.end(d.Now(), accountKey+v.name) }()
	opened, err := d.verify(c.Request().Context(), v.name, c.FormValue("current"))
	if err != nil {
		return err
	}
	if opened == nil {
		d.attempts.failed(d.Now(), accountKey+v.name)
		if err := d.noteRefusal(c, v.name, "password"); err != nil {
			return err
		}
		page.Problem = "This is not your password."
		return show(c, http.StatusUnauthorized, templates.Password(page))
	}
	if page.Problem = weakness(c.FormValue("password"), c.FormValue("again")); page.Problem != "" {
		return show(c, http.StatusUnprocessableEntity, templates.Password(page))
	}
	hash, err := d.hashed(c, c.FormValue("password"))
	if err != nil {
		return err
	}
	set, err := d.Accounts.setPassword(v.name, hash, d.Now(), d.noting(c, consent.AuditPasswordSet, v.name, "changed"), func(a *account) error {
		if a.Password != opened.Password { // an owner has ended it meanwhile, or it was changed elsewhere
			return refuse(http.StatusConflict, ErrChanged)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.attempts.succeeded(d.Now(), accountKey+v.name)
	return d.enter(c, set, "password")
}

// settled turns what an AccountsFile refuses into its status.
func settled(err error) error {
	switch {
	case errors.Is(err, ErrNoAccount):
		return refuse(http.StatusNotFound, err)
	case errors.Is(err, ErrAccount):
		return refuse(http.StatusUnprocessableEntity, err)
	}
	return err
}
