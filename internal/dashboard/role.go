package dashboard

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// ErrRole is what a role does not open: 403.
var ErrRole = errors.New("your role does not open this")

// Role is what an account or a token is for.
type Role string

// The roles. Nobody but an owner changes anything.
const (
	Owner    Role = "owner"    // everything
	Marketer Role = "marketer" // figures and previews
	Auditor  Role = "auditor"  // figures, records with their proofs, requests, the audit trail
)

// Roles lists them.
func Roles() []string { return []string{string(Owner), string(Marketer), string(Auditor)} }

// right is what a route needs. Every route but those of the door names one.
type right int

const (
	seeRates   right = iota + 1 // figures, their files, previews
	seeRecords                  // records, requests, how proofs are kept, the audit trail
	answer                      // visitors' requests
	configure                   // what a site shows, and whether it is installed right
	manage                      // accounts and tokens of all sites
)

func (r Role) opens(x right) bool {
	switch r {
	case Owner:
		return true
	case Auditor:
		return x == seeRates || x == seeRecords
	case Marketer:
		return x == seeRates
	}
	return false
}

// Scope is the sites that somebody is confined to. The zero Scope has none.
type Scope struct {
	All   bool     `json:"all"`
	Sites []string `json:"sites,omitempty"` // unless All
}

func (s Scope) has(site string) bool { return s.All || slices.Contains(s.Sites, site) }

// viewer is who asks: an account, or a token.
type viewer struct {
	name  string
	token bool
	role  Role
	scope Scope
}

// may reports whether a right is the viewer's. Who may invite could make itself
// an account without a scope, so that this takes an owner of all sites.
func (v viewer) may(x right) bool { return v.role.opens(x) && (x != manage || v.scope.All) }

// actor is the viewer's name in the audit trail.
func (v viewer) actor() string {
	switch {
	case v.name == "":
		return ""
	case v.token:
		return "token:" + v.name
	}
	return "account:" + v.name
}

const viewerKey = "viewer"

func viewerOf(c echo.Context) viewer {
	v, _ := c.Get(viewerKey).(viewer)
	return v
}

// frame is what every page begins with.
func frame(c echo.Context) templates.Viewer {
	v := viewerOf(c)
	return templates.Viewer{Name: v.name, Records: v.may(seeRecords), Answers: v.may(answer), Configures: v.may(configure), Manages: v.may(manage)}
}

// sites are those that the request may know of: to its viewer there are no others.
func (d *Dashboard) sites(c echo.Context) (list []*consent.Site) {
	v := viewerOf(c)
	for _, site := range d.Options.Sites() {
		if v.scope.has(site.ID) {
			list = append(list, site)
		}
	}
	return list
}

// may lets through whose session has a right, and sends who has no session to
// log in.
func (d *Dashboard) may(x right) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			v, ok := d.signedIn(c)
			if !ok {
				return toLogin(c)
			}
			c.Set(viewerKey, v)
			if !v.may(x) {
				return show(c, http.StatusForbidden, templates.Forbidden(templates.ForbiddenPage{Nonce: nonce(c), Viewer: frame(c), Says: ErrRole.Error()}))
			}
			return next(c)
		}
	}
}
