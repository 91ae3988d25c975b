// Package shards makes one site of several logs, for a site that is too busy for
// one. It is a consent.Store before another one, to which each log is a site of its
// own, and whose contract it keeps for the site as a whole. It never moves a record
// from one log to another.
//
// All keys of a site lie on one node of a Redis Cluster, whose single thread runs
// every script of that site: some ten thousand records a second. Sites spread over
// the nodes by themselves. One site that needs more gets several logs.
//
//   - The site file says shards: N, from 1 to 64, 1 by default. The logs are named
//     SITE, SITE~1, … SITE~(N-1), so that nothing moves when a site goes from one to
//     several; a site id holds no tilde. Each has its own hash tag, and so its own
//     slot, its own indexes without gaps, its own tiles and checkpoints under an
//     origin of that name.
//   - A record lies in log (last byte of its id) mod N. Ids are HMACs and spread
//     evenly. A retry has the same id, so it meets the first try in the same log: a
//     record is there once, without any transaction across nodes. Subjects are not
//     what decides the log, because a receipt names a record and not its subject.
//   - A history is asked of all logs and merged by the records' times, which one
//     server never lets go back; within one log its order counts.
//   - Artefacts are put into every log before a visitor sees them: each log has to
//     commit to the notices that its records refer to. The first log has them last,
//     and is the one that is asked. Counters stay with the record's log and are
//     summed when read.
//   - What is about one log (Log, Leaves, Head, checkpoints, tiles, erasures,
//     imports) is asked for under the log's name, and goes to that log. An entry of
//     the site has its consent.PlaceIn for an index.
//   - N may grow, never shrink. How many logs there are, and since when, is an
//     artefact in each of them, so that a missing one is noticed. Growing is
//     announced before it takes effect, so that all servers do it at once; until
//     then and for as long as retries may come a record is looked for in the log
//     that the other N gives it, too.
//
// What it costs: N checkpoints a minute instead of one, N times the artefacts, and a
// history of N questions at once. What it cannot do: a server that has not reached
// the store from the announcement of a growth until after it takes records by the
// former N; of one of these that is sent again to another server there may be two in
// the logs. A history shows the first.
package shards

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Store is the sites of a store whose logs are spread. The store before which it
// stands is there for whoever looks at single logs.
type Store struct {
	consent.Store
	now   func() time.Time
	turn  atomic.Uint64 // of counters that belong to no record
	mu    sync.Mutex
	sites map[string]*site
}

// New returns the sites of a store. It reads nothing.
func New(inner consent.Store, now func() time.Time) *Store {
	return &Store{Store: inner, now: now, sites: make(map[string]*site)}
}

// whole reports whether a name is a site's, and not that of a further log of one.
func whole(site string) bool {
	_, n := consent.LogOf(site)
	return n == 0
}

// outward is an entry as the site has it.
func outward(s consent.Stored) consent.Stored {
	site, n := consent.LogOf(s.Site)
	s.Site, s.Index = site, consent.PlaceIn(n, s.Index)
	return s
}

// Append implements consent.Store. The answer has its consent.PlaceIn for an index.
func (s *Store) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if !whole(e.Site) {
		return s.Store.Append(ctx, e)
	}
	l, err := s.layout(ctx, e.Site)
	if err != nil {
		return consent.Stored{}, false, err
	}
	now := s.now()
	home := l.home(e.Record, now)
	for _, n := range l.elsewhere(e.Record, now) {
		switch stored, err := s.Store.Record(ctx, consent.LogName(e.Site, n), e.Record); {
		case err == nil:
			return outward(stored), true, nil
		case !errors.Is(err, consent.ErrNotFound) && !errors.Is(err, consent.ErrUnavailable): // while the store is away, decisions are taken all the same
			return consent.Stored{}, false, err
		}
	}
	e.Site = consent.LogName(e.Site, home)
	stored, dup, err := s.Store.Append(ctx, e)
	return outward(stored), dup, err
}

// Record implements consent.Store.
func (s *Store) Record(ctx context.Context, site string, id consent.ID) (stored consent.Stored, err error) {
	if !whole(site) {
		return s.Store.Record(ctx, site, id)
	}
	l, err := s.layout(ctx, site)
	if err != nil {
		return consent.Stored{}, err
	}
	missing := consent.ErrNotFound
	for _, n := range l.homes(id, s.now()) {
		if stored, err = s.Store.Record(ctx, consent.LogName(site, n), id); err == nil {
			return outward(stored), nil
		}
		if !errors.Is(err, consent.ErrNotFound) || errors.Is(missing, consent.ErrNotFound) {
			missing = err
		}
	}
	return consent.Stored{}, missing
}

// Log implements consent.Store for the log in which from lies.
func (s *Store) Log(ctx context.Context, site string, from int64, yield func(consent.LogEntry) bool) error {
	n, at := consent.PlaceOf(from)
	if n == 0 || !whole(site) {
		return s.Store.Log(ctx, site, from, yield)
	}
	return s.Store.Log(ctx, consent.LogName(site, n), at, func(e consent.LogEntry) bool {
		e.Index = consent.PlaceIn(n, e.Index)
		if e.Kind == "" {
			e.Record = outward(e.Record)
		}
		return yield(e)
	})
}

// Sites implements consent.Store.
func (s *Store) Sites(ctx context.Context) ([]string, error) {
	names, err := s.Store.Sites(ctx)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		names[i], _ = consent.LogOf(name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Erase implements consent.Store.
func (s *Store) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	return byLog(ctx, s, site, list, func(e consent.Erasure) consent.ID { return e.Record }, s.Store.Erase)
}

// Prune implements consent.Store.
func (s *Store) Prune(ctx context.Context, site string, ids []consent.ID) error {
	return byLog(ctx, s, site, ids, func(id consent.ID) consent.ID { return id }, s.Store.Prune)
}

// byLog does something with records in every log that may hold them.
func byLog[T any](ctx context.Context, s *Store, site string, list []T, id func(T) consent.ID, do func(context.Context, string, []T) error) error {
	l, err := s.layout(ctx, site)
	if err != nil {
		return err
	}
	if l.most() == 1 {
		return do(ctx, site, list)
	}
	now, parts := s.now(), make([][]T, l.most())
	for _, one := range list {
		for _, n := range l.homes(id(one), now) {
			parts[n] = append(parts[n], one)
		}
	}
	return each(l.most(), func(n int) error {
		if len(parts[n]) == 0 && n > 0 { // an empty list asks the first log
			return nil
		}
		return do(ctx, consent.LogName(site, n), parts[n])
	})
}

// each asks all logs at once and returns all that went wrong.
func each(logs int, ask func(n int) error) error {
	failed := make([]error, logs)
	var wait sync.WaitGroup
	for n := 1; n < logs; n++ {
		wait.Go(func() { failed[n] = ask(n) })
	}
	failed[0] = ask(0)
	wait.Wait()
	return errors.Join(failed...)
}

// PutArtefact implements consent.Store: it is in every log when it is in the first.
func (s *Store) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	l, err := s.layout(ctx, site)
	if err != nil {
		return err
	}
	return s.putInAll(ctx, site, l.most(), a)
}

func (s *Store) putInAll(ctx context.Context, site string, logs int, a consent.Artefact) error {
	err := each(logs, func(n int) error {
		if n == 0 {
			return nil
		}
		return s.Store.PutArtefact(ctx, consent.LogName(site, n), a)
	})
	if err != nil {
		return err
	}
	return s.Store.PutArtefact(ctx, site, a)
}

// History implements consent.Store. While some logs are away it is what the others
// hold.
func (s *Store) History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error) {
	l, err := s.layout(ctx, site)
	if err != nil {
		return nil, err
	}
	if l.most() == 1 {
		return s.Store.History(ctx, site, subject)
	}
	lists := make([][]consent.Stored, l.most())
	err = each(len(lists), func(n int) (err error) {
		lists[n], err = s.Store.History(ctx, consent.LogName(site, n), subject)
		return err
	})
	list := merge(lists)
	if errors.Is(err, consent.ErrUnavailable) && len(list) > 0 {
		return list, errors.Join(consent.ErrPartial, err)
	}
	if err != nil && !errors.Is(err, consent.ErrPartial) {
		return nil, err
	}
	return list, err
}

// merge puts histories into the order of their times, each in its own order. A
// record that is in two logs counts once.
func merge(lists [][]consent.Stored) (all []consent.Stored) {
	seen := make(map[consent.ID]bool)
	for {
		next := -1
		for n, list := range lists {
			if len(list) > 0 && (next < 0 || list[0].Time.Before(lists[next][0].Time)) {
				next = n
			}
		}
		if next < 0 {
			return all
		}
		if one := lists[next][0]; !seen[one.Record] {
			seen[one.Record] = true
			all = append(all, outward(one))
		}
		lists[next] = lists[next][1:]
	}
}
