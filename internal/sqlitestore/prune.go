package sqlitestore

import (
	"context"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
)

// Prune is durable when it returns. Nothing is ever left of an earlier call.
func (s *Store) Prune(ctx context.Context, site string, ids []consent.ID) error {
	if len(ids) == 0 {
		return nil
	}
	err := s.change(ctx, func(w *writer) error { return w.prune(site, ids) })
	if err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	return nil
}

func (w *writer) prune(name string, ids []consent.ID) error {
	s := w.site(name)
	if s.fresh {
		return nil
	}
	w.stale, w.erased = true, true
	err := w.transact(func() error {
		for _, id := range ids {
			if err := w.pruneOne(s, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		w.tail.orphan(key{s.id, id})
	}
	return nil
}

func (w *writer) pruneOne(s *site, id consent.ID) error {
	index, found, err := w.indexOf(s, id)
	if err != nil || !found {
		return err
	}
	row := rowID(s.id, index)
	if err := w.sql.eraseSecret.exec(row); err != nil {
		return err
	}
	if err := w.sql.pruneSubject.exec(s.id, index); err != nil {
		return err
	}
	return w.sql.pruneRecord.exec(row)
}
