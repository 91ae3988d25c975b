package dashboard

import (
	"context"
	"slices"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/templates"
)

// needs lists what of a site waits for the viewer, of what they may see: visitors'
// requests, logs that are not signed, leaks in the period, and what was seen there
// that its file does not list. Only the requests are read for it.
func (d *Dashboard) needs(ctx context.Context, v templates.Viewer, site *consent.Site, f *Figures) templates.Needs {
	n := templates.Needs{ID: site.ID, Name: site.Name}
	if v.Records {
		d.addWaiting(ctx, &n, site.ID)
		for _, part := range site.Logs() {
			if log := d.Transparency(part.ID); log != nil && log.Status().Problem != "" {
				n.Unsigned++
			}
		}
	}
	if v.Configures {
		for _, l := range leaks(site, f.Leaks) {
			n.Leaks = append(n.Leaks, l.Name)
		}
		n.Unlisted = len(d.Seen(site.ID))
	}
	return n
}

func (d *Dashboard) addWaiting(ctx context.Context, n *templates.Needs, site string) {
	list, err := d.Requests(ctx, site)
	if err != nil {
		d.Log.Error("visitors' requests cannot be read", "site", site, "error", err)
		n.Unread = true
	}
	list = slices.DeleteFunc(list, func(a consent.Asked) bool { return !a.Waits() })
	n.Waiting = len(list)
	for _, asked := range list {
		if d.Now().After(asked.Due()) {
			n.Overdue++
		}
	}
}
