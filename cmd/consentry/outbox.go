package main

import (
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/outbox"
)

func outboxDir(config ServerConfig) string { return filepath.Join(config.DataDir(), "outbox") }

// withOutbox puts this server's outbox in front of a store. When that fails the
// store is closed.
func withOutbox(config ServerConfig, store consent.Store, failsOver bool, log *slog.Logger) (consent.Store, error) {
	front, err := outbox.Open(outboxDir(config), store, outbox.Options{
		First: failsOver || config.Outbox.First == "always", Limit: int64(config.Outbox.LimitMB) << 20,
		Now: time.Now, Log: log,
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return front, nil
}

// outboxOf returns how the outbox of a store is, nil without one.
func outboxOf(store *listedStore) func() outbox.Status {
	if front, ok := store.Store.Store.(*outbox.Store); ok {
		return front.Status
	}
	return nil
}
