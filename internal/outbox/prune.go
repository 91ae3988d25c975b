package outbox

import (
	"context"

	"github.com/consentry/consentry/internal/consent"
)

// Prune implements consent.Store. What is pruned is older than what the outbox
// holds, most often; what is here nevertheless is handed over and forgotten first.
// With the store away nothing is pruned.
func (s *Store) Prune(ctx context.Context, site string, ids []consent.ID) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if err := s.handAll(ctx); err != nil {
		return err
	}
	var held []*item
	for _, id := range ids {
		if i, at := s.ledger.find(site, id); at == kept {
			held = append(held, i)
		}
	}
	if len(held) > 0 && !s.confirm(ctx, held) {
		return s.with(consent.ErrUnavailable)
	}
	return s.Store.Prune(ctx, site, ids)
}

// handAll hands over all that waits now.
func (s *Store) handAll(ctx context.Context) error {
	if err := s.hold(ctx); err != nil {
		return err
	}
	defer s.unhold()
	if s.trip(ctx, s.renewed()) || s.isAway() { // before it gets a record it gets what that refers to
		return s.with(consent.ErrUnavailable)
	}
	for s.ledger.waits() > 0 {
		if !s.hand(ctx, s.ledger.take(handSize), s.met.Load()) {
			return s.with(consent.ErrUnavailable)
		}
	}
	return nil
}
