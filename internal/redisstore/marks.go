package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/consentry/consentry/internal/consent"
)

// errLost is what a site's data are answered with that are not those of before.
var errLost = fmt.Errorf("%w: redis lacks what it had of the site: it was emptied, keys were deleted, an older state was put back, or a failover lost its last writes", consent.ErrUnavailable)

// marks is how a store tells whether a site's data in Redis are those that it has
// written to. A Redis can be emptied while it runs, and no server says so; neither does
// one that is restarted where INFO is forbidden.
//
// The mark in the site's facts goes with the data. It is checked by the script that
// appends, which reads the facts anyway, and so is that the log still reaches as far as
// this store knows. What the log says at that place is looked at on every new connection,
// without which no server can have been restarted.
type marks struct {
	mu        sync.Mutex
	sites     map[string]marked
	lost      int64                     // how often data were others than before
	artefacts map[string]map[string]int // by site and digest, how often each was lost
}

// marked is what is known of a site's data.
type marked struct {
	mark string   // "" while nobody knows
	old  string   // the mark of the data before, of which some is gone
	size int64    // entries that the log has at least
	leaf [32]byte // of the last of them
}

func newMarks() marks {
	return marks{sites: make(map[string]marked), artefacts: make(map[string]map[string]int)}
}

func (m *marks) of(site string) marked {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sites[site]
}

func (m *marks) keep(site, mark string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.sites[site]
	known.mark, known.old = mark, ""
	m.sites[site] = known
}

// reach notes that Redis has acknowledged an entry of the data with this mark.
func (m *marks) reach(site, mark string, index int64, leaf [32]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.sites[site]; known.mark == mark && index >= known.size {
		known.size, known.leaf = index+1, leaf
		m.sites[site] = known
	}
}

// lose forgets the data with this mark, which lack these artefacts, and reports whether
// it was the first to.
func (m *marks) lose(site, mark string, gone []string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sites[site].mark != mark || mark == "" {
		return false
	}
	m.sites[site] = marked{old: mark}
	m.lost++
	for _, digest := range gone {
		m.artefacts[site][digest]++
	}
	return true
}

func (m *marks) losses() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lost
}

func (m *marks) names() (list []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for site := range m.sites {
		list = append(list, site)
	}
	return list
}

// recognise makes sure that a site's data are those of before, and marks new ones.
// Errors: errLost, once; the next call takes the data for what they are.
func (s *Store) recognise(ctx context.Context, site string) error {
	known := s.marks.of(site)
	// Nobody waits for the disk: a mark that is lost says so itself.
	mark, err := s.scripts.mark.Run(ctx, s.client, []string{factsKey(site)}, schema, rand.Text(), known.old).Text()
	if err != nil {
		return err
	}
	if known.mark != "" {
		holds := mark == known.mark
		if holds {
			holds, err = s.reaches(ctx, site, known)
		}
		if err != nil {
			return err
		}
		if !holds {
			return s.lose(site, known.mark)
		}
	}
	s.marks.keep(site, mark)
	return nil
}

// reaches reports whether the log has the last entry that is known of it.
func (s *Store) reaches(ctx context.Context, site string, known marked) (bool, error) {
	if known.size == 0 {
		return true, nil
	}
	piece, _, err := s.piece(ctx, site, known.size-1)
	if errors.Is(err, errLacks) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	list, err := decodePiece(site, piece)
	return slices.ContainsFunc(list, func(e consent.LogEntry) bool { return e.Index == known.size-1 && e.Leaf == known.leaf }), err
}

// lose notes that a site's data are not those of before, and says so once.
func (s *Store) lose(site, mark string, gone ...string) error {
	if s.marks.lose(site, mark, gone) {
		s.listed.Delete(site)
		s.schemas.Delete(site)
		s.options.Log.Error("redis lacks what it had of a site: it was emptied, keys were deleted, an older state was put back, or "+
			"a failover lost its last writes. Decisions are taken further, on notices that it is given again. If it lacks something that was signed, "+
			"the transparency log is not signed until that is back: restore Redis' files, or do as /readyz says", "site", site)
	}
	return errLost
}
