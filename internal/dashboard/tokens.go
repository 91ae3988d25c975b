package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// tokenStart begins every token, so that one that got out is recognised.
const tokenStart = "consentry_"

// mostDays is how long a token may live.
const mostDays = 366

// ErrToken is a request without a token that is valid now: 401. Missing, unknown,
// expired and revoked ones look alike.
var ErrToken = errors.New("send a valid token as Authorization: Bearer; an owner makes one under Access")

// token is what opens the JSON API to a program. Its text is shown once and not
// kept.
type token struct {
	Name    string    `json:"name"`
	Hash    string    `json:"hash"` // see hashToken
	Role    Role      `json:"role"`
	Scope   Scope     `json:"scope"`
	By      string    `json:"by"` // the account that made it
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// AddToken makes a token and returns its text. note is as in Invite.
func (f *AccountsFile) AddToken(p Person, by string, days int, now time.Time, note func(Scope) error) (text string, err error) {
	if err := p.check(); err != nil {
		return "", err
	}
	if days < 1 || days > mostDays {
		return "", fmt.Errorf("%w: a token lives from 1 to %d days", ErrAccount, mostDays)
	}
	err = f.change(func(a *accounts) error {
		if slices.ContainsFunc(a.Tokens, func(t token) bool { return t.Name == p.Name }) {
			return fmt.Errorf("%w: there is a token of this name", ErrAccount)
		}
		text = tokenStart + randomText()
		a.Tokens = append(a.Tokens, token{
			Name: p.Name, Hash: hashToken(text), Role: p.Role, Scope: p.Scope, By: by, Created: now.UTC(), Expires: now.AddDate(0, 0, days).UTC(),
		})
		return note(p.Scope)
	})
	return text, err
}

// RevokeToken ends a token.
func (f *AccountsFile) RevokeToken(name string, note func(Scope) error) error {
	return f.change(func(a *accounts) error {
		i := slices.IndexFunc(a.Tokens, func(t token) bool { return t.Name == name })
		if i < 0 {
			return ErrNoAccount
		}
		scope := a.Tokens[i].Scope
		a.Tokens = slices.Delete(a.Tokens, i, i+1)
		return note(scope)
	})
}

// holder finds whose token a text is, if it is valid.
func (f *AccountsFile) holder(text string, now time.Time) (v viewer, ok bool, err error) {
	a, err := f.read()
	if err != nil {
		return v, false, err
	}
	hash := hashToken(text)
	for _, t := range a.Tokens {
		if same(t.Hash, hash) && now.Before(t.Expires) {
			v, ok = viewer{name: t.Name, token: true, role: t.Role, scope: t.Scope}, true
		}
	}
	return v, ok, nil
}

// bearer lets through whose token has a right.
func (d *Dashboard) bearer(x right) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			scheme, text, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
			v, ok := viewer{}, false
			if strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(text, tokenStart) {
				var err error
				if v, ok, err = d.Accounts.holder(text, d.Now()); err != nil {
					return err
				}
			}
			if !ok {
				c.Response().Header().Set("WWW-Authenticate", `Bearer realm="consentry"`)
				return refuse(http.StatusUnauthorized, ErrToken)
			}
			c.Set(viewerKey, v)
			if !v.may(x) {
				return refuse(http.StatusForbidden, ErrRole)
			}
			return next(c)
		}
	}
}

func (d *Dashboard) postToken(c echo.Context) error {
	p, err := d.person(c, c.FormValue("name"))
	if err != nil {
		return err
	}
	days, _ := strconv.Atoi(c.FormValue("days")) // 0 is refused
	text, err := d.Accounts.AddToken(p, viewerOf(c).name, days, d.Now(), d.opening(c, consent.AuditTokenMade, p.Name, p.Role, p.Scope))
	if err != nil {
		return d.unchanged(c, err)
	}
	return d.showAccess(c, http.StatusOK, templates.AccessPage{Minted: p.Name, Token: text})
}

func (d *Dashboard) postRevoke(c echo.Context) error {
	if err := d.Accounts.RevokeToken(c.Param("name"), d.noting(c, consent.AuditTokenRevoked, c.Param("name"), "")); err != nil {
		return d.unchanged(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/admin/access")
}

// tokenRows lists the tokens as they are shown.
func (f *AccountsFile) tokenRows(now time.Time) (list []templates.TokenRow, err error) {
	a, err := f.read()
	for _, t := range a.Tokens {
		list = append(list, templates.TokenRow{
			Name: t.Name, Role: string(t.Role), All: t.Scope.All, Sites: t.Scope.Sites, By: t.By, Expires: t.Expires, Expired: !now.Before(t.Expires),
		})
	}
	return list, err
}
