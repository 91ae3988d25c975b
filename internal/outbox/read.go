package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Record implements consent.Store. A record that waits is found too.
func (s *Store) Record(ctx context.Context, site string, id consent.ID) (consent.Stored, error) {
	if err := s.readable(ctx); err != nil {
		return consent.Stored{}, err
	}
	i, at := s.ledger.find(site, id)
	if at == waiting || at == stuck {
		if stored, err := i.stored(); err == nil {
			return stored, nil
		}
	}
	var stored consent.Stored
	err := s.ask(ctx, func(ctx context.Context) (err error) {
		stored, err = s.Store.Record(ctx, site, id)
		return err
	})
	if err != nil && at == kept { // away, or lost to a failover and not yet appended again
		if stored, err := i.stored(); err == nil {
			return stored, nil
		}
	}
	return stored, err
}

// History implements consent.Store. While the store is away it is only the part
// that the outbox holds, with consent.ErrPartial, and an error alone when that is
// nothing.
func (s *Store) History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error) {
	if err := s.readable(ctx); err != nil {
		return nil, err
	}
	held := s.ledger.of(site, subject) // before the store is asked: what leaves meanwhile is there then
	var list []consent.Stored
	away := s.ask(ctx, func(ctx context.Context) (err error) {
		list, err = s.Store.History(ctx, site, subject)
		return err
	})
	if away != nil && (len(held) == 0 || ctx.Err() != nil || !errors.Is(away, consent.ErrUnavailable)) {
		return nil, away
	}
	for _, i := range held {
		if slices.ContainsFunc(list, func(s consent.Stored) bool { return s.Record == i.record }) {
			continue
		}
		stored, err := i.stored()
		if err != nil {
			return nil, err
		}
		list = append(list, stored)
	}
	if away != nil {
		return list, fmt.Errorf("%w: %w", consent.ErrPartial, away)
	}
	return list, nil
}

// Artefact implements consent.Store. While the store is away it is the copy of
// one that was seen before, or one that waits.
func (s *Store) Artefact(ctx context.Context, site, digest string) (a consent.Artefact, err error) {
	if err := s.readable(ctx); err != nil {
		return consent.Artefact{}, err
	}
	err = s.ask(ctx, func(ctx context.Context) (err error) {
		a, err = s.Store.Artefact(ctx, site, digest)
		return err
	})
	if err == nil {
		s.copies.keep(site, a)
		return a, nil
	}
	if i := s.ledger.artefact(site, digest); i != nil {
		if f, err := i.segment.read(i.at, i.size); err == nil {
			f.artefact.Index = -1
			return f.artefact, nil
		}
	}
	if a, ok := s.copies.artefact(site, digest); ok && !errors.Is(err, consent.ErrNotFound) && ctx.Err() == nil {
		return a, nil
	}
	return consent.Artefact{}, err
}

// Artefacts implements consent.Store. While the store is away it is the listing
// that was seen last, and what waits.
func (s *Store) Artefacts(ctx context.Context, site, kind string) (list []consent.Artefact, err error) {
	if err := s.readable(ctx); err != nil {
		return nil, err
	}
	err = s.ask(ctx, func(ctx context.Context) (err error) {
		list, err = s.Store.Artefacts(ctx, site, kind)
		return err
	})
	if err == nil {
		s.copies.keepList(site, kind, list)
	} else {
		var ok bool
		if list, ok = s.copies.list(site, kind); !ok || ctx.Err() != nil {
			return nil, err
		}
	}
	for _, i := range s.ledger.artefactsOf(site) {
		f, err := i.segment.read(i.at, i.size)
		known := slices.ContainsFunc(list, func(a consent.Artefact) bool { return a.Digest == i.digest })
		if err == nil && f.artefact.Kind == kind && !known {
			f.artefact.Index, f.artefact.Body = -1, nil
			list = append(list, f.artefact)
		}
	}
	return list, nil
}

// ask reads from the store unless it is known to be away.
func (s *Store) ask(ctx context.Context, read func(context.Context) error) error {
	if s.isAway() {
		return s.with(consent.ErrUnavailable)
	}
	within, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	err := read(within)
	if s.trip(ctx, err) && !errors.Is(err, consent.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", consent.ErrUnavailable, err)
	}
	return err
}

func (s *Store) readable(ctx context.Context) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return errClosed
	}
	return ctx.Err()
}

// Health implements consent.Store. While the store is away it is what the outbox
// promises, which is a local disk; Status says that it is so.
func (s *Store) Health(ctx context.Context) (consent.Durability, error) {
	if err := s.readable(ctx); err != nil {
		return "", err
	}
	var promise consent.Durability
	err := s.ask(ctx, func(ctx context.Context) (err error) {
		promise, err = s.Store.Health(ctx)
		return err
	})
	if !s.isAway() && !s.options.First {
		return promise, err
	}
	if full := s.writer.accepts(headSize + 1); full != nil {
		return "", s.with(full)
	}
	if s.isAway() {
		return consent.Durable, nil
	}
	return promise, err
}

// Status is what the outbox holds now.
type Status struct {
	Away    bool          // writes are acknowledged from the outbox
	Why     string        // the store is away, or the outbox is of no use
	Waiting int           // items that the store does not have, the stuck ones among them
	Stuck   int           // items that the store refuses
	Kept    int           // items that the store has and that stay until they are settled
	Late    bool          // some of these have stayed for much longer than Settle: a log is not signed
	Bytes   int64         // that the files take
	Limit   int64         // of Bytes
	Oldest  time.Duration // age of the oldest item that waits
	Failed  bool          // nothing more is written before a restart
	Again   int64         // records that the store had lost and was given again, since the start

	KeptOldest time.Duration // for how long the store has had what was kept first
	Unsigned   int64         // records that left without a checkpoint that covers them, since the start
	Differed   int64         // records that the store had already with other content, since the start
	Damaged    int64         // bytes of the files that the start could not read: what they held is lost
}

// Refused is an item that the store refuses while it takes others.
type Refused struct {
	Site     string
	Record   consent.ID // zero for what is no record
	Artefact string     // digest; empty for what is none
	Err      error
}

// Refused lists such items, in the order in which they were put aside.
func (s *Store) Refused() []Refused { return s.ledger.refusals() }

// Status tells it.
func (s *Store) Status() Status {
	st := s.ledger.status(s.options.Now())
	st.Limit, st.Again, st.Unsigned = s.options.Limit, s.again.Load(), s.unsigned.Load()
	st.Damaged, st.Differed = s.damaged, s.differed.Load()
	st.Late = st.KeptOldest > lateAfter*s.options.Settle
	s.mu.Lock()
	st.Away = s.away
	if s.why != nil {
		st.Why = s.why.Error()
	}
	s.mu.Unlock()
	if err := s.writer.why(); err != nil {
		st.Failed, st.Why = true, err.Error()
	}
	return st
}
