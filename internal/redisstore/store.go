// Package redisstore keeps records, artefacts and counters in Redis 6.2 or
// newer, for installations with more than one server. It never acknowledges a
// record before Redis has, and never touches a key outside a site's own.
package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// schema is the version of everything that keys.go and entry.go lay down. Version
// 1 lacked erasures, checkpoints and tiles; since nothing that it wrote is read
// otherwise, a site becomes a newer version with the next write. Version 2 counted
// in hashes (c:{site}:<hour>), and did not tell an answer to a banner from a later
// change, so that no rate of the present ones follows from them: they are not read.
const schema = 3

// ErrNewer is a site whose keys a newer program has written. It comes wrapped
// in consent.ErrUnavailable.
var ErrNewer = errors.New("the data was written by a newer program")

// errClosed is a store after Close.
var errClosed = fmt.Errorf("%w: it was closed", consent.ErrUnavailable)

// Options bound what the store may take. Zero values mean the defaults.
type Options struct {
	// Timeout bounds one round trip to Redis, its fsync included. Default 2 s.
	Timeout time.Duration
	// DialTimeout bounds one attempt to connect. Default 1 s.
	DialTimeout time.Duration
	// Wait bounds an append from queue to answer. Default 5 s.
	Wait time.Duration
	// Queue is how many appends may wait; more are refused with ErrBusy.
	// Default 4096.
	Queue int
	// Batch is how many appends share one script call. Default 64, at most 256:
	// Redis does nothing else while a script runs.
	Batch int
	// Flushers is how many batches may be on their way at once. Default 2.
	Flushers int
	// Scrub is the least time between two rewrites of Redis' files after
	// erasures. Default 5 min.
	Scrub time.Duration
	// Held is how many different counters may be held back for AddCounts;
	// more are refused with ErrBusy. Default 65536.
	Held int
	// Declared is what a Redis promises that does not say so itself, because it
	// forbids CONFIG as managed ones do. Empty: nothing.
	Declared consent.Durability
	// Sync waits for the disk of a Redis that syncs every second, where it can be
	// waited for (WAITAOF, from 7.2 on): records are durable then, and an append
	// takes up to a second longer.
	Sync bool
	// Log gets what the driver says, at debug level, and counters that were
	// lost. Default: nothing is logged.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 2*time.Second)
	o.DialTimeout = cmp.Or(o.DialTimeout, time.Second)
	o.Wait = cmp.Or(o.Wait, 5*time.Second)
	o.Queue = cmp.Or(o.Queue, 4096)
	o.Batch = min(cmp.Or(o.Batch, 64), maxBatch)
	o.Flushers = cmp.Or(o.Flushers, 2)
	o.Scrub = cmp.Or(o.Scrub, 5*time.Minute)
	o.Held = cmp.Or(o.Held, 1<<16)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store is a consent.Store on Redis. Appends of all callers are collected into
// batches; whatever Redis cannot do now is consent.ErrUnavailable, and the next
// call tries again.
type Store struct {
	client  redis.UniversalClient
	options Options
	scripts scripts
	queue   chan *job
	crowd   crowd
	counts  heldCounts
	waits   sync.Map // sites with counters to fold
	health  probed
	met     met
	marks   marks
	readyAt atomic.Pointer[int64] // renewals as of which what records refer to is there, nil: nobody says
	schemas sync.Map              // sites whose schema was seen to be this program's, each at which connection
	listed  sync.Map              // sites that were seen in the set of all and recognised, likewise
	scrubs  scrubs
	// connections is how many there have been: at the next one Redis may be another, and
	// what was seen in it is looked at again.
	connections atomic.Int64

	closing  sync.RWMutex // held for reading while a job enters the queue
	closed   bool
	stop     chan struct{}
	flushers sync.WaitGroup
	wider    sync.Once
	ticker   sync.WaitGroup
	address  *redis.UniversalOptions // for replicas beside the client
}

// Open connects to a Redis, see Address for the forms of its URL.
// A Redis that cannot be reached, or is loading its data, is no error: Health
// says so, and the store works as soon as it is there. A bad URL is an error,
// and so is a Redis that refuses this program (ErrUnavailable wraps why).
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	a, err := ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open redis: %w", err)
	}
	return open(ctx, &a.options, o)
}

// open makes the client that fits the topology: the rest knows
// redis.UniversalClient only, and every script names its keys, all of one site.
func open(ctx context.Context, u *redis.UniversalOptions, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{
		options: o, scripts: newScripts(), queue: make(chan *job, o.Queue), crowd: newCrowd(),
		counts: newHeldCounts(o.Held), health: newProbed(), met: newMet(), marks: newMarks(), stop: make(chan struct{}),
		scrubs: newScrubs(),
	}
	redis.SetLogger(driverLog{o.Log})
	s.address = s.bounded(u)
	s.client = redis.NewUniversalClient(s.address)
	if _, err := s.Health(ctx); refuses(err) {
		_ = s.client.Close()
		return nil, fmt.Errorf("open redis: %w", err)
	}
	s.met.open()
	for range o.Flushers {
		s.flushers.Go(func() { s.flushJobs(o.Batch) })
	}
	s.ticker.Go(s.keepUp)
	s.ticker.Go(s.keepClean)
	return s, nil
}

// askEvery is how many times holdBack the promise may go unasked for.
const askEvery = 10

// keepUp writes the counters that were held back and lets Health look again.
func (s *Store) keepUp() {
	tick := time.NewTicker(holdBack)
	defer tick.Stop()
	adopted := false
	for n := 1; ; n++ {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.health.expire()
			if n%askEvery == 0 {
				_, _ = s.Health(context.Background()) // whoever needs to know asks as well
				s.watch(context.Background())
			}
			adopted = adopted || s.adopt(context.Background()) == nil
			_ = s.flushCounts(context.Background()) // what failed is kept and tried again
			_ = s.foldAll(context.Background())     // likewise
		}
	}
}

// Close writes what was accepted and releases the connections. With a Redis that
// does not answer it takes Options.Wait and a few timeouts.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	close(s.stop)
	s.closing.Unlock()
	s.flushers.Wait()
	s.ticker.Wait()
	lost := s.flushCounts(context.Background())
	_ = s.foldAll(context.Background()) // else whoever comes next does it
	return errors.Join(lost, s.client.Close())
}

// ready refuses work on a closed store or under a context that has ended.
func (s *Store) ready(ctx context.Context) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	return nil
}

// seen reports whether something was seen at the newest connection, as all were since.
func seen(at *sync.Map, site string, connection int64) bool {
	n, ok := at.Load(site)
	return ok && n == connection
}

// readable is ready for a site's data, which must be of this program's schema.
func (s *Store) readable(ctx context.Context, site string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	connection := s.connections.Load()
	if seen(&s.schemas, site, connection) {
		return nil
	}
	version, err := s.client.HGet(ctx, factsKey(site), "schema").Int()
	switch {
	case errors.Is(err, redis.Nil):
		return nil // nothing was written yet
	case err != nil:
		return unavailable(err)
	case version > schema:
		return unavailable(fmt.Errorf("site %s has schema %d, this program knows %d: %w", site, version, schema, ErrNewer))
	}
	s.schemas.Store(site, connection)
	return nil
}
