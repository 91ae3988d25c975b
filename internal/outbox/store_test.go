package outbox

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
)

// brisk is for tests that wait for the outbox to do something. Its time is that of
// the entries in these tests.
func brisk() Options {
	now := clock{}
	return Options{Now: now.now, Patience: 20 * time.Second, Probe: 10 * time.Millisecond, Settle: 50 * time.Millisecond}
}

func first() Options {
	o := brisk()
	o.First = true
	return o
}

// opened opens an outbox and closes it when the test ends.
func opened(t testing.TB, dir string, inner consent.Store, o Options) *Store {
	t.Helper()
	s, err := Open(dir, inner, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func embedded(t testing.TB, path string) consent.Store {
	t.Helper()
	s, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func overRedis(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), url, redisstore.Options{Timeout: 5 * time.Second, Wait: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func modes() map[string]Options { return map[string]Options{"beside": brisk(), "first": first()} }

// The contract holds with an outbox in front, whichever way it works.
func TestStoreWithAnOutbox(t *testing.T) {
	t.Parallel()
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) consent.Store {
				dir := t.TempDir()
				return opened(t, filepath.Join(dir, "outbox"), embedded(t, filepath.Join(dir, "store.db")), o)
			})
		})
	}
}

// What was acknowledged outlives closing and opening the outbox and its store.
func TestStoreWithAnOutboxReopened(t *testing.T) {
	t.Parallel()
	for mode, o := range modes() {
		t.Run(mode, func(t *testing.T) {
			storetest.RunReopened(t, func(t *testing.T) (consent.Store, func(*testing.T) consent.Store) {
				dir := t.TempDir()
				open := func(t *testing.T) consent.Store {
					s := opened(t, filepath.Join(dir, "outbox"), embedded(t, filepath.Join(dir, "store.db")), o)
					drained(t, s)
					return s
				}
				return open(t), open
			})
		})
	}
}

// The contract holds on Redis, and on a cluster, with what is lost in a failover
// written first.
func TestRedisWithAnOutbox(t *testing.T) {
	t.Parallel()
	one := storetest.StartRedis(t)
	three := storetest.StartCluster(t)
	for name, c := range map[string]struct {
		o     Options
		url   string
		empty func()
	}{
		"standalone":       {brisk(), one.URL(), func() { one.MustDo("FLUSHALL") }},
		"standalone first": {first(), one.URL(), func() { one.MustDo("FLUSHALL") }},
		"cluster":          {first(), three.URL(), three.FlushAll},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) consent.Store {
				c.empty()
				return placed{opened(t, t.TempDir(), overRedis(t, c.url), c.o)}
			})
		})
	}
}

// The contract holds under Sentinels with the master dying in the middle of it,
// before and during tests: with the outbox no caller notices.
func TestSentinelsWithAnOutbox(t *testing.T) {
	t.Parallel()
	servers := storetest.StartWatched(t, "--appendonly", "yes", "--appendfsync", "always")
	servers.Watch(time.Minute) // a failover that nobody meant loses places that were given
	var begun atomic.Int32
	storetest.Run(t, func(t *testing.T) consent.Store {
		if begun.Add(1) == 15 {
			servers.Watch(time.Second)
			servers.KillMaster().Restart()
			servers.Watch(time.Minute)
		}
		inner := overRedis(t, servers.URL())
		healthy(t, inner)
		servers.Master().MustDo("FLUSHALL")
		return placed{opened(t, t.TempDir(), inner, first())}
	})
}

// placed answers when an entry has its place in the log. While a master is slower
// than Patience, or another one is being found, entries wait in the outbox without
// one, and two answers of -1 would be taken for one place given twice.
type placed struct{ *Store }

// Prune tries again while the store is away: nothing is pruned then, and whoever
// prunes comes back.
func (p placed) Prune(ctx context.Context, site string, ids []consent.ID) error {
	for {
		err := p.Store.Prune(ctx, site, ids)
		if !errors.Is(err, consent.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (p placed) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	stored, dup, err := p.Store.Append(ctx, e)
	for err == nil && stored.Index < 0 {
		select {
		case <-ctx.Done():
			return consent.Stored{}, false, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
		stored, err = p.Store.Record(ctx, e.Site, e.Record)
	}
	return stored, dup, err
}

func healthy(t testing.TB, s consent.Store) {
	t.Helper()
	until(t, "the store is healthy", func() bool { _, err := s.Health(t.Context()); return err == nil })
}

// drained waits until nothing waits and the store is asked again.
func drained(t testing.TB, s *Store) {
	t.Helper()
	until(t, "the outbox is handed over", func() bool {
		st := s.Status()
		return !st.Away && st.Waiting == 0
	})
}

// emptied waits until nothing is left in the files.
func emptied(t testing.TB, s *Store) {
	t.Helper()
	until(t, "the files are empty", func() bool {
		st := s.Status()
		return !st.Away && st.Waiting+st.Kept == 0 && st.Bytes <= int64(len(magic))
	})
}

func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// faulty is a real store that a test can take away.
type faulty struct {
	consent.Store
	away  atomic.Bool
	asked atomic.Int64
	lose  atomic.Bool // carries out an append and says that it failed
}

func (f *faulty) fault() error {
	f.asked.Add(1)
	if f.away.Load() {
		return consent.ErrUnavailable
	}
	return nil
}

func (f *faulty) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if err := f.fault(); err != nil {
		return consent.Stored{}, false, err
	}
	stored, dup, err := f.Store.Append(ctx, e)
	if err == nil && f.lose.Load() {
		return consent.Stored{}, false, consent.ErrUnavailable
	}
	return stored, dup, err
}

func (f *faulty) Record(ctx context.Context, site string, id consent.ID) (consent.Stored, error) {
	if err := f.fault(); err != nil {
		return consent.Stored{}, err
	}
	return f.Store.Record(ctx, site, id)
}

func (f *faulty) History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.Store.History(ctx, site, subject)
}

func (f *faulty) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.Store.PutArtefact(ctx, site, a)
}

func (f *faulty) Artefact(ctx context.Context, site, digest string) (consent.Artefact, error) {
	if err := f.fault(); err != nil {
		return consent.Artefact{}, err
	}
	return f.Store.Artefact(ctx, site, digest)
}

func (f *faulty) Artefacts(ctx context.Context, site, kind string) ([]consent.Artefact, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.Store.Artefacts(ctx, site, kind)
}

func (f *faulty) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.Store.Erase(ctx, site, list)
}

func (f *faulty) Health(ctx context.Context) (consent.Durability, error) {
	if err := f.fault(); err != nil {
		return "", err
	}
	return f.Store.Health(ctx)
}
