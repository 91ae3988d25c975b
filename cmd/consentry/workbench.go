package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/shards"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/internal/sqlitestore"
)

// task is what a writing command does. Its exported fields are all that the
// command line said, with absolute paths: they may go to the server as JSON.
type task interface {
	run(ctx context.Context, b *workbench) error
}

// newTask returns the task of a name, to be filled from JSON; nil when there is
// none.
func newTask(name string) task {
	switch name {
	case "backup":
		return new(backupTask)
	case "erase":
		return new(eraseTask)
	case "import":
		return new(importTask)
	case "rotate-key":
		return new(rotateTask)
	case "accounts":
		return new(accountsTask)
	case "experiment":
		return new(experimentTask)
	case "prune":
		return new(pruneTask)
	case "restore":
		return new(restoreTask)
	}
	return nil
}

// workbench is what tasks work with: in the process of the server that runs, or
// in the command's own when none does.
type workbench struct {
	env    environment
	config ServerConfig
	ring   *consent.Keyring
	store  *listedStore  // of logs
	whole  *shards.Store // the sites of it
	logs   *logSet
	// accounts is the one that the dashboard of this process has, too.
	accounts *dashboard.AccountsFile

	// exchange has the server take a backup for its store, and returns what it works
	// with afterwards; nil without a server.
	exchange func(*exchange) (*workbench, error)

	say      func(format string, args ...any) // a line for who gave the command
	progress func(what, unit string) func(done, of int64)
}

// openWorkbench opens the store for this process alone.
func openWorkbench(ctx context.Context, env environment, config ServerConfig) (*workbench, error) {
	if path, embedded := config.StoreFile(); embedded {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no store %s yet; the server makes it when it is started", path)
		}
	}
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return nil, err
	}
	store, err := openListed(ctx, config, newLogger(env.stderr, config.Log))
	if err != nil {
		return nil, err
	}
	logs, err := newLogSet(env, config, ring, store, newLogger(env.stderr, config.Log))
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &workbench{
		env: env, config: config, ring: ring, store: store, whole: shards.New(store, env.now), logs: logs, progress: env.progress, accounts: dashboard.NewAccountsFile(config.AccountsPath()),
		say: printing(env),
	}, nil
}

func printing(env environment) func(format string, args ...any) {
	return func(format string, args ...any) { fmt.Fprintf(env.stdout, format+"\n", args...) }
}

// trail is where commands leave what they did. A log that was never begun takes no
// entry.
func (b *workbench) trail(ctx context.Context) (*dashboard.Trail, error) {
	known, err := b.whole.Sites(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	var logs []*consent.Site
	for _, id := range known {
		logs = append(logs, &consent.Site{ID: id})
	}
	return &dashboard.Trail{Store: b.whole, Now: b.env.now, Sites: func() []*consent.Site { return logs }}, nil
}

// sites returns the configured sites and those that only the store holds, or the
// one that is asked for. One whose file may be among those with mistakes is an
// error: what it says, such as a legal hold, is not known.
func (b *workbench) sites(ctx context.Context, only string) ([]*consent.Site, error) {
	configured, problems := readSites(b.config)
	sites, err := withHeld(ctx, b.store, b.config, configured, only)
	if err != nil {
		return nil, err
	}
	for _, site := range sites {
		if site.Policy == nil && siteconfig.Failed(problems) {
			return nil, problemsError{inDir(b.config.dir, problems)}
		}
	}
	return sites, nil
}

// embedded returns the embedded store below, nil with another one.
func (b *workbench) embedded() *sqlitestore.Store {
	below := b.store.Store.Store
	if front, ok := below.(*outbox.Store); ok {
		below = front.Store
	}
	store, _ := below.(*sqlitestore.Store)
	return store
}
