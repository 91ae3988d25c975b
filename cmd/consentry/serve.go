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
	"sync"
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
func serve(ctx context.Context, env environment, config ServerConfig, ready func(running)) error {
	// Until the very end, since the system's answer to a hangup is to end us.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	r := &runner{
		env: env, config: config, log: newLogger(env.stderr, config.Log), hangup: hangup, ready: ready,
		exchanges: make(chan *exchange), ended: make(chan struct{}),
	}
	return r.run(ctx)
}

// serve serves until ctx ends, or until next is to take the place of the store. It
// begins on what the last exchange has left, which is nil at the start.
func (r *runner) serve(ctx context.Context, last *exchange) (next *exchange, err error) {
	env, config, log := r.env, r.config, r.log
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return nil, err
	}
	configured, _ := readSites(config) // what else is wrong is said when they are published
	if err := report(env.stderr, inDir(config.dir, config.checkBrief(configured...))); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.DataDir(), 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	store, err := openListed(ctx, config, log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := store.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close store: %w", closeErr)
		}
	}()
	if last.restored() {
		if err := store.sync(ctx); err != nil { // what was erased since the backup must not be seen for a moment
			return nil, fmt.Errorf("erase again what the backup brings back: %w", err)
		}
	}
	logs, err := newLogSet(env, config, ring, store, log)
	if err != nil {
		return nil, err
	}
	defer func() { logs.finish(next == nil) }() // what an exchange may lose is not to be signed
	whole := shards.New(store, env.now)
	visitors := &api.API{Store: whole, Now: env.now, Log: log, Transparency: logs.find}
	sites := newSiteSet(config, ring, visitors, whole, logs, log)
	changes, unwatch := sites.changes() // before the files are read, to miss none
	defer unwatch()
	if err := sites.load(ctx); err != nil {
		return nil, err
	}
	serving, asked := r.await(ctx)
	defer asked()
	accounts := dashboard.NewAccountsFile(config.AccountsPath())
	due := newPurges(config.Keeps(), env.now, log)
	desk, err := newDesk(serving, env, config, ring, store, visitors, sites, due, accounts, log)
	if err != nil {
		return nil, err
	}
	requests := newBacklog(visitors, env.now, log)
	srv, err := newServer(env, config, log, store, visitors, desk, sites, due, requests)
	if err != nil {
		return nil, err
	}
	visitors.Observe, visitors.ObserveSignal = srv.Metrics.Decision, srv.Metrics.Signal
	if err := r.listen(ctx); err != nil {
		return nil, err
	}
	bench := workbench{env: env, config: config, ring: ring, store: store, whole: whole, logs: logs, accounts: accounts, exchange: r.ask}
	r.takeCommands(ctx, bench)
	watching, stop := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	defer func() { stop(); watchers.Wait() }()
	watchers.Go(func() { due.watch(watching, &bench) })
	watchers.Go(func() { sites.watch(watching, changes, r.hangup) })
	watchers.Go(func() { store.keepErased(watching, env.now) })
	watchers.Go(func() { requests.watch(watching) })
	watchers.Go(func() { keepSettled(watching, store, logs) })
	r.begin(last, desk, &bench)
	err = srv.Run(serving, r.public.turn(ctx), r.admin.turn(ctx))
	if next = asked(); next == nil {
		r.endCommands()
	}
	return next, err
}

// begin tells that the server has begun.
func (r *runner) begin(last *exchange, desk *dashboard.Dashboard, bench *workbench) {
	now := running{Public: r.public.Addr().String(), Admin: r.admin.Addr().String()}
	now.SetupLink, _ = desk.SetupLink("http://" + now.Admin)
	announce(r.env.stderr, r.log, r.config, bench.store, now)
	if last != nil {
		last.tell(bench)
		return
	}
	if path, embedded := r.config.StoreFile(); embedded {
		if err := sqlitestore.DropPrevious(path); err != nil {
			r.log.Error("what a restore that was broken off has left is not removed", "error", err)
		}
	}
	r.ready(now)
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
		Store: sites.whole, Outbox: outboxOf(store), Sites: sites.Configured, Seen: visitors.Sightings, Findings: sites.Findings, Purge: due.Of, Secret: secret,
		Requests: visitors.Requests, Settle: visitors.Settle, Transparency: visitors.Transparency, Schedule: sites.Schedule, EndExperiment: sites.EndExperiment, Examine: sites.Examine, Declare: sites.Declare, Catalogue: known,
		Accounts: accounts, Trail: &dashboard.Trail{Store: sites.whole, Sites: sites.Configured, Now: env.now}, OpenID: provider,
		Now: env.now, Ending: ctx.Done(), Log: log,
	})
}

func listen(ctx context.Context, config ServerConfig) (public, admin *net.TCPListener, err error) {
	var lc net.ListenConfig
	visitors, err := lc.Listen(ctx, "tcp", config.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("listen for visitors: %w; another program may use the port: choose one with --listen", err)
	}
	operators, err := lc.Listen(ctx, "tcp", config.AdminListen)
	if err != nil {
		_ = visitors.Close()
		return nil, nil, fmt.Errorf("listen for operators: %w; choose another address with --admin-listen", err)
	}
	return visitors.(*net.TCPListener), operators.(*net.TCPListener), nil
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
