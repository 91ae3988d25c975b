package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const (
	handSize   = 256 // items handed over in one step
	retryStuck = 40  // probes until what the store refused is offered again
)

// Ordered is a store that appends several entries in one step, in their order.
// When it fails some of them may have been appended; none is appended twice.
type Ordered interface {
	consent.Store
	AppendInOrder(ctx context.Context, entries []consent.Entry) (stored []consent.Stored, dup []bool, err error)
}

// drain hands over what waits whenever the store is there, until ctx ends.
func (s *Store) drain(ctx context.Context) {
	defer close(s.done)
	probe := time.NewTicker(s.options.Probe)
	defer probe.Stop()
	again := time.NewTicker(retryStuck * s.options.Probe)
	defer again.Stop()
	settle := time.NewTicker(max(s.options.Probe, min(s.options.Settle/30, time.Second)))
	defer settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			s.ledger.recall(stuck)
		case <-settle.C:
			if !s.isAway() {
				s.settle(ctx)
			}
		case <-probe.C:
		case <-s.wake:
		}
		if !s.isAway() {
			s.trip(ctx, s.renewed())
		}
		if s.isAway() || s.ledger.waits() > 0 {
			s.handOver(ctx)
		}
	}
}

// handOver empties the outbox into the store, then lets writes go to the store
// again. It leaves everything as it is when the store is not there.
func (s *Store) handOver(ctx context.Context) {
	if !s.healthy(ctx) {
		return
	}
	renewals := s.met.Load()
	if s.isAway() {
		renewals = s.renewals()
		if !s.putAgain(ctx) {
			return
		}
		s.ready(renewals)
		s.ledger.recall(kept) // the one that answers now may lack some of it
	}
	for s.ledger.waits() > handSize {
		if !s.handSome(ctx, renewals) {
			return
		}
	}
	s.finish(ctx, renewals)
}

// handSome hands over what has waited longest.
func (s *Store) handSome(ctx context.Context, renewals int64) bool {
	if s.hold(ctx) != nil {
		return false
	}
	defer s.unhold()
	return s.hand(ctx, s.ledger.take(handSize), renewals)
}

// finish hands over the rest while nobody adds to it, and lets writes go to the
// store, unless that was restarted since it was looked at.
func (s *Store) finish(ctx context.Context, renewals int64) {
	if s.hold(ctx) != nil { // before the path, as everybody does
		return
	}
	defer s.unhold()
	s.path.Lock()
	defer s.path.Unlock()
	for s.ledger.waits() > 0 {
		if !s.hand(ctx, s.ledger.take(handSize), renewals) {
			return
		}
	}
	s.mu.Lock()
	was, since := s.away, s.since
	if was {
		s.met.Store(renewals)
	}
	if err := s.renewed(); err != nil {
		s.mu.Unlock()
		return
	}
	s.away, s.why = false, nil
	s.mu.Unlock()
	if was {
		s.options.Log.Info("the store is back, and nothing waits in the outbox any more", "away", s.options.Now().Sub(since).Round(time.Millisecond).String())
	}
	s.writer.nudge()
}

// healthy asks the store whether it takes records, and notes why not.
func (s *Store) healthy(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*s.options.Patience)
	defer cancel()
	_, err := s.Store.Health(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.away {
		s.why = err
	}
	return err == nil
}

// hand offers items in their order and reports whether all were taken. One that
// the store refuses again and again while it takes others is put aside. Nothing is
// handed to a store that has been renewed since what records refer to was seen there.
func (s *Store) hand(ctx context.Context, batch []*item, renewals int64) bool {
	if s.renewals() != renewals {
		return false
	}
	lost, stay := 0, s.stays(ctx)
	took := func(i *item, stored consent.Stored, dup bool) {
		pruned := stored.Erased && len(stored.Sealed) == 0 // after it had been handed over in an earlier life
		if s.ledger.keep(i, stored.Index, s.options.Now(), stay && !pruned) && !dup {
			lost++
		}
	}
	defer func() { s.regret(lost) }()
	err := s.offerAll(ctx, batch, took)
	if err == nil {
		return true
	}
	for _, i := range batch {
		if !s.healthy(ctx) || s.renewals() != renewals {
			return false
		}
		if s.ledger.stageOf(i) != waiting {
			continue
		}
		err := s.offerAll(ctx, []*item{i}, took)
		tries := 0
		if err != nil {
			tries = s.ledger.stick(i, err)
		}
		if err != nil && tries < stuckAfter {
			return false
		}
		if tries == stuckAfter {
			s.options.Log.Error("the store refuses what waits in the outbox, and takes others; it stays there and is tried again", "site", i.site, "error", err)
		}
	}
	return true
}

// offerAll hands items to the store, records that follow each other in one step,
// and calls took for each.
func (s *Store) offerAll(ctx context.Context, items []*item, took func(i *item, stored consent.Stored, dup bool)) error {
	for len(items) > 0 {
		n := 0
		for n < len(items) && items[n].kind == recordFrame {
			n++
		}
		if n > 0 {
			if err := s.offerRecords(ctx, items[:n], took); err != nil {
				return err
			}
			items = items[n:]
			continue
		}
		if err := s.offerOther(ctx, items[0]); err != nil {
			return err
		}
		took(items[0], consent.Stored{Index: -1}, true)
		items = items[1:]
	}
	return nil
}

func (s *Store) offerRecords(ctx context.Context, items []*item, took func(i *item, stored consent.Stored, dup bool)) error {
	entries := make([]consent.Entry, len(items))
	for n, i := range items {
		f, err := i.segment.read(i.at, i.size)
		if err != nil {
			return err
		}
		entries[n] = f.entry
		if f.erased {
			if err := s.Store.Erase(ctx, i.site, []consent.Erasure{{Record: i.record, Time: s.ledger.erasedAt(i)}}); err != nil {
				return err
			}
		}
	}
	if err := s.noteLate(ctx, items, entries); err != nil {
		return err
	}
	stored, dup, err := s.inOrder(ctx, entries)
	if err != nil {
		return err
	}
	for n, i := range items {
		if dup[n] && !i.differs && stored[n].Leaf != entries[n].Leaf {
			i.differs = true
			s.differed.Add(1)
			s.options.Log.Warn("a decision that waited in the outbox is in the store already, with other content; the store's was first and counts",
				"site", i.site, "index", stored[n].Index)
		}
		took(i, stored[n], dup[n])
	}
	return nil
}

// noteLate tells the logs that the entries are about to enter how long these have
// waited, before they do: a crash must not leave one that nobody looks for.
func (s *Store) noteLate(ctx context.Context, items []*item, entries []consent.Entry) error {
	now, oldest := s.options.Now(), make(map[string]time.Time)
	for n, e := range entries {
		if first, ok := oldest[e.Site]; !consent.Late(e.Time, now) || ok && first.Before(e.Time) {
			continue
		}
		if s.ledger.stageOf(items[n]) == kept { // and most often still there
			if _, err := s.Store.Record(ctx, e.Site, e.Record); err == nil {
				continue
			} else if !errors.Is(err, consent.ErrNotFound) {
				return err
			}
		}
		oldest[e.Site] = e.Time
	}
	for site, made := range oldest {
		if err := consent.NoteLate(ctx, s.Store, site, made, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) inOrder(ctx context.Context, entries []consent.Entry) (stored []consent.Stored, dup []bool, err error) {
	if store, ok := s.Store.(Ordered); ok {
		return store.AppendInOrder(ctx, entries)
	}
	stored, dup = make([]consent.Stored, len(entries)), make([]bool, len(entries))
	for n, e := range entries {
		if stored[n], dup[n], err = s.Store.Append(ctx, e); err != nil {
			return nil, nil, err
		}
	}
	return stored, dup, nil
}

// offerOther hands over what is no record.
func (s *Store) offerOther(ctx context.Context, i *item) error {
	f, err := i.segment.read(i.at, i.size)
	if err != nil {
		return err
	}
	if f.kind == erasureFrame {
		return s.Store.Erase(ctx, f.site, f.erasures)
	}
	if err = s.Store.PutArtefact(ctx, f.site, f.artefact); err == nil {
		f.artefact.Index = -1
		s.copies.keep(f.site, f.artefact)
	}
	return err
}
