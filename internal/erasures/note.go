package erasures

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

const (
	// noteAfter is how long whoever erases has for noting it, see consent.EraseNoted.
	noteAfter = time.Minute
	// maxWaiting is how many erasures are looked after whose records are not in the
	// log. Further ones are after the next start.
	maxWaiting = 1000
)

// telling is how far a log is known to tell of the store's erasures. Only Note uses it.
type telling struct {
	noted   consent.Noted
	read    int64             // how many of the erasures were looked up
	waiting []consent.Erasure // of these, for a place in the log
}

// Note has the logs tell of erasures that they do not tell of, and returns how many
// these were. It is for the store that Sync was called with, after it. The first
// call looks up every erasure, further ones those that are new.
func (l *List) Note(ctx context.Context, store consent.Store, now time.Time) (noted int, err error) {
	l.noting.Lock()
	defer l.noting.Unlock()
	l.mu.Lock()
	names := slices.Sorted(maps.Keys(l.sites))
	l.mu.Unlock()
	for _, name := range names {
		n, err := l.telling(name).note(ctx, store, name, now)
		noted += n
		if err != nil {
			return noted, fmt.Errorf("note erasures of %s: %w", name, err)
		}
	}
	return noted, nil
}

// telling begins anew where the store has lost something.
func (l *List) telling(name string) *telling {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sites[name]
	if s.telling == nil {
		s.telling = &telling{}
	}
	return s.telling
}

func (t *telling) note(ctx context.Context, store consent.Store, name string, now time.Time) (int, error) {
	due, read := slices.Clone(t.waiting), t.read
	err := store.Erasures(ctx, name, t.read, func(at int64, e consent.Erasure) bool {
		if age := now.Sub(e.Time); age >= 0 && age < noteAfter {
			return false // its note may be on its way
		}
		due, read = append(due, e), at+1
		return true
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	noted, waiting, err := t.noted.NoteAfterwards(ctx, store, name, due, now)
	if err != nil {
		return noted, err
	}
	t.read, t.waiting = read, waiting[:min(len(waiting), maxWaiting)]
	return noted, nil
}
