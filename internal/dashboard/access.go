package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// getAccess shows who may open the dashboard.
func (d *Dashboard) getAccess(c echo.Context) error {
	return d.showAccess(c, http.StatusOK, templates.AccessPage{})
}

// showAccess shows the page with what just happened: a link or token that is
// never shown again, or a problem.
func (d *Dashboard) showAccess(c echo.Context, status int, page templates.AccessPage) error {
	people, err := d.Accounts.List(d.Now())
	if err != nil {
		return err
	}
	if page.Tokens, err = d.Accounts.tokenRows(d.Now()); err != nil {
		return err
	}
	page.Nonce, page.Viewer, page.Roles = nonce(c), frame(c), Roles()
	for _, site := range d.sites(c) {
		page.Sites = append(page.Sites, templates.SiteName{ID: site.ID, Name: site.Name})
	}
	for _, p := range people {
		page.People = append(page.People, templates.PersonRow{
			Name: p.Name, Email: p.Email, Role: string(p.Role), All: p.Scope.All, Sites: p.Scope.Sites, State: p.State,
		})
	}
	return show(c, status, templates.Access(page))
}

// person reads an account from a form.
func (d *Dashboard) person(c echo.Context, name string) (Person, error) {
	scope, err := d.scopeOf(c)
	return Person{
		Name: strings.ToLower(strings.TrimSpace(name)), Email: strings.TrimSpace(c.FormValue("email")), Role: Role(c.FormValue("role")), Scope: scope,
	}, err
}

// scopeOf reads which sites were ticked. Nothing chosen is nothing, never all.
func (d *Dashboard) scopeOf(c echo.Context) (Scope, error) {
	if c.FormValue("scope") == "all" {
		return Scope{All: true}, nil
	}
	form, err := c.FormParams()
	if err != nil {
		return Scope{}, fmt.Errorf("read form: %w", err)
	}
	var known []string
	for _, site := range d.sites(c) {
		known = append(known, site.ID)
	}
	for _, id := range form["site"] {
		if !slices.Contains(known, id) {
			return Scope{}, refuse(http.StatusNotFound, ErrSite)
		}
	}
	return Scope{Sites: form["site"]}, nil
}

func (d *Dashboard) postAccount(c echo.Context) error {
	p, err := d.person(c, c.FormValue("name"))
	if err != nil {
		return err
	}
	token, err := d.Accounts.Invite(p, d.Now(), d.opening(c, consent.AuditInvited, p.Name, p.Role, p.Scope))
	if err != nil {
		return d.unchanged(c, err)
	}
	return d.showLink(c, p.Name, token)
}

func (d *Dashboard) showLink(c echo.Context, name, token string) error {
	return d.showAccess(c, http.StatusOK, templates.AccessPage{Invited: name, Link: address(c.Request()) + "/admin/invite/" + token})
}

// address is what the browser calls this server; every form names it.
func address(r *http.Request) string {
	if origin := r.Header.Get("Origin"); origin != "" {
		return origin
	}
	if secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// unchanged shows on the page what could not be done.
func (d *Dashboard) unchanged(c echo.Context, err error) error {
	if !errors.Is(err, ErrAccount) {
		return settled(err)
	}
	return d.showAccess(c, http.StatusUnprocessableEntity, templates.AccessPage{Problem: err.Error() + "."})
}

func (d *Dashboard) postChange(c echo.Context) error {
	p, err := d.person(c, c.Param("name"))
	if err != nil {
		return err
	}
	if err := d.Accounts.Change(p, d.Now(), d.opening(c, consent.AuditChanged, p.Name, p.Role, p.Scope)); err != nil {
		return d.unchanged(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/admin/access")
}

func (d *Dashboard) postDisable(c echo.Context) error {
	name := c.Param("name")
	ends := func(token string, scope Scope) error {
		return d.noting(c, consent.AuditTokenRevoked, token, "")(scope)
	}
	if err := d.Accounts.Disable(name, d.Now(), d.noting(c, consent.AuditDisabled, name, ""), ends); err != nil {
		return d.unchanged(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/admin/access")
}

func (d *Dashboard) postReset(c echo.Context) error {
	token, err := d.Accounts.Reset(c.Param("name"), d.Now(), d.noting(c, consent.AuditReset, c.Param("name"), ""))
	if err != nil {
		return d.unchanged(c, err)
	}
	return d.showLink(c, c.Param("name"), token)
}
