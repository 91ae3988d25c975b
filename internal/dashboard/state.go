package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// pruneStep is how many entries of a log are looked at in one view for the oldest
// record that is left.
const pruneStep = 10_000

// getState shows how decisions are kept and signed, now.
func (d *Dashboard) getState(c echo.Context) error {
	ctx := c.Request().Context()
	page := templates.StatePage{Nonce: nonce(c), Viewer: frame(c), Proofs: d.proofsFor(c), Now: d.Now()}
	if d.Outbox != nil && viewerOf(c).scope.All {
		s := d.Outbox()
		page.Outbox = &templates.OutboxState{Away: s.Away, Failed: s.Failed, Waiting: s.Waiting, Stuck: s.Stuck, Kept: s.Kept, Bytes: s.Bytes, Limit: s.Limit, Oldest: s.Oldest}
	}
	for _, site := range d.sites(c) {
		for _, log := range site.Logs() {
			page.Sites = append(page.Sites, d.siteState(ctx, log))
		}
	}
	return show(c, http.StatusOK, templates.State(page))
}

func (d *Dashboard) siteState(ctx context.Context, site *consent.Site) templates.SiteState {
	s := templates.SiteState{ID: site.ID, Name: site.Name, Class: site.Policy.Retention}
	if _, n := consent.LogOf(site.ID); n > 0 {
		s.Name = fmt.Sprintf("%s, log %d", site.Name, n+1)
	}
	if log := d.Transparency(site.ID); log != nil {
		status := log.Status()
		s.Log = &templates.LogState{Entries: status.Size, Signed: status.Signed, Since: status.Changed, Waiting: status.Waiting, Problem: status.Problem}
		for _, a := range status.Anchors {
			s.Log.Anchors = append(s.Log.Anchors, templates.AnchorState{Name: a.Name, Entries: a.Size, Behind: a.Lag, Problem: a.Problem})
		}
	}
	if d.Purge != nil {
		tellPurge(&s, site, d.Purge(site.ID))
	}
	var err error
	if s.Oldest, s.Reading, err = d.oldest(ctx, site.ID); err != nil {
		d.Log.Error("a site's oldest record cannot be read", "site", site.ID, "error", err)
		s.Unread = true
	}
	return s
}

// tellPurge adds what the last purge found, and when the next begins. It reads
// nothing.
func tellPurge(s *templates.SiteState, site *consent.Site, p consent.PurgeState) {
	s.Purge, s.Hold, s.NextPurge = p.Problem, site.LegalHold, p.Next
	s.Purging = len(p.Keep) > 0 && p.Next.IsZero()
	classes := []string{site.Policy.Retention}
	for _, one := range p.Classes {
		if one.Class != site.Policy.Retention {
			classes = append(classes, one.Class)
		}
	}
	for _, class := range classes {
		k := templates.KeptClass{Class: class, Keep: p.Keep[class], Known: !p.Done.IsZero()}
		k.Oldest, k.NotBefore = p.Eldest(class)
		s.Kept = append(s.Kept, k)
	}
}

// oldest finds when the oldest record that is not pruned was made, zero without
// any; reading says that it is not known yet. The next view goes on from there.
func (d *Dashboard) oldest(ctx context.Context, site string) (at time.Time, reading bool, err error) {
	d.mu.Lock()
	seen := d.eldest[site]
	d.mu.Unlock()
	if at, reading, err = seen.Look(ctx, d.Store, site, pruneStep); err != nil {
		return time.Time{}, false, err
	}
	d.mu.Lock()
	d.eldest[site] = seen
	d.mu.Unlock()
	return at, reading, nil
}
