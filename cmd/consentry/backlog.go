package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/consent"
)

const (
	// backlogEvery is how often visitors' requests are looked through.
	backlogEvery = time.Minute
	// nearlyDue is how long before its end a request's time is warned of, once a day.
	nearlyDue = 7 * 24 * time.Hour
	warnAgain = 24 * time.Hour
)

// backlog keeps what visitors' requests wait for an answer, for metrics, and
// warns of those that are nearly due.
type backlog struct {
	visitors *api.API
	now      func() time.Time
	log      *slog.Logger

	mu     sync.Mutex
	list   []consent.Backlog
	warned map[string]time.Time // by site
}

func newBacklog(visitors *api.API, now func() time.Time, log *slog.Logger) *backlog {
	return &backlog{visitors: visitors, now: now, log: log, warned: make(map[string]time.Time)}
}

// Read returns what was found last.
func (b *backlog) Read() []consent.Backlog {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list
}

// watch looks until ctx ends.
func (b *backlog) watch(ctx context.Context) {
	tick := time.NewTicker(backlogEvery)
	defer tick.Stop()
	for {
		b.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look leaves out sites whose requests cannot be read now; the store's own state
// is told elsewhere.
func (b *backlog) look(ctx context.Context) {
	now := b.now()
	var list []consent.Backlog
	for _, site := range b.visitors.Sites() {
		asked, err := b.visitors.Requests(ctx, site.ID)
		if err != nil {
			continue
		}
		found := consent.BacklogOf(site.ID, asked, now)
		list = append(list, found)
		b.warn(found, now)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = list
}

func (b *backlog) warn(found consent.Backlog, now time.Time) {
	if found.Due.IsZero() || found.Due.Sub(now) > nearlyDue || now.Sub(b.warned[found.Site]) < warnAgain {
		return
	}
	b.warned[found.Site] = now
	b.log.Warn("visitors' requests are nearly due or overdue; answer them under /admin/requests", "site", found.Site,
		"waiting", found.Waiting, "overdue", found.Overdue, "first_due", found.Due.UTC().Format(time.RFC3339))
}
