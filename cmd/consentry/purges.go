package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const (
	// purgeEvery is how long after a purge a server begins the next, so that with the
	// time that one takes nothing stays for more than a day too long; purgeAgain how
	// soon where one could not come to its end.
	purgeEvery = 23 * time.Hour
	purgeAgain = time.Hour
)

// purges takes away, day by day, the records whose retention has ended, and knows
// what came of it.
type purges struct {
	keep consent.Retention
	now  func() time.Time
	log  *slog.Logger

	mu     sync.Mutex
	states map[string]consent.PurgeState // by log
	next   time.Time                     // zero: it is being done
}

func newPurges(keep consent.Retention, now func() time.Time, log *slog.Logger) *purges {
	return &purges{keep: keep, now: now, log: log, states: make(map[string]consent.PurgeState)}
}

// Read returns what came of the last purge, by log.
func (p *purges) Read() (list []consent.PurgeState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(p.states)) {
		list = append(list, p.states[name])
	}
	return list
}

// Of returns what came of the last purge of a log, and what the next will do.
func (p *purges) Of(log string) consent.PurgeState {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := p.states[log]
	state.Keep, state.Next = p.keep, p.next
	if all := p.states[""].Problem; all != "" {
		state.Problem = all
	}
	return state
}

// Problems says all of it.
func (p *purges) Problems() (list []string) {
	for _, state := range p.Read() {
		if state.Problem != "" {
			list = append(list, "records whose retention has ended could not be purged: "+state.Problem)
		}
	}
	return list
}

func (p *purges) note(log string, came []consent.Purge, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if log == "" && err == nil {
		delete(p.states, "")
		return
	}
	state := p.states[log]
	if state.Site, state.Problem = log, ""; err == nil {
		state.Done, state.Classes = p.now(), came
	} else {
		state.Problem = strings.TrimPrefix(err.Error(), "purge ")
	}
	p.states[log] = state
}

// watch purges at the start and once a day, until ctx ends.
func (p *purges) watch(ctx context.Context, b *workbench) {
	if len(p.keep) == 0 {
		return
	}
	for {
		next := purgeEvery
		if err := p.purge(ctx, b); err != nil && ctx.Err() == nil {
			p.log.Error("records whose retention has ended could not be purged", "error", err)
			next = purgeAgain
		}
		p.wait(p.now().Add(next))
		select {
		case <-time.After(next):
			p.wait(time.Time{})
		case <-ctx.Done():
			return
		}
	}
}

func (p *purges) wait(next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = next
}

func (p *purges) purge(ctx context.Context, b *workbench) error {
	sites, err := b.siteLogs(ctx, "")
	p.note("", nil, err)
	if err != nil {
		return err
	}
	for _, site := range sites {
		if site.LegalHold != "" {
			continue
		}
		list, purgeErr := p.purgeOne(ctx, b, site)
		p.note(site.ID, list, purgeErr)
		err = errors.Join(err, purgeErr)
		for _, one := range list {
			if one.Due > 0 {
				p.log.Info("retention has ended", "site", site.ID, "class", one.Class, "purged", one.Due)
			}
		}
	}
	return err
}

func (p *purges) purgeOne(ctx context.Context, b *workbench, site *consent.Site) ([]consent.Purge, error) {
	if err := b.config.refuseBrief(site); err != nil {
		return nil, err
	}
	return p.keep.PurgeDue(ctx, b.store, site.ID, p.now())
}
