package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/shards"
	"github.com/consentry/consentry/internal/siteconfig"
)

// siteSet is the sites that are being served, and what is wrong with their
// files now.
type siteSet struct {
	config ServerConfig
	ring   *consent.Keyring
	api    *api.API
	whole  *shards.Store
	logs   *logSet
	log    *slog.Logger

	editing  sync.Mutex // of a site's file
	mu       sync.Mutex
	served   []*api.Site
	problems []string
	found    []siteconfig.Problem // in the files, warnings included
	pending  bool                 // a site could not be published; try again soon
}

func newSiteSet(config ServerConfig, ring *consent.Keyring, visitors *api.API, whole *shards.Store, logs *logSet, log *slog.Logger) *siteSet {
	return &siteSet{config: config, ring: ring, api: visitors, whole: whole, logs: logs, log: log}
}

// Configured returns the sites as configured, for the dashboard.
func (s *siteSet) Configured() []*consent.Site {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*consent.Site, len(s.served))
	for i, site := range s.served {
		list[i] = site.Site
	}
	return list
}

// Findings returns what is wrong in a site's file as it is now.
func (s *siteSet) Findings(site *consent.Site) (list []siteconfig.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.found {
		if p.File == site.Source {
			list = append(list, p)
		}
	}
	return list
}

// Problems returns what is wrong with the files and the transparency logs as they
// are now.
func (s *siteSet) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.problems, s.logs.problems())
}

func readSites(config ServerConfig) ([]*consent.Site, []siteconfig.Problem) {
	return siteconfig.LoadSites(os.DirFS(config.dir), filepath.ToSlash(config.Sites), catalogue.Files, components.Locales)
}

// load reads the site files for the first time. A site with a mistake is left
// out; when none is left there is nothing to serve, and that is an error.
func (s *siteSet) load(ctx context.Context) error {
	s.reload(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.served) == 0 && !s.pending {
		return errors.New("no site can be served: mend what was reported, check with: consentry check")
	}
	return nil
}

// reload reads the site files, publishes what changed and swaps it in between
// two requests. Whatever cannot be read or published stays as it was.
func (s *siteSet) reload(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	configured, found := readSites(s.config)
	found = append(found, s.config.checkBrief(configured...)...)
	s.problems, s.found, s.pending = nil, found, false
	s.readKeys()
	broken := s.report(found)
	next := s.publish(ctx, configured, broken)
	s.served = append(next, s.kept(next, broken)...)
	s.api.SetSites(s.served)
	s.logs.follow(s.served)
	s.log.Info("sites", "served", len(s.served), "problems", len(s.problems))
}

// readKeys takes over rotated cookie keys. A file with another root is another
// installation's: with it every choice and receipt would be void.
func (s *siteSet) readKeys() {
	path := s.config.KeysPath()
	ring, err := readKeyring(path)
	if err == nil && ring.RootCheck() != s.ring.RootCheck() {
		err = fmt.Errorf("%s: %w", path, api.ErrRoot)
	}
	if err != nil {
		s.problem("keys", err.Error())
		return
	}
	s.ring = ring
}

func (s *siteSet) problem(what, detail string) {
	s.problems = append(s.problems, detail)
	s.log.Error(what, "problem", detail)
}

// report logs what is wrong with the files and returns which cannot be used.
func (s *siteSet) report(found []siteconfig.Problem) (broken map[string]bool) {
	broken = make(map[string]bool)
	for _, p := range found {
		if p.Warning {
			s.log.Warn("site file", "problem", p.String())
			continue
		}
		broken[p.File] = true
		s.problem("site file", p.String())
	}
	return broken
}

// publish renders the sites and stores what they show; the files of those that
// fail are added to broken. Under a key file that one of them does not belong to
// none is published.
func (s *siteSet) publish(ctx context.Context, configured []*consent.Site, broken map[string]bool) (published []*api.Site) {
	foreign := s.checkRoots(ctx, configured)
	for _, site := range slices.DeleteFunc(configured, func(site *consent.Site) bool { return broken[site.Source] }) {
		built, err := s.build(ctx, site, foreign)
		if err == nil {
			published = append(published, built)
			continue
		}
		broken[site.Source] = true
		if errors.Is(err, consent.ErrUnavailable) {
			s.pending = true
			s.problem("site cannot be published yet", err.Error())
		} else {
			s.problem("site", err.Error())
		}
	}
	return published
}

func (s *siteSet) checkRoots(ctx context.Context, configured []*consent.Site) error {
	for _, site := range configured {
		if err := s.api.CheckRoot(ctx, site.ID, s.ring.RootCheck()); err != nil {
			return err
		}
	}
	return nil
}

func (s *siteSet) build(ctx context.Context, site *consent.Site, foreign error) (*api.Site, error) {
	if foreign != nil {
		return nil, foreign
	}
	built, err := api.NewSite(ctx, site, s.ring, programVersion())
	if err != nil {
		return nil, err
	}
	if err := s.spread(ctx, site); err != nil {
		return nil, err
	}
	return built, s.api.Publish(ctx, built)
}

// spread begins the logs that a site is to have.
func (s *siteSet) spread(ctx context.Context, site *consent.Site) error {
	if _, embedded := s.config.StoreFile(); embedded && site.Shards > 1 {
		names, err := shards.Names(ctx, s.whole.Store, site.ID)
		if err != nil {
			return err
		}
		if len(names) < site.Shards { // one that came from a Redis has its logs already
			return fmt.Errorf("%s: %w", site.Source, errOneWriter)
		}
	}
	for _, log := range site.Logs() {
		if err := s.logs.begin(ctx, log); err != nil {
			return err
		}
	}
	return s.whole.Grow(ctx, site.ID, max(site.Shards, 1))
}

// errOneWriter is a site of the embedded store that is to have several logs.
var errOneWriter = errors.New("shards: the embedded store has one writer, so that several logs of a site gain nothing: write shards: 1, or name a Redis Cluster as store in " + configFile)

// kept returns the sites that go on as they were: those whose file is still
// there and cannot be used as it is.
func (s *siteSet) kept(next []*api.Site, broken map[string]bool) []*api.Site {
	replaced := make(map[string]bool)
	for _, site := range next {
		replaced[site.ID] = true
	}
	var list []*api.Site
	for _, site := range s.served {
		if !replaced[site.ID] && broken[site.Source] {
			list = append(list, site)
		}
	}
	return list
}

// settle is how long files must be quiet before they are read: editors write in
// several steps.
const settle = 150 * time.Millisecond

// retry is how soon a site that could not be published is tried again.
const retry = 2 * time.Second

// watch reloads on changes of the site files and on hangups, until ctx ends.
func (s *siteSet) watch(ctx context.Context, changes <-chan fsnotify.Event, hangup <-chan os.Signal) {
	quiet := time.NewTimer(time.Hour)
	again := time.NewTicker(retry)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			s.reload(ctx)
		case <-changes:
			quiet.Reset(settle)
		case <-quiet.C:
			s.reload(ctx)
		case <-again.C:
			if s.isPending() {
				s.reload(ctx)
			}
		}
	}
}

func (s *siteSet) isPending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending
}

// changes watches the folder of the site files. Where the system cannot, SIGHUP
// still works, and the log says so.
func (s *siteSet) changes() (<-chan fsnotify.Event, func()) {
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		err = watcher.Add(s.config.SitesDir())
	}
	if err != nil {
		s.log.Warn("site files are not watched; send SIGHUP after a change", "error", err)
		return nil, func() {}
	}
	go func() {
		for err := range watcher.Errors {
			s.log.Warn("watch site files", "error", err)
		}
	}()
	return watcher.Events, func() { _ = watcher.Close() }
}

// readKeyring reads the key file. Without it the server must not start: new
// keys over an old store would orphan every cookie and receipt.
func readKeyring(path string) (*consent.Keyring, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no key file %s. For a new installation: consentry keys new. "+
			"For an existing one restore it from your backup; with new keys nobody's choice and no receipt would be valid any more", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	ring, err := consent.ParseKeyring(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ring, nil
}
