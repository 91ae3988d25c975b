// Package dashboard is what operators open: how the visitors of each site decide,
// what visitors ask for, how the proofs are kept, and who of them may see what.
// Rates come from counters only. A record is opened when an operator names it, and
// by its id; the package changes nothing but its own accounts and answers to
// requests. To who is confined to some sites there are no others.
package dashboard

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/cookie"
	"github.com/consentry/consentry/internal/doctor"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/internal/openid"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/internal/translog"
)

// What the handlers answer beside pages and ErrPeriod. Each comes wrapped in an
// echo.HTTPError of the status that stands with it.
var (
	ErrSite     = errors.New("no such site")                                          // 404
	ErrScript   = errors.New("this script is not (any more) the dashboard's")         // 404
	ErrLink     = errors.New("this set-up link is not valid (any more)")              // 404
	ErrChanged  = errors.New("this account was changed meanwhile; log in again")      // 409
	ErrForeign  = errors.New("the form was not sent from the dashboard's own page")   // 403
	ErrInsecure = errors.New("open the dashboard over https, or at http://localhost") // 403
)

// sumsAtOnce bounds how many sums of counters are made at a time; each may read
// five years of them.
const sumsAtOnce = 4

// sessionLifetime is a working day.
const sessionLifetime = 12 * time.Hour

// Options configure a Dashboard. All fields but Outbox, Findings, Purge, Schedule,
// EndExperiment, Examine, Declare, OpenID, LiveEvery, LivePatience and Ending are needed.
type Options struct {
	Store  consent.Store
	Outbox func() outbox.Status   // in front of Store; nil when there is none
	Sites  func() []*consent.Site // as configured now
	// Seen returns what a site's pages have shown and its policy does not list.
	Seen func(site string) []consent.Sighting
	// Findings returns what is wrong in a site's file now; nil when nobody knows.
	Findings func(*consent.Site) []siteconfig.Problem
	// Purge tells what came of the last purge of a log; nil when nobody knows.
	Purge func(log string) consent.PurgeState
	// Requests lists what a site's visitors asked for; Settle answers one, see
	// consent.Settlement.
	Requests func(ctx context.Context, site string) ([]consent.Asked, error)
	Settle   func(ctx context.Context, site, request string, answer consent.Settlement) error
	// Transparency finds a site's transparency log, nil when it has none.
	Transparency func(site string) *translog.Log
	// Schedule says which variant of a site's experiment is shown when; EndExperiment
	// takes an experiment out of the site's file and, to adopt it, the variant in. It
	// is served so when that returns. note is called once it is certain to be possible
	// and before it is done. Errors: siteconfig.ErrByHand, ErrNoExperiment,
	// ErrUnwritable, note's.
	Schedule      func(site string) (experiment.Schedule, bool)
	EndExperiment func(ctx context.Context, site *consent.Site, adopt bool, note func() error) error
	// Examine looks at a page of a site from outside and asks nothing but what the
	// site's file names, see doctor.Reach; without it there is no such page here.
	Examine func(ctx context.Context, site *consent.Site, page *url.URL) ([]doctor.Finding, error)
	// Declare lists a service in a site's file, and is then as EndExperiment. Errors:
	// siteconfig.ErrDeclaration, ErrListByHand, ErrUnwritable, note's.
	Declare   func(ctx context.Context, site *consent.Site, what siteconfig.Declaration, note func() error) error
	Catalogue siteconfig.Known // the services that a site can list by id
	Secret    []byte           // signs sessions, at least 32 bytes
	Accounts  *AccountsFile
	Trail     *Trail
	OpenID    *openid.Provider // nil: passwords alone
	Now       func() time.Time
	LiveEvery time.Duration // how often a live view is sent; 5 seconds when 0
	// LivePatience is how long a browser may take for what it is sent; 10 seconds when 0.
	LivePatience time.Duration
	Ending       <-chan struct{} // closed when the program ends, and live views with it
	Log          *slog.Logger
}

// Dashboard serves the operators' pages. Safe for concurrent use.
type Dashboard struct {
	Options
	sessions  *cookie.Sessions
	attempts  *attempts
	hashing   chan struct{} // one place for each hash that may run
	room      chan struct{} // one place for each sum of counters that is being made
	examining chan struct{} // one page is looked at at a time
	origin    *http.CrossOriginProtection
	reader    consent.Reader
	trail     *Trail
	streams   streams

	answering sync.Mutex // of visitors' requests, one at a time

	mu     sync.Mutex
	token  string                       // of the set-up link, "" once used
	ended  map[cookie.Session]time.Time // logged out, until they expire
	eldest map[string]consent.Oldest    // by log: how far its oldest record was looked for
	pairs  keptPairs
}

// New checks the accounts file and, when there is none, draws the set-up link's
// token. A file that cannot be read is an error: a new password must not be set
// over an old one.
func New(o Options) (*Dashboard, error) {
	sessions, err := cookie.NewSessions(o.Secret, sessionLifetime)
	if err != nil {
		return nil, err
	}
	known, err := o.Accounts.read()
	if err != nil {
		return nil, err
	}
	d := &Dashboard{
		Options: o, sessions: sessions, attempts: newAttempts(), hashing: make(chan struct{}, hashesAtOnce), room: make(chan struct{}, sumsAtOnce), examining: make(chan struct{}, 1),
		origin: http.NewCrossOriginProtection(), ended: make(map[cookie.Session]time.Time), eldest: make(map[string]consent.Oldest), pairs: make(keptPairs),
		reader: consent.Reader{Store: o.Store}, trail: o.Trail,
	}
	if len(known.Accounts) == 0 {
		d.token = randomText()
	}
	return d, nil
}

// SetupLink returns the address under which the first password is set, while
// none is. base is the operators' listener as scheme and host.
func (d *Dashboard) SetupLink(base string) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.token == "" {
		return "", false
	}
	return base + "/admin/setup/" + d.token, true
}

// Register mounts the dashboard under /admin.
func (d *Dashboard) Register(e *echo.Echo) {
	e.GET("/", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/admin/") })
	g := e.Group("/admin", d.guard, compressed())
	g.GET("/icon.svg", getIcon)
	g.GET("/script/:name", getScript)
	g.GET("/setup/:token", d.getSetup)
	g.POST("/setup/:token", d.postSetup)
	g.GET("/login", d.getLogin)
	g.POST("/login", d.postLogin)
	g.POST("/logout", d.postLogout)
	g.GET("", func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/admin/") })
	g.GET("/invite/:token", d.getInvite)
	g.POST("/invite/:token", d.postInvite)
	g.GET("/", d.getOverview, d.may(seeRates))
	g.GET("/password", d.getPassword, d.may(seeRates))
	g.POST("/password", d.postPassword, d.may(seeRates))
	g.GET("/requests", d.getRequests, d.may(seeRecords))
	g.POST("/requests/:site/:request", d.postAnswer, d.may(answer))
	g.GET("/records", d.getRecord, d.may(seeRecords))
	g.POST("/records", d.postRecord, d.may(seeRecords))
	g.GET("/state", d.getState, d.may(seeRecords))
	g.GET("/sites/:site", d.getSite, d.may(seeRates))
	g.GET("/sites/:site/live", d.getLive, d.may(seeRates))
	g.GET("/audit", d.getTrail, d.may(seeRecords))
	g.GET("/sites/:site/audit", d.getAudit, d.may(seeRecords))
	g.GET("/sites/:site/studio", d.getStudio, d.may(seeRates))
	g.GET("/sites/:site/studio/page", d.getStudioPage, d.may(seeRates))
	g.GET("/sites/:site/experiment", d.getExperiment, d.may(seeRates))
	g.POST("/sites/:site/experiment", d.postExperiment, d.may(configure))
	g.GET("/sites/:site/unlisted", d.getUnlisted, d.may(configure))
	g.POST("/sites/:site/unlisted", d.postUnlisted, d.may(configure))
	if d.Examine != nil {
		g.GET("/sites/:site/installation", d.getInstallation, d.may(configure))
		g.POST("/sites/:site/installation", d.postInstallation, d.may(configure))
	}
	g.GET("/access", d.getAccess, d.may(manage))
	g.POST("/access/accounts", d.postAccount, d.may(manage))
	g.POST("/access/accounts/:name/change", d.postChange, d.may(manage))
	g.POST("/access/accounts/:name/disable", d.postDisable, d.may(manage))
	g.POST("/access/accounts/:name/reset", d.postReset, d.may(manage))
	g.POST("/access/tokens", d.postToken, d.may(manage))
	g.POST("/access/tokens/:name/revoke", d.postRevoke, d.may(manage))
	d.registerFiles(g)
	d.registerAPI(e)
	if d.OpenID != nil {
		g.GET("/openid", d.getOpenID)
		g.GET("/openid/callback", d.getOpenIDCallback)
	}
}

const nonceKey = "nonce"

// guard sets the headers of every answer and lets no foreign page post a form.
func (d *Dashboard) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		nonce := randomText()
		c.Set(nonceKey, nonce)
		setHeaders(c.Response().Header(), nonce)
		r := c.Request()
		if r.Method != http.MethodPost {
			return next(c)
		}
		// The standard check lets through what names no origin at all, since no
		// browser of today sends such a form; neither does anybody have to.
		named := r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
		if err := d.origin.Check(r); err != nil || !named {
			return refuse(http.StatusForbidden, ErrForeign)
		}
		// A password must not cross a network in the clear, and a browser would
		// not keep the session's Secure cookie either.
		if strings.HasPrefix(r.Header.Get("Origin"), "http://") && !loopback(r.Host) {
			return refuse(http.StatusForbidden, ErrInsecure)
		}
		return next(c)
	}
}

// signedIn finds who a request's session belongs to. A session that was ended,
// or that began before its account's password, role or scope, is none.
func (d *Dashboard) signedIn(c echo.Context) (viewer, bool) {
	session, err := d.sessions.Read(c.Request(), secure(c.Request()), d.Now())
	if err != nil {
		return viewer{}, false
	}
	d.mu.Lock()
	_, ended := d.ended[session]
	d.mu.Unlock()
	if ended {
		return viewer{}, false
	}
	known, err := d.Accounts.read()
	if err != nil {
		d.Log.Error("the accounts file cannot be read", "error", err)
		return viewer{}, false
	}
	a := known.find(session.Account)
	if a == nil || a.Disabled || session.Issued < a.Since.UnixMilli() || !same(session.Mark, a.Mark) {
		return viewer{}, false
	}
	return viewer{name: a.Name, role: a.Role, scope: a.Scope}, true
}

func refuse(status int, err error) error {
	return echo.NewHTTPError(status, err.Error()).SetInternal(err)
}

func nonce(c echo.Context) string {
	s, _ := c.Get(nonceKey).(string)
	return s
}

// secure reports whether the browser reached us over https. A proxy may have
// ended it before us; elsewhere than on this machine nothing else is allowed.
func secure(r *http.Request) bool {
	return r.TLS != nil || !loopback(r.Host) || strings.HasPrefix(r.Header.Get("Origin"), "https://")
}

func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func randomText() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
