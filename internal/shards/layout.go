package shards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const (
	// Kind is the artefacts' kind by which a log tells how many logs its site has.
	Kind = consent.ShardsKind
	// lookEvery is how often it is looked whether a site has grown.
	lookEvery = 20 * time.Second
	// announced is how long before it takes effect growing is announced, so that
	// every server has seen it by then.
	announced = 2 * time.Minute
	// resent is for how long after a growth a record is looked for in the log of the
	// former number: browsers send again for days what had no answer.
	resent = 90 * 24 * time.Hour
)

// ErrFewer is a site that is to have fewer logs than it has. Errors say what to do.
var ErrFewer = errors.New("a site never gets fewer logs, since what is in them stays there")

// note is the artefact that says how many logs there are.
type note struct {
	Schema string            `json:"schema"` // consentry.shards/1
	Site   string            `json:"site"`
	Shards int               `json:"shards"`
	Before int               `json:"before"` // logs that may hold records by then; 0 for a new site
	From   consent.Timestamp `json:"from"`   // when it takes effect
}

// layout is how many logs a site has had, the newest last. Before its first note a
// site has one.
type layout []note

// most is how many logs there are, one that is announced among them.
func (l layout) most() int {
	if len(l) == 0 {
		return 1
	}
	return l[len(l)-1].Shards
}

// home is the log into which a record goes now.
func (l layout) home(id consent.ID, now time.Time) int {
	shards := 1
	for _, n := range l {
		if n.Before == 0 || !now.Before(n.From.Time) {
			shards = n.Shards
		}
	}
	return within(id, shards)
}

func within(id consent.ID, shards int) int { return int(id[len(id)-1]) % shards }

// elsewhere lists the other logs into which a record may have gone while another
// number was in force, here or at another server, and be sent again.
func (l layout) elsewhere(id consent.ID, now time.Time) (list []int) {
	home := l.home(id, now)
	for _, n := range l {
		if n.Before > 0 && now.Sub(n.From.Time) < resent {
			list = append(list, within(id, n.Before), within(id, n.Shards))
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(n int) bool { return n == home })
}

// homes lists all logs that may hold a record, the likeliest first.
func (l layout) homes(id consent.ID, now time.Time) []int {
	list := []int{l.home(id, now)}
	for _, n := range l {
		for _, shards := range [...]int{n.Shards, n.Before} {
			if shards > 0 && !slices.Contains(list, within(id, shards)) {
				list = append(list, within(id, shards))
			}
		}
	}
	return list
}

// site is what is known of one.
type site struct {
	known   atomic.Pointer[seen]
	looking atomic.Bool
}

type seen struct {
	layout
	at time.Time
}

func (s *Store) site(id string) *site {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sites[id] == nil {
		s.sites[id] = new(site)
	}
	return s.sites[id]
}

// layout returns a site's as it was seen within the last seconds. Of two requests at
// once one looks. A store that is away leaves it as it is.
func (s *Store) layout(ctx context.Context, id string) (layout, error) {
	if !whole(id) {
		return nil, nil
	}
	one, now := s.site(id), s.now()
	known := one.known.Load()
	if known != nil && (now.Sub(known.at) < lookEvery || !one.looking.CompareAndSwap(false, true)) {
		return known.layout, nil
	}
	if known != nil {
		defer one.looking.Store(false)
	}
	l, err := read(ctx, s.Store, id)
	if err == nil && known != nil && l.most() > known.most() { // another server's doing
		err = s.prepare(ctx, id, known.most(), l.most())
	}
	switch {
	case err == nil:
		one.known.Store(&seen{l, now})
		return l, nil
	case known != nil:
		return known.layout, nil
	case errors.Is(err, consent.ErrUnavailable):
		return nil, nil
	}
	return nil, err
}

// read reads a site's layout from its first log.
func read(ctx context.Context, inner consent.Store, site string) (l layout, err error) {
	listed, err := inner.Artefacts(ctx, site, Kind)
	if err != nil {
		return nil, fmt.Errorf("list numbers of logs: %w", err)
	}
	for _, item := range listed {
		a, err := inner.Artefact(ctx, site, item.Digest)
		if err != nil {
			return nil, fmt.Errorf("read number of logs: %w", err)
		}
		var n note
		owner, _ := consent.LogOf(site)
		if err := json.Unmarshal(a.Body, &n); err != nil || n.Schema != "consentry.shards/1" || n.Site != owner || n.Shards < 1 || n.Shards > consent.MaxShards {
			return nil, fmt.Errorf("entry %d of the log of %s does not say how many logs there are, as it should; consentry verify says more", item.Index, site)
		}
		if n.Shards > l.most() { // of two that grew it at once, or the same again
			l = append(l, n)
		}
	}
	return l, nil
}

// Names lists the logs that a site should have, by what those of them say that a
// store holds.
func Names(ctx context.Context, inner consent.Store, site string) ([]string, error) {
	held, err := inner.Sites(ctx)
	if err != nil {
		return nil, err
	}
	logs := 1
	for _, name := range held {
		owner, n := consent.LogOf(name)
		if owner != site {
			continue
		}
		l, err := read(ctx, inner, name)
		if err != nil {
			return nil, err
		}
		logs = max(logs, n+1, l.most())
	}
	names := make([]string, logs)
	for n := range names {
		names[n] = consent.LogName(site, n)
	}
	return names, nil
}

// Grow gives a site so many logs. What records refer to is in the new ones before
// their first. It takes effect in two minutes, and at once for a site that holds
// nothing yet. Errors: ErrFewer, consent.ErrUnavailable.
func (s *Store) Grow(ctx context.Context, site string, shards int) error {
	l, err := read(ctx, s.Store, site)
	if errors.Is(err, consent.ErrUnavailable) && shards == 1 {
		return nil // the layout is followed once it can be read
	}
	switch {
	case err != nil:
		return err
	case shards < l.most():
		return fmt.Errorf("site %s: shards: %d, and it has %d logs: %w; write shards: %[3]d or more", site, shards, l.most(), ErrFewer)
	case shards == l.most():
		s.site(site).known.Store(&seen{l, s.now()})
		return nil
	}
	head, err := s.Head(ctx, site)
	if err != nil {
		return err
	}
	from, before := s.now(), 0
	if head.Size > 0 {
		from, before = from.Add(announced), l.most()
	}
	if err := s.prepare(ctx, site, l.most(), shards); err != nil {
		return err
	}
	n := note{Schema: "consentry.shards/1", Site: site, Shards: shards, Before: before, From: consent.At(from)}
	body, err := consent.Canonical(n)
	if err != nil {
		return err
	}
	a := consent.Artefact{Kind: Kind, Digest: consent.Digest(body), Time: consent.At(s.now()).Time, Body: body}
	a.Leaf = consent.ArtefactLeaf(a)
	if err := s.putInAll(ctx, site, shards, a); err != nil {
		return fmt.Errorf("note that site %s has %d logs: %w", site, shards, err)
	}
	if l, err = read(ctx, s.Store, site); err == nil { // another server may have been first
		s.site(site).known.Store(&seen{l, s.now()})
	}
	return err
}

// prepare puts into new logs what the first has. Doing so again changes nothing.
func (s *Store) prepare(ctx context.Context, site string, from, to int) error {
	for _, kind := range consent.ReferredKinds() {
		list, err := s.Store.Artefacts(ctx, site, kind)
		if err != nil {
			return fmt.Errorf("list what new logs of site %s need: %w", site, err)
		}
		for _, item := range list {
			a, err := s.Store.Artefact(ctx, site, item.Digest)
			if err != nil {
				return fmt.Errorf("read what new logs of site %s need: %w", site, err)
			}
			for n := from; n < to; n++ {
				if err := s.Store.PutArtefact(ctx, consent.LogName(site, n), a); err != nil {
					return fmt.Errorf("begin log %d of site %s: %w", n, site, err)
				}
			}
		}
	}
	return nil
}
