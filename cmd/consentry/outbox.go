package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/redisstore"
)

func outboxDir(config ServerConfig) string { return filepath.Join(config.DataDir(), "outbox") }

// mayFailOver reports whether another server may take the place of the store's, and
// lack what that one has acknowledged.
func (c ServerConfig) mayFailOver() bool {
	a, err := redisstore.ParseURL(c.Store)
	return c.Outbox.First == "always" || err == nil && a.FailsOver()
}

// withOutbox puts this server's outbox in front of a store. When that fails the
// store is closed.
func withOutbox(config ServerConfig, store consent.Store, log *slog.Logger) (consent.Store, error) {
	front, err := outbox.Open(outboxDir(config), store, outbox.Options{
		First: config.mayFailOver(), Checkpoints: true,
		Limit: int64(config.Outbox.LimitMB) << 20, Now: time.Now, Log: log,
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return front, nil
}

// settleEvery is how often the outbox is told what checkpoints cover.
const settleEvery = 5 * time.Second

// keepSettled tells a store's outbox what the checkpoints of its sites cover, until
// ctx ends.
func keepSettled(ctx context.Context, store *listedStore, logs *logSet) {
	front, ok := store.Store.Store.(*outbox.Store)
	if !ok {
		return
	}
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			front.Settled(logs.signed())
		case <-ctx.Done():
			return
		}
	}
}

// outboxOf returns how the outbox of a store is, nil without one.
func outboxOf(store *listedStore) func() outbox.Status {
	if front, ok := store.Store.Store.(*outbox.Store); ok {
		return front.Status
	}
	return nil
}
