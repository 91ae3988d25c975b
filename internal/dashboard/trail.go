package dashboard

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
)

const (
	mostHeld        = 1000 // entries that wait in memory for a store that is away
	refusalsAMinute = 10   // entries; further ones are added up in the next of a later minute
)

// Trail writes what operators do into the transparency logs, as artefacts of kind
// consent.AuditKind: each is a leaf, signed with the rest, and consentry verify
// finds a changed or missing one. Safe for concurrent use.
//
// There is a log for each site and none for the installation. What is done about
// one site stands in its log. What is done about an account or a token stands in
// the log of every site that it opens: each log then tells by itself who could see
// its site, and no site's log names another's people.
type Trail struct {
	Store consent.Store
	Sites func() []*consent.Site // as configured now
	Now   func() time.Time

	mu       sync.Mutex
	held     []consent.AuditEntry // oldest first
	minute   time.Time
	refusals int // of that minute
	unsaid   int // refusals without an entry
}

// Write is durable when it returns nil. Who cannot be noted must not act: callers
// write before they change or show anything.
func (t *Trail) Write(ctx context.Context, scope Scope, e consent.AuditEntry) error {
	return t.WriteOpening(ctx, scope, e, nil)
}

// WriteOpening is Write for what opens sites to somebody: each log is told about
// its own site, and of no other.
func (t *Trail) WriteOpening(ctx context.Context, scope Scope, e consent.AuditEntry, opens *Scope) error {
	t.release(ctx)
	for _, one := range t.entries(scope, e) {
		if opens != nil {
			one.Detail += ", " + opens.words(one.Site)
		}
		if err := t.put(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// Later is Write for what happens whether it is noted or not, such as signing in,
// without which nobody could see that the store is away. What the store does not
// take now is kept in memory for it; a crash loses that.
func (t *Trail) Later(ctx context.Context, scope Scope, e consent.AuditEntry) error {
	t.release(ctx)
	var failed error
	for _, one := range t.entries(scope, e) {
		if err := t.put(ctx, one); err != nil {
			failed = err
			if !t.hold(one) {
				failed = fmt.Errorf("%w; what is held in memory is full, and this is lost", err)
			}
		}
	}
	return failed
}

// refused notes a refused sign-in, at most some in a minute: nobody from outside
// makes the logs grow faster.
func (t *Trail) refused(ctx context.Context, scope Scope, e consent.AuditEntry) error {
	t.mu.Lock()
	if minute := t.Now().Truncate(time.Minute); !minute.Equal(t.minute) {
		t.minute, t.refusals = minute, 0
	}
	t.refusals++
	if t.refusals > refusalsAMinute {
		t.unsaid++
		t.mu.Unlock()
		return nil
	}
	e.Times, t.unsaid = 1+t.unsaid, 0
	t.mu.Unlock()
	return t.Later(ctx, scope, e)
}

// entries makes one for each log. One that would be in none is in all.
func (t *Trail) entries(scope Scope, e consent.AuditEntry) (list []consent.AuditEntry) {
	e.At = consent.At(t.Now())
	for _, all := range []bool{false, true} {
		for _, site := range t.Sites() {
			if all || scope.has(site.ID) {
				e.Site = site.ID
				_, _ = rand.Read(e.ID[:]) // never fails: it ends the program instead
				list = append(list, e)
			}
		}
		if len(list) > 0 {
			break
		}
	}
	return list
}

func (t *Trail) put(ctx context.Context, e consent.AuditEntry) error {
	a, err := e.Artefact()
	if err == nil {
		err = t.Store.PutArtefact(ctx, e.Site, a)
	}
	if err != nil {
		return fmt.Errorf("note %s in the audit trail of %s: %w", e.Action, e.Site, err)
	}
	return nil
}

// hold keeps an entry for later, unless there is no room. Refusals that are alike are
// one entry meanwhile, so that nobody from outside fills the room with them.
func (t *Trail) hold(e consent.AuditEntry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Action == consent.AuditRefused {
		for i := range t.held {
			if h := &t.held[i]; h.Action == e.Action && h.Site == e.Site && h.About == e.About && h.Detail == e.Detail {
				h.Times = max(1, h.Times) + max(1, e.Times)
				return true
			}
		}
	}
	if len(t.held) == mostHeld {
		return false
	}
	t.held = append(t.held, e)
	return true
}

// release writes what is held, with the time at which it happened, and how many
// refusals of an earlier minute have no entry.
func (t *Trail) release(ctx context.Context) {
	t.mu.Lock()
	held := t.held
	t.held = nil
	if t.unsaid > 0 && !t.Now().Truncate(time.Minute).Equal(t.minute) {
		held = append(held, t.entries(Scope{All: true}, consent.AuditEntry{Action: consent.AuditRefused, Times: t.unsaid})...)
		t.unsaid = 0
	}
	t.mu.Unlock()
	for i, e := range held {
		if err := t.put(ctx, e); err != nil {
			t.mu.Lock()
			t.held = append(held[i:len(held):len(held)], t.held...)
			t.mu.Unlock()
			return
		}
	}
}

// and returns the sites of both.
func (s Scope) and(other Scope) Scope {
	return Scope{All: s.All || other.All, Sites: append(append([]string(nil), s.Sites...), other.Sites...)}
}

// words says what a scope is to one site.
func (s Scope) words(site string) string {
	switch {
	case s.All:
		return "all sites"
	case s.has(site):
		return "this site"
	}
	return "not this site"
}

// by is an entry of who asks.
func by(c echo.Context, action, about, detail string) consent.AuditEntry {
	return consent.AuditEntry{Actor: viewerOf(c).actor(), Action: action, About: about, Detail: detail}
}

// noting is what writes an entry about an account once its change is certain to be
// possible, and before it is made.
func (d *Dashboard) noting(c echo.Context, action, name, detail string) func(Scope) error {
	return func(scope Scope) error {
		return d.trail.Write(c.Request().Context(), scope, by(c, action, name, detail))
	}
}

// opening is noting of what opens sites to a role.
func (d *Dashboard) opening(c echo.Context, action, name string, role Role, opens Scope) func(Scope) error {
	return func(scope Scope) error {
		return d.trail.WriteOpening(c.Request().Context(), scope, by(c, action, name, string(role)), &opens)
	}
}

// noteOn writes an entry about one site.
func (d *Dashboard) noteOn(c echo.Context, site string, e consent.AuditEntry) error {
	return d.trail.Write(c.Request().Context(), Scope{Sites: []string{site}}, e)
}

// noteEntry writes what cannot be undone any more or must not be held up.
func (d *Dashboard) noteEntry(c echo.Context, scope Scope, e consent.AuditEntry) {
	if err := d.trail.Later(c.Request().Context(), scope, e); err != nil {
		d.Log.Error("the audit trail cannot be written; it is held in memory", "error", err)
	}
}

// noteRefusal writes a sign-in that was refused.
func (d *Dashboard) noteRefusal(c echo.Context, name, detail string) error {
	known, err := d.Accounts.read()
	if err != nil {
		return err
	}
	scope, e := Scope{All: true}, consent.AuditEntry{Action: consent.AuditRefused, Detail: detail}
	if a := known.find(name); a != nil {
		scope, e.About = a.Scope, a.Name
	}
	if err := d.trail.refused(c.Request().Context(), scope, e); err != nil {
		d.Log.Error("the audit trail cannot be written; it is held in memory", "error", err)
	}
	return nil
}

// exports notes that a file of a site was taken, before it is.
func (d *Dashboard) exports(file string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			site, err := d.site(c)
			if err != nil {
				return err
			}
			if err := d.noteOn(c, site.ID, by(c, consent.AuditExported, file, "")); err != nil {
				return err
			}
			return next(c)
		}
	}
}
