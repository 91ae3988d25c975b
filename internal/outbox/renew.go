package outbox

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// Renewing is a store that notices when a server answers it that has not done so
// before, or has other data than before: one that was restarted or emptied, or another.
// What was acknowledged last may be gone from it, or everything.
type Renewing interface {
	// Renewals is how many servers, and other data, there have been.
	Renewals() int64
	// Ready tells it that it has what records refer to, as of so many renewals: it
	// appends nothing to what it has met since, not even what is on its way.
	Ready(renewals int64)
}

// errRenewed is a store in which nobody has looked for what records refer to since it
// was restarted or has lost some.
var errRenewed = fmt.Errorf("%w: it was restarted or has lost something, and what records refer to is looked for in it first", consent.ErrUnavailable)

func (s *Store) renewals() int64 {
	if store, ok := s.Store.(Renewing); ok {
		return store.Renewals()
	}
	return 0
}

// ready lets the store take records again.
func (s *Store) ready(renewals int64) {
	if store, ok := s.Store.(Renewing); ok {
		store.Ready(renewals)
	}
}

// renewed returns errRenewed when the store may lack what records refer to.
func (s *Store) renewed() error {
	if s.renewals() != s.met.Load() {
		return errRenewed
	}
	return nil
}

// putAgain puts into the store what records refer to and it has lost: of the artefacts
// that this process has put or seen there, and of those that records refer to which an
// earlier one has left, those that it does not list, or lists and does not have. A record
// on a notice that nobody holds would prove nothing. It reports whether all is there.
func (s *Store) putAgain(ctx context.Context) bool {
	missing, err := s.missing(ctx)
	for n := 0; n < len(missing) && err == nil; n++ {
		err = s.putCopy(ctx, missing[n])
	}
	if err != nil {
		s.blame(err)
		return false
	}
	if len(missing) > 0 {
		s.options.Log.Warn("the store lacked what records refer to, as one does that was emptied, or restarted without its last second; it was put there again", "artefacts", len(missing))
	}
	return true
}

// missing lists what the store lacks, in the order in which it had it.
func (s *Store) missing(ctx context.Context) (list []seen, err error) {
	held, listed := make(map[artefactKey]bool), make(map[artefactKey]bool)
	for _, one := range s.copies.seenHere() {
		if kind := (artefactKey{one.site, one.kind}); !listed[kind] {
			within, cancel := context.WithTimeout(ctx, s.options.Patience)
			there, err := s.Store.Artefacts(within, one.site, one.kind)
			cancel()
			if err != nil {
				return nil, err
			}
			for _, a := range there {
				held[artefactKey{one.site, a.Digest}] = true
			}
			listed[kind] = true
		}
		there := held[one.artefactKey]
		if there {
			if there, err = s.holds(ctx, one); err != nil {
				return nil, err
			}
		}
		if !there {
			list = append(list, one)
		}
	}
	return list, nil
}

// holds reports whether the store has an artefact that it lists: an evicting one may have
// dropped its bytes alone. One that cannot be read while the store answers counts as
// there: decisions must not end for it.
func (s *Store) holds(ctx context.Context, one seen) (bool, error) {
	within, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	_, err := s.Store.Artefact(within, one.site, one.digest)
	switch {
	case errors.Is(err, consent.ErrNotFound):
		return false, nil
	case err == nil || s.healthy(ctx):
		return true, nil
	}
	return false, err
}

// recollect takes all for seen that an earlier run has copied of some sites: what that
// run has left may refer to it, and this one may never see it otherwise.
func (c *copies) recollect(sites map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []seen
	for key := range c.known {
		if sites[key.site] {
			found = append(found, seen{key, c.kindOf(key)})
		}
	}
	kinds := consent.ReferredKinds()
	slices.SortFunc(found, func(a, b seen) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.kind), slices.Index(kinds, b.kind)), cmp.Compare(a.digest, b.digest))
	})
	for _, one := range found {
		c.note(one.artefactKey, one.kind)
	}
}

// kindOf reads the kind of a copy, "" of one that cannot be read.
func (c *copies) kindOf(key artefactKey) string {
	f, err := os.Open(filepath.Join(c.dir, key.site, key.digest))
	if err != nil {
		return ""
	}
	defer f.Close()
	var a consent.Artefact
	if head, err := bufio.NewReader(f).ReadBytes('\n'); err != nil || json.Unmarshal(head, &a) != nil {
		return ""
	}
	return a.Kind
}

// putCopy puts one artefact. One that cannot be put stops the others only while the
// store is away: grants must not end for it.
func (s *Store) putCopy(ctx context.Context, one seen) error {
	a, ok := s.copies.artefact(one.site, one.digest)
	if !ok {
		s.options.Log.Error("the store has lost an artefact of which there is no copy here: send the server SIGHUP, which publishes its sites again",
			"site", one.site, "kind", one.kind, "digest", one.digest)
		return nil
	}
	within, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	err := s.Store.PutArtefact(within, one.site, a)
	if err == nil || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || !s.healthy(ctx) {
		return err
	}
	if s.copies.refused(one.artefactKey) < stuckAfter {
		return err
	}
	s.options.Log.Error("the store has lost an artefact and refuses it now; records that refer to it cannot be proved",
		"site", one.site, "kind", one.kind, "digest", one.digest, "error", err)
	return nil
}

// blame notes why the store is still taken to be away.
func (s *Store) blame(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		s.why = err
	}
}
