package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/internal/geo"
	"github.com/consentry/consentry/internal/outbox"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/server"
	"github.com/consentry/consentry/internal/shards"
	"github.com/consentry/consentry/internal/siteconfig"
	"github.com/consentry/consentry/internal/sqlitestore"
)

const serveLong = `Serves the sites of the folder that --config names, until it is told to stop
(SIGINT or SIGTERM); decisions in flight are finished first.

Visitors come in on one address, operators on another. The first start prints a
one-time link under which the dashboard's password is set.

Site files are read again when they change and on SIGHUP. A file with a mistake
in it leaves the site as it was; the log and /readyz say so.`

func newServe(env environment) *cobra.Command {
	var listen, admin string
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the sites", Long: serveLong, GroupID: groupStart,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, problems := loadServerConfig(configDir(cmd))
			if err := report(env.stderr, problems); err != nil {
				return err
			}
			if listen != "" {
				config.Listen = listen
			}
			if admin != "" {
				config.AdminListen = admin
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return serve(ctx, env, config, func(running) {})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address for visitors, instead of the file's")
	cmd.Flags().StringVar(&admin, "admin-listen", "", "address for operators, instead of the file's")
	return cmd
}

// report prints problems; a failure among them ends the command.
func report(w io.Writer, problems []siteconfig.Problem) error {
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	if siteconfig.Failed(problems) {
		return errReported
	}
	return nil
}

// running is what a started server tells.
type running struct {
	Public, Admin string // host:port
	SetupLink     string // empty once a password is set
}

// serve runs an installation until ctx ends.
func serve(ctx context.Context, env environment, config ServerConfig, ready func(running)) (err error) {
	// Until the very end, since the system's answer to a hangup is to end us.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	log := newLogger(env.stderr, config.Log)
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(config.DataDir(), 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	store, err := openListed(ctx, config, log)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := store.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close store: %w", closeErr)
		}
	}()
	logs, err := newLogSet(env, config, ring, store, log)
	if err != nil {
		return err
	}
	defer logs.finish()
	whole := shards.New(store, env.now)
	visitors := &api.API{Store: whole, Now: env.now, Log: log, Transparency: logs.find}
	sites := newSiteSet(config, ring, visitors, whole, logs, log)
	changes, unwatch := sites.changes() // before the files are read, to miss none
	defer unwatch()
	if err := sites.load(ctx); err != nil {
		return err
	}
	accounts := dashboard.NewAccountsFile(config.AccountsPath())
	due := newPurges(config.Keeps(), env.now, log)
	desk, err := newDesk(ctx, env, config, ring, store, visitors, sites, due, accounts, log)
	if err != nil {
		return err
	}
	requests := newBacklog(visitors, env.now, log)
	srv, err := newServer(env, config, log, store, visitors, desk, sites, due, requests)
	if err != nil {
		return err
	}
	visitors.Observe, visitors.ObserveSignal = srv.Metrics.Decision, srv.Metrics.Signal
	public, admin, err := listen(ctx, config)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	bench := workbench{env: env, config: config, ring: ring, store: store, whole: whole, logs: logs, accounts: accounts}
	defer takeCommands(watching, bench, log)()
	go due.watch(watching, &bench)
	go sites.watch(watching, changes, hangup)
	go store.keepErased(watching)
	go requests.watch(watching)
	go keepSettled(watching, store, logs)
	now := running{Public: public.Addr().String(), Admin: admin.Addr().String()}
	now.SetupLink, _ = desk.SetupLink("http://" + now.Admin)
	announce(env.stderr, log, config, store, now)
	ready(now)
	return srv.Run(ctx, public, admin)
}

func newServer(env environment, config ServerConfig, log *slog.Logger, store *listedStore, visitors *api.API, desk *dashboard.Dashboard, sites *siteSet, due *purges, requests *backlog) (*server.Server, error) {
	o := server.Options{
		Visitors: visitors, Operators: desk, Store: store, Outbox: outboxOf(store), Backlog: requests.Read, Now: env.now, Log: log,
		TrustedProxies: config.Proxies(), CountryHeader: config.CountryHeader, RegionHeader: config.RegionHeader, PerMinute: config.RateLimit.PerMinute, Burst: config.RateLimit.Burst,
		Problems: func() []string { return slices.Concat(sites.Problems(), due.Problems()) }, Purges: due.Read, Logs: sites.logs.statuses, Version: programVersion(),
		Timeouts: server.Timeouts{
			ReadHeader: config.Timeouts.ReadHeader.Std(), Read: config.Timeouts.Read.Std(), Write: config.Timeouts.Write.Std(),
			Idle: config.Timeouts.Idle.Std(), Shutdown: config.Timeouts.Shutdown.Std(),
		},
	}
	_, _ = io.ReadFull(env.random, o.Seed[:]) // a weaker salt only makes two visitors share a bucket
	if config.Places != "" {
		places, err := geo.Open(config.resolve(config.Places))
		if err != nil {
			return nil, err
		}
		o.Locate = places.Locate
	}
	return server.New(o), nil
}

// newDesk opens the operators' pages. Their sessions are sealed by a key that
// follows from the root, so that a restart does not sign anybody out.
func newDesk(ctx context.Context, env environment, config ServerConfig, ring *consent.Keyring, store *listedStore, visitors *api.API, sites *siteSet, due *purges, accounts *dashboard.AccountsFile, log *slog.Logger) (*dashboard.Dashboard, error) {
	secret, err := consent.DeriveKey(ring.Root, "sessions", "dashboard")
	if err != nil {
		return nil, err
	}
	provider, err := config.openProvider(env.now)
	if err != nil {
		return nil, err
	}
	known, _ := siteconfig.ReadKnown(catalogue.Files) // tested to have no problems
	return dashboard.New(dashboard.Options{
		Store: sites.whole, Outbox: outboxOf(store), Sites: sites.Configured, Seen: visitors.Sightings, Findings: sites.Findings, PurgeProblem: due.Problem, Secret: secret,
		Requests: visitors.Requests, Settle: visitors.Settle, Transparency: visitors.Transparency, Schedule: sites.Schedule, EndExperiment: sites.EndExperiment, Examine: sites.Examine, Declare: sites.Declare, Catalogue: known,
		Accounts: accounts, Trail: &dashboard.Trail{Store: sites.whole, Sites: sites.Configured, Now: env.now}, OpenID: provider,
		Now: env.now, Ending: ctx.Done(), Log: log,
	})
}

func listen(ctx context.Context, config ServerConfig) (public, admin net.Listener, err error) {
	var lc net.ListenConfig
	if public, err = lc.Listen(ctx, "tcp", config.Listen); err != nil {
		return nil, nil, fmt.Errorf("listen for visitors: %w; another program may use the port: choose one with --listen", err)
	}
	if admin, err = lc.Listen(ctx, "tcp", config.AdminListen); err != nil {
		_ = public.Close()
		return nil, nil, fmt.Errorf("listen for operators: %w; choose another address with --admin-listen", err)
	}
	return public, admin, nil
}

// openStore opens the configured store and holds its promise against the one
// that the configuration requires.
func openStore(ctx context.Context, config ServerConfig, log *slog.Logger) (consent.Store, error) {
	if path, ok := config.StoreFile(); ok {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the store's folder: %w", err)
		}
		store, err := sqlitestore.Open(path, sqlitestore.Options{})
		if err != nil || !outbox.Holds(outboxDir(config)) {
			return store, err
		}
		return withOutbox(config, store, log) // what a Redis that is no longer configured did not get
	}
	redis, err := redisstore.Open(ctx, config.Store, redisstore.Options{
		Log: log, Declared: config.Declared(), Sync: config.Require == "durable",
	})
	if err != nil {
		return nil, err
	}
	store := promising{redis, config.Require}
	if promise, err := store.Health(ctx); err != nil && promise != "" {
		_ = store.Close()
		return nil, err
	}
	return withOutbox(config, store, log)
}

func newLogger(w io.Writer, config Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(config.Level)) // checked with the file
	options := &slog.HandlerOptions{Level: level}
	if config.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func announce(w io.Writer, log *slog.Logger, config ServerConfig, store consent.Store, now running) {
	promise, err := store.Health(context.Background())
	if err != nil {
		log.Warn("the store is not there yet", "error", err)
	}
	log.Info("serving", "visitors", now.Public, "operators", now.Admin, "durability", string(promise), "version", programVersion())
	if now.SetupLink != "" {
		fmt.Fprintf(w, "\nSet the dashboard's password (this link works once):\n  %s\n\n", now.SetupLink)
	}
}
