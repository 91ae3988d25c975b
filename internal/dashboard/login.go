package dashboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
	"github.com/consentry/consentry/templates"
)

const (
	minimumPassword = 12   // characters; nothing else is asked of it (NIST SP 800-63B)
	longestPassword = 1024 // bytes
	firstAccount    = "admin"
)

func (d *Dashboard) getSetup(c echo.Context) error {
	if !d.validLink(c.Param("token")) {
		return refuse(http.StatusNotFound, ErrLink)
	}
	return show(c, http.StatusOK, templates.Setup(templates.SetupPage{Nonce: nonce(c), Name: firstAccount, Minimum: minimumPassword}))
}

// postSetup sets the first password and logs in with it.
func (d *Dashboard) postSetup(c echo.Context) error {
	if !d.validLink(c.Param("token")) {
		return refuse(http.StatusNotFound, ErrLink)
	}
	password := c.FormValue("password")
	if problem := weakness(password, c.FormValue("again")); problem != "" {
		p := templates.SetupPage{Nonce: nonce(c), Name: firstAccount, Minimum: minimumPassword, Problem: problem}
		return show(c, http.StatusUnprocessableEntity, templates.Setup(p))
	}
	first, err := d.setFirst(c.Request().Context(), password)
	if err != nil {
		return err
	}
	d.Log.Info("the dashboard's password was set")
	d.noteEntry(c, Scope{All: true}, consent.AuditEntry{Action: consent.AuditPasswordSet, About: firstAccount, Detail: "first"})
	return d.enter(c, first, "link")
}

func (d *Dashboard) validLink(token string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.token != "" && same(token, d.token)
}

func weakness(password, again string) string {
	switch {
	case !utf8.ValidString(password) || len(password) > longestPassword:
		return fmt.Sprintf("The password is longer than %d bytes or is not text.", longestPassword)
	case utf8.RuneCountInString(password) < minimumPassword:
		return fmt.Sprintf("The password has fewer than %d characters.", minimumPassword)
	case password != again:
		return "The two passwords differ."
	}
	return ""
}

// setFirst writes the account and uses the link up. Of two at once one wins.
func (d *Dashboard) setFirst(ctx context.Context, password string) (first account, err error) {
	release, err := d.reserve(ctx)
	if err != nil {
		return first, err
	}
	defer release()
	now := d.Now().UTC()
	first = account{Name: firstAccount, Role: Owner, Scope: Scope{All: true}, Password: hashPassword(password), Created: now, Since: now, Mark: randomText()}
	err = d.Accounts.create(first)
	if err != nil && !errors.Is(err, errExists) {
		return first, err
	}
	d.mu.Lock()
	d.token = ""
	d.mu.Unlock()
	if err != nil {
		return first, refuse(http.StatusNotFound, ErrLink)
	}
	return first, nil
}

// enterRoom waits for a place among those that read counters and add them up, or read
// an audit trail, so
// that a crowd before the dashboard costs visitors neither memory nor the store. Who
// leaves gives the place in the queue up.
func (d *Dashboard) enterRoom(ctx context.Context) (leave func(), err error) {
	select {
	case d.room <- struct{}{}:
		return func() { <-d.room }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to read counters: %w", ctx.Err())
	}
}

// reserve waits for a place among the hashes that may run at once.
func (d *Dashboard) reserve(ctx context.Context) (release func(), err error) {
	select {
	case d.hashing <- struct{}{}:
		return func() { <-d.hashing }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
}

func (d *Dashboard) getLogin(c echo.Context) error {
	known, err := d.Accounts.read()
	if err != nil {
		return err
	}
	return show(c, http.StatusOK, templates.Login(templates.LoginPage{Nonce: nonce(c), Fresh: len(known.Accounts) == 0, Provider: d.OpenID != nil}))
}

// postLogin opens a session for a name and its password. An unknown name, a
// disabled account and a wrong password answer alike, and take as long.
func (d *Dashboard) postLogin(c echo.Context) error {
	name := strings.ToLower(strings.TrimSpace(c.FormValue("username")))
	keys := []string{peerAddress(c.Request()), accountKey + name}
	if wait := d.attempts.begin(d.Now(), keys...); wait > 0 {
		seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
		c.Response().Header().Set("Retry-After", seconds)
		return d.tryAgain(c, http.StatusTooManyRequests, "Too many tries. Wait "+seconds+" s and try again.")
	}
	defer func() { d.attempts.end(d.Now(), keys...) }()
	opened, err := d.verify(c.Request().Context(), name, c.FormValue("password"))
	if err != nil {
		return err
	}
	if opened == nil {
		d.attempts.failed(d.Now(), keys...)
		if err := d.noteRefusal(c, name, "password"); err != nil {
			return err
		}
		d.Log.Warn("a log-in to the dashboard was refused")
		return d.tryAgain(c, http.StatusUnauthorized, "This name and password do not go together.")
	}
	d.attempts.succeeded(d.Now(), keys...)
	return d.enter(c, *opened, "password")
}

func (d *Dashboard) tryAgain(c echo.Context, status int, problem string) error {
	return show(c, status, templates.Login(templates.LoginPage{Nonce: nonce(c), Problem: problem, Provider: d.OpenID != nil}))
}

// verify returns the account that the password opens, as it was when the password
// was compared, and nil when it opens none. It takes the same time for every name
// and password.
func (d *Dashboard) verify(ctx context.Context, name, password string) (*account, error) {
	known, err := d.Accounts.read()
	if err != nil {
		return nil, err
	}
	release, err := d.reserve(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	phc := nobodysHash()
	one := known.find(name)
	opens := one != nil && !one.Disabled && one.Password != ""
	if opens {
		phc = one.Password
	}
	ok, err := checkPassword(phc, password[:min(len(password), longestPassword)])
	if err != nil || !ok || !opens || len(password) > longestPassword {
		return nil, err
	}
	return one, nil
}

// enter starts the session of an account and leads to the pages.
func (d *Dashboard) enter(c echo.Context, a account, how string) error {
	if err := d.begin(c, a, how); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/")
}

// begin starts the session of an account as it was when its holder was recognised:
// what has been changed since ends the session before it begins.
func (d *Dashboard) begin(c echo.Context, a account, how string) error {
	d.noteEntry(c, a.Scope, consent.AuditEntry{Actor: "account:" + a.Name, Action: consent.AuditSignedIn, Detail: how})
	return d.sessions.Start(c.Response().Header(), a.Name, a.Mark, secure(c.Request()), d.Now())
}

// postLogout ends the session here and in the browser. Ended sessions are
// remembered in memory: a copy of one would work again after a restart.
func (d *Dashboard) postLogout(c echo.Context) error {
	now := d.Now()
	if session, err := d.sessions.Read(c.Request(), secure(c.Request()), now); err == nil {
		if v, ok := d.signedIn(c); ok {
			d.noteEntry(c, v.scope, consent.AuditEntry{Actor: v.actor(), Action: consent.AuditSignedOut})
		}
		d.end(session, now)
	}
	d.sessions.End(c.Response().Header(), secure(c.Request()))
	return c.Redirect(http.StatusSeeOther, "/admin/login")
}

func (d *Dashboard) end(session cookie.Session, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for s, until := range d.ended {
		if now.After(until) {
			delete(d.ended, s)
		}
	}
	d.ended[session] = time.UnixMilli(session.Expires)
}

// peerAddress is the connection's own: no header is believed here. Behind a
// proxy all operators share its back-off.
func peerAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

type page interface {
	Render(ctx context.Context, w io.Writer) error
}

func show(c echo.Context, status int, page page) error {
	c.Response().Header().Set("Content-Type", "text/html; charset=utf-8")
	c.Response().WriteHeader(status)
	return page.Render(c.Request().Context(), c.Response())
}
