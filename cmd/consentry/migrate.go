package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
)

const migrateLong = `Copies everything from the configured store into another one, TO, written as
store is in consentry.yaml, and then compares the two: every entry of every log
with its place, bytes and secret, notices, erasures, counters and checkpoints. The
first difference is printed, with exit status 1. With --compare it only compares.
TO may be - to read it from standard input: an address with a password would
stand in the list of processes.

All servers of both stores must be stopped. The embedded store is locked
meanwhile; for a Redis see to it yourself. What this server's outbox still holds
is handed over to the old store first; those of other servers go to the new one
when these start on it.

It can be cancelled, or killed, and given again: it goes on behind what is there.
Nothing is removed from the old store. Afterwards:

  1. write TO into consentry.yaml as store
  2. keep data/checkpoints, data/erasures.log and data/outbox as they are
  3. start the server, and: consentry verify
  4. delete the old store: what is erased from now on stays readable in it

Tiles of the log are not copied: they follow from it.`

func newMigrate(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate TO", Short: "Copy everything into another store, and compare", Long: migrateLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
	}
	only := cmd.Flags().Bool("compare", false, "copy nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		address := args[0]
		if address == "-" {
			text, err := io.ReadAll(io.LimitReader(env.stdin, 1<<12))
			if err != nil {
				return err
			}
			address = strings.TrimSpace(string(text))
		}
		config, err := serverConfig(configDir(cmd))
		if err != nil {
			return err
		}
		err = migrate(ctx, env, config, address, *only)
		if err != nil && ctx.Err() != nil {
			return errors.New("cancelled; given again it goes on behind what is copied")
		}
		return err
	}
	return cmd
}

func migrate(ctx context.Context, env environment, config ServerConfig, address string, only bool) (err error) {
	target := config
	if target.Store = address; !strings.HasPrefix(address, "file:") && !strings.Contains(address, "://") {
		return usagef("TO must be written like store in %s: file:PATH or the address of a Redis", configFile)
	}
	if sameFile(config, target) {
		return usagef("%s is the configured store itself", address)
	}
	if conn, err := dialControl(ctx, filepath.Join(config.DataDir(), controlFile)); err != nil || conn != nil {
		if conn != nil {
			_ = conn.Close()
			err = errors.New("a server runs on this data folder: stop it first, so that nothing is written meanwhile")
		}
		return err
	}
	if !only {
		if err := handOver(ctx, env, config); err != nil {
			return err
		}
	}
	from, err := openBare(ctx, env, config, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := openBare(ctx, env, target, !only)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return migrateSites(ctx, env, from, to, only)
}

func sameFile(a, b ServerConfig) bool {
	one, file := a.StoreFile()
	two, alsoFile := b.StoreFile()
	return a.Store == b.Store || file && alsoFile && filepath.Clean(one) == filepath.Clean(two)
}

// openBare opens a store without an outbox in front, for this process alone where
// it has a lock. A new one must promise what the configuration requires.
func openBare(ctx context.Context, env environment, config ServerConfig, fresh bool) (consent.Store, error) {
	log := slog.New(slog.NewTextHandler(env.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if path, embedded := config.StoreFile(); embedded {
		if _, err := os.Stat(path); err != nil && !fresh {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the store's folder: %w", err)
		}
		return sqlitestore.Open(path, sqlitestore.Options{})
	}
	store, err := redisstore.Open(ctx, config.Store, redisstore.Options{Log: log, Declared: config.Declared(), Sync: config.Require == "durable"})
	if err != nil {
		return nil, err
	}
	if !fresh {
		return store, nil
	}
	if _, err := (promising{store, config.Require}).Health(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

func migrateSites(ctx context.Context, env environment, from, to consent.Store, only bool) error {
	names, err := from.Sites(ctx)
	if err != nil {
		return fmt.Errorf("list sites: %w", err)
	}
	until := env.now().AddDate(0, 0, 1) // counters of every hour that there may be
	for _, site := range names {
		progress := env.progress("site "+site, "entries")
		if only {
			err = consent.Compare(ctx, from, to, site, until, progress)
		} else {
			err = consent.Copy(ctx, from, to, site, until, progress)
		}
		if err != nil {
			return migrateError(site, err)
		}
		head, err := to.Head(ctx, site)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "site %s: %s, the same in both stores\n", site, counted64(head.Size, "entry", "entries"))
	}
	if len(names) == 0 {
		fmt.Fprintln(env.stdout, "the store holds nothing")
	}
	return nil
}

// migrateError adds what to do.
func migrateError(site string, err error) error {
	switch {
	case errors.Is(err, consent.ErrDiffers):
		return fmt.Errorf("site %s: the first difference: %w. Was one of them written to meanwhile? The old store is as it was", site, err)
	case errors.Is(err, consent.ErrConflict):
		return fmt.Errorf("site %s: the other store has entries that this one has not: it was written to, or is another installation's; empty it or name another: %w", site, err)
	}
	return fmt.Errorf("site %s: %w", site, err)
}
