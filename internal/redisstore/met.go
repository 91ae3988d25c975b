package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// errMet is what the first connection ends with to a server that was restarted.
var errMet = errors.New("the server was restarted, or is another one now; it may lack what was written last, and is asked again")

// met are the servers that have answered as masters, by their run ids, which are new
// after every start.
type met struct {
	mu     sync.Mutex
	ids    map[string]bool
	opened bool // those who are met from now on were not there at first
}

func newMet() met { return met{ids: make(map[string]bool)} }

// meet notes who answers on a new connection, and refuses the first one to a server
// that was not there at first: whoever was about to write to it has to hear first that
// it may lack what was written last. Of a server that does not say who it is, as where
// INFO is forbidden, marks find out what it lacks.
func (m *met) meet(ctx context.Context, conn *redis.Conn) error {
	info, err := infoOf(ctx, conn)
	id := info["run_id"]
	if err != nil || info["role"] != "master" || id == "" { // a replica, a Sentinel
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known, first := m.ids[id], len(m.ids) == 0
	m.ids[id] = true
	if known || first || !m.opened {
		return nil
	}
	return errMet
}

func (m *met) open() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened = true
}

// Renewals is how many servers have answered as masters, and how often a site's data
// were others than before. It grows when a server was restarted or another took its
// place, and when one was emptied: what was acknowledged may be gone then.
// Whoever writes while that happens finds it grown when the write returns.
func (s *Store) Renewals() int64 {
	s.met.mu.Lock()
	defer s.met.mu.Unlock()
	return int64(len(s.met.ids)) + s.marks.losses()
}

// errUnready is a Redis that may lack what records refer to.
var errUnready = fmt.Errorf("%w: redis was restarted or has lost something, and gets what records refer to before records", consent.ErrUnavailable)

// Ready notes that Redis has what records refer to, as of so many renewals. Once
// somebody has said so, nothing is appended after another renewal before it is said
// again: a record that was on its way would come before its notice.
func (s *Store) Ready(renewals int64) { s.readyAt.Store(&renewals) }

func (s *Store) isReady() bool {
	at := s.readyAt.Load()
	return at == nil || *at == s.Renewals()
}
