package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

const (
	// signEvery leaves room below the minute that a record may wait for its
	// checkpoint.
	signEvery = 15 * time.Second
	// settleTime is how long an entry is left alone in a store that may lose its
	// last seconds, see translog.Options.
	settleTime = 5 * time.Second
	// failoverTime is settleTime where replicas may take over. Until they have, a
	// master that is cut off from them goes on acknowledging what will be lost:
	// Sentinels wait 30 s by default and a cluster 15 s, and then they vote. With the
	// interval of rounds it stays below the minute, too.
	failoverTime = 40 * time.Second
	// finishTime is how long signing may hold up the end of a server.
	finishTime = 5 * time.Second
	// logTiles of up to 8 KB are kept in memory, for all sites together.
	logTiles = 1000
)

// checkpointDir keeps the newest checkpoint of each site in a folder of its own,
// outside the store; it implements translog.Memory.
type checkpointDir string

func (d checkpointDir) path(site string) string {
	return filepath.Join(string(d), site+".checkpoint")
}

func (d checkpointDir) Read(site string) ([]byte, error) {
	b, err := os.ReadFile(d.path(site))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// names lists the sites that there is a checkpoint of.
func (d checkpointDir) names() (list []string, err error) {
	files, err := os.ReadDir(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, file := range files {
		if name, ok := strings.CutSuffix(file.Name(), ".checkpoint"); ok {
			list = append(list, name)
		}
	}
	return list, err
}

func (d checkpointDir) Write(site string, checkpoint []byte) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return err
	}
	return writeWhole(d.path(site), checkpoint, publicMode, true)
}

// logSet is the transparency logs of the sites that are being served.
type logSet struct {
	store   translog.Store
	root    []byte
	memory  checkpointDir
	begun   keyFile
	settle  time.Duration
	anchors []translog.Anchor
	cache   *translog.Cache
	now     func() time.Time
	log     *slog.Logger

	mu    sync.Mutex
	logs  map[string]*servedLog
	ended bool
}

type servedLog struct {
	*translog.Log
	stop func() // nil while it is not run
}

func newLogSet(env environment, config ServerConfig, ring *consent.Keyring, store translog.Store, log *slog.Logger) (*logSet, error) {
	anchors, err := config.openAnchors()
	if err != nil {
		return nil, err
	}
	told := log
	if told == nil {
		told = slog.New(slog.DiscardHandler)
	}
	s := &logSet{
		store: store, root: ring.Root, memory: checkpointDir(config.CheckpointsDir()), anchors: anchors,
		begun: keyFile{config.KeysPath(), ring.RootCheck(), env.now, told}, settle: settleTime,
		cache: translog.NewCache(logTiles), now: env.now, log: log, logs: make(map[string]*servedLog),
	}
	if _, embedded := config.StoreFile(); embedded {
		s.settle = 0
	} else if config.mayFailOver() {
		s.settle = failoverTime
	}
	return s, nil
}

// of returns a site's log, a new one where there is none yet.
func (s *logSet) of(site *consent.Site) *servedLog {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logs[site.ID] == nil {
		s.logs[site.ID] = &servedLog{Log: translog.New(translog.Options{
			Site: site.ID, Origin: site.LogOrigin(), Root: s.root, Store: s.store, Memory: s.memory, Begun: s.begun, Cache: s.cache,
			Now: s.now, Log: s.log, Settle: s.settle, Anchors: s.anchors,
		})}
	}
	return s.logs[site.ID]
}

// begin remembers a site's log before its first entry. One that is remembered
// already needs no store, which may be away.
func (s *logSet) begin(ctx context.Context, site *consent.Site) error {
	if known, err := s.memory.Read(site.ID); err == nil && known != nil {
		if c, err := translog.ReadCheckpoint(known); err == nil {
			s.begun.keepNoted(site.ID, c.Origin)
		}
		return nil
	}
	return s.of(site).Begin(ctx)
}

// find implements api.API.Transparency.
func (s *logSet) find(site string) *translog.Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[site]; l != nil {
		return l.Log
	}
	return nil
}

// follow runs the logs of the sites that are served now, and no others, until
// finish.
func (s *logSet) follow(served []*api.Site) {
	wanted := make(map[string]bool)
	for _, site := range served {
		for _, log := range site.Logs() {
			wanted[log.ID] = true
			s.of(log)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, l := range s.logs {
		switch {
		case !wanted[id] && l.stop != nil:
			l.stop()
			delete(s.logs, id)
		case wanted[id] && l.stop == nil && !s.ended:
			l.stop = runLog(l.Log)
		}
	}
}

// runLog starts a log and returns what ends it and waits for it.
func runLog(l *translog.Log) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx, signEvery)
	}()
	return func() { cancel(); <-done }
}

// statuses tells how the logs are.
func (s *logSet) statuses() (list []translog.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.logs {
		list = append(list, l.Status())
	}
	return list
}

// signed tells how many entries of each log a checkpoint covers: none of one that has
// a problem, since what was signed may not be what the store holds.
func (s *logSet) signed() map[string]int64 {
	sizes := make(map[string]int64)
	for _, status := range s.statuses() {
		sizes[status.Site] = 0
		if status.Problem == "" {
			sizes[status.Site] = status.Signed
		}
	}
	return sizes
}

// problems says what keeps logs from being signed or anchored.
func (s *logSet) problems() (list []string) {
	for _, status := range s.statuses() {
		switch {
		case status.Problem != "":
			list = append(list, status.Problem)
		case !status.Waiting.IsZero() && s.now().Sub(status.Waiting) > time.Minute:
			list = append(list, fmt.Sprintf("site %s: entries have waited for a checkpoint since %s", status.Site, status.Waiting.UTC().Format(time.RFC3339)))
		}
		for _, a := range status.Anchors {
			if a.Problem != "" {
				list = append(list, "site "+status.Site+": "+a.Problem)
			}
		}
	}
	return list
}

// finish ends every log and, where it is to sign, signs what came last. It takes a
// moment at most: what it does not finish is signed after the next start.
func (s *logSet) finish(sign bool) {
	ctx, cancel := context.WithTimeout(context.Background(), finishTime)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for id, l := range s.logs {
		if l.stop == nil {
			continue
		}
		if l.stop(); !sign {
			continue
		}
		if err := l.Finish(ctx); err != nil {
			s.log.Warn("the last entries are not signed yet", "site", id, "error", err)
		}
	}
}
