package main

import (
	"context"
	"log/slog"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
)

// storeOpener opens the configured store.
type storeOpener func(ctx context.Context, config ServerConfig, log *slog.Logger) (consent.Store, error)

// openForReading opens the store for commands that change nothing. The embedded
// one may be in use by a server meanwhile.
func openForReading(ctx context.Context, config ServerConfig, log *slog.Logger) (consent.Store, error) {
	if path, ok := config.StoreFile(); ok {
		return sqlitestore.Open(path, sqlitestore.Options{ReadOnly: true})
	}
	return redisstore.Open(ctx, config.Store, redisstore.Options{Log: log})
}
