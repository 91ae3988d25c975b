package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// delivery is something that has to get to the store, by way of the disk if
// need be.
type delivery struct {
	item *item
	raw  []byte
	// offer hands it to the store and returns its index in the log, or -1.
	offer func(context.Context) (int64, error)
}

// Append implements consent.Store. An entry that waits has the index -1.
func (s *Store) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if err := s.enter(ctx); err != nil {
		return consent.Stored{}, false, err
	}
	defer s.leave()
	e.Time = consent.At(e.Time).Time
	if err := admit(&e); err != nil {
		return consent.Stored{}, false, err
	}
	var stored consent.Stored
	var dup bool
	offer := func(ctx context.Context) (int64, error) {
		var err error
		stored, dup, err = s.Store.Append(ctx, e)
		return stored.Index, err
	}
	if !s.options.First && !s.isAway() { // as nearly always: nothing is made ready for the disk
		if _, err := s.try(ctx, offer); !s.trip(ctx, err) {
			return stored, dup, err
		}
	}
	raw, err := encodeRecord(&e)
	if err != nil {
		return consent.Stored{}, false, err
	}
	for {
		d := delivery{item: newItem(frame{kind: recordFrame, site: e.Site, entry: e}), raw: raw, offer: offer}
		held, err := s.deliver(ctx, d)
		switch {
		case err != nil:
			return consent.Stored{}, false, err
		case held == nil:
			return stored, dup, nil
		case held == d.item:
			return consent.Stored{Entry: withoutCounts(e), Index: -1}, false, nil
		}
		stored, err = held.stored()
		if err == nil || s.ledger.stageOf(held) != gone { // else the store has it by now
			return stored, true, err
		}
	}
}

func withoutCounts(e consent.Entry) consent.Entry {
	e.Counts = nil
	return e
}

// PutArtefact implements consent.Store.
func (s *Store) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	a.Time = consent.At(a.Time).Time
	raw, err := encodeArtefact(site, &a)
	if err != nil {
		return err
	}
	d := delivery{item: newItem(frame{kind: artefactFrame, site: site, artefact: a}), raw: raw}
	d.offer = func(ctx context.Context) (int64, error) { return -1, s.Store.PutArtefact(ctx, site, a) }
	if s.copies.has(site, a.Digest) {
		s.copies.see(site, &a)
		if s.isAway() {
			return nil // the store has it
		}
		if _, err := s.try(ctx, d.offer); !s.trip(ctx, err) {
			return err
		}
		return nil
	}
	for {
		renewals := s.renewals()
		held, err := s.deliver(ctx, d)
		if err != nil || held != nil {
			return err
		}
		a.Index = -1 // the store does not say
		s.copies.keep(site, a)
		if s.renewals() == renewals { // else it may have been lost before it was known here
			return nil
		}
	}
}

// Erase deletes the secrets of records in the store and here. With the store
// away the erasure waits like a record, and its records, which wait before it,
// are stored erased.
func (s *Store) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	raw, err := encodeErasures(site, list)
	if err != nil {
		return err
	}
	if err := s.hold(ctx); err != nil {
		return err
	}
	defer s.unhold()
	d := delivery{item: newItem(frame{kind: erasureFrame, site: site, erasures: list}), raw: raw}
	d.offer = func(ctx context.Context) (int64, error) { return -1, s.Store.Erase(ctx, site, list) }
	if _, err := s.deliver(ctx, d); err != nil {
		return err
	}
	return s.blot(site, list)
}

// Forget overwrites here the secrets of records that another server has erased: the
// store knows, and would only say so when they are handed over.
func (s *Store) Forget(ctx context.Context, site string, list []consent.Erasure) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if len(list) == 0 || len(s.ledger.all()) == 0 {
		return nil
	}
	if err := s.hold(ctx); err != nil {
		return err
	}
	defer s.unhold()
	return s.blot(site, list)
}

// blot overwrites the secrets of records in the files, of those too that are
// done with and share a file with others.
func (s *Store) blot(site string, list []consent.Erasure) error {
	gone := make(map[consent.ID]bool, len(list))
	for _, e := range list {
		gone[e.Record] = true
	}
	s.ledger.erase(site, list)
	return s.writer.do(func() error {
		for _, seg := range s.ledger.all() {
			found := 0
			err := seg.blotHoles(s.disk)
			if err == nil {
				_, _, err = seg.scan(seg.size, func(_ *segment, at int64, _ int, f frame, broken bool) error {
					if f.kind != recordFrame || f.site != site || !gone[f.entry.Record] || f.erased && !broken {
						return nil
					}
					found++
					return seg.blot(at, s.disk)
				})
			}
			if err == nil && found > 0 {
				err = s.disk.sync(seg.file)
			}
			if err != nil {
				return s.writer.fail("erase in the outbox", err)
			}
		}
		return nil
	})
}

// deliver brings something to the store, or onto the disk: held is what holds
// it there, the delivery's own item or one that came before. Without held the
// store has it.
func (s *Store) deliver(ctx context.Context, d delivery) (held *item, err error) {
	if s.options.First {
		return s.deliverFirst(ctx, d)
	}
	for {
		if !s.isAway() {
			if _, err := s.try(ctx, d.offer); !s.trip(ctx, err) {
				return nil, err
			}
		}
		held, away, err := s.write(ctx, d)
		if err != nil || away {
			return held, err
		}
	}
}

// deliverFirst writes, then offers, and keeps what was written.
func (s *Store) deliverFirst(ctx context.Context, d delivery) (held *item, err error) {
	held, away, err := s.write(ctx, d)
	if err != nil || away {
		return held, err
	}
	index, err := s.try(ctx, d.offer)
	switch {
	case err == nil:
		if held == d.item {
			s.ledger.keep(held, index, s.options.Now(), true)
		}
		return nil, nil
	case s.trip(ctx, err), errors.Is(err, consent.ErrBusy):
		s.ledger.wait(d.item)
		s.nudge()
		return held, nil
	case ctx.Err() != nil: // nobody is told, and it may be in the store
		s.ledger.wait(d.item)
		return nil, err
	}
	s.ledger.withdraw(d.item) // the store will never take it
	return nil, err
}

// try offers within Patience. What a store takes that was restarted before its answer
// counts as not taken: it may refer to what is gone.
func (s *Store) try(ctx context.Context, offer func(context.Context) (int64, error)) (int64, error) {
	if err := s.renewed(); err != nil {
		return -1, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	index, err := offer(ctx)
	if err == nil {
		err = s.renewed()
	}
	return index, err
}

// write brings a delivery onto the disk while the store is away, under First
// always. held is nil when the store is back and nothing was written.
func (s *Store) write(ctx context.Context, d delivery) (held *item, away bool, err error) {
	s.path.RLock()
	defer s.path.RUnlock()
	if away = s.isAway(); !away && !s.options.First {
		return nil, false, nil
	}
	if other := s.ledger.reserve(d.item); other != nil {
		select {
		case <-other.ready:
		case <-ctx.Done():
			return nil, away, ctx.Err()
		}
		return other, away, s.ledger.failure(other)
	}
	if err := s.writer.put(ctx, d.item, d.raw); err != nil {
		if away && ctx.Err() == nil {
			err = s.with(err)
		}
		return nil, away, err
	}
	if away {
		s.ledger.wait(d.item)
	}
	return d.item, away, nil
}

// with adds to an error of the outbox why the store is away.
func (s *Store) with(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why == nil {
		return err
	}
	return fmt.Errorf("%w; the store: %w", err, s.why)
}

// hold makes the caller the only one that hands items over or erases some.
func (s *Store) hold(ctx context.Context) error {
	select {
	case s.handing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) unhold() { <-s.handing }
