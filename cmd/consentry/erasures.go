package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/erasures"
)

// erasuresFile is the list's name in the data folder. It belongs neither into the
// store nor into its backups: it has to be newer than any of them.
const erasuresFile = "erasures.log"

// syncEvery is how often the list is held against the store: a Redis may be
// restored from an older backup at any time, and other servers erase too.
const syncEvery = time.Minute

// listedStore is a store under the list of erasures.
type listedStore struct {
	erasures.Store
	log *slog.Logger
}

// openListed opens the configured store and erases again what an older backup
// has brought back. With a store that is away that has to wait for keepErased.
func openListed(ctx context.Context, config ServerConfig, log *slog.Logger) (*listedStore, error) {
	list, err := erasures.Open(filepath.Join(config.DataDir(), erasuresFile))
	if err != nil {
		return nil, err
	}
	store, err := openStore(ctx, config, log)
	if err != nil {
		return nil, errors.Join(err, list.Close())
	}
	s := &listedStore{erasures.Store{Store: store, List: list}, log}
	if err := s.sync(ctx); err != nil && !errors.Is(err, consent.ErrUnavailable) {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// keepErased holds list, store and log together until ctx ends.
func (s *listedStore) keepErased(ctx context.Context, now func() time.Time) {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		s.note(ctx, now())
		select {
		case <-tick.C:
			if err := s.sync(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("erasures could not be compared with the store", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// note makes up for notes of erasures that the logs lack.
func (s *listedStore) note(ctx context.Context, now time.Time) {
	noted, err := s.List.Note(ctx, s.Store.Store, now)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("erasures could not be noted in the log", "error", err)
	}
	if noted > 0 {
		s.log.Warn("erasures were noted in the log that it did not tell of, as after a kill or a restored backup", "records", noted)
	}
}

func (s *listedStore) sync(ctx context.Context) error {
	again, err := s.List.Sync(ctx, s.Store.Store)
	if again > 0 {
		s.log.Warn("the store had lost erasures, as after an older backup was restored; they were made again", "records", again)
	}
	return err
}

// Close releases both.
func (s *listedStore) Close() error {
	err := s.Store.Close()
	if listErr := s.List.Close(); listErr != nil {
		err = errors.Join(err, fmt.Errorf("close list of erasures: %w", listErr))
	}
	return err
}
