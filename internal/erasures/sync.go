package erasures

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// perCall is how many records are erased again with one call.
const perCall = 500

// Store is a store whose erasures are in the list before they are made, so that
// none of them is lost between the two.
type Store struct {
	consent.Store
	List *List
}

// Append implements consent.Store. An entry that the list has as erased is not
// kept anew, wherever the store below keeps it meanwhile: it is answered as one
// that was erased.
func (s Store) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if s.List.has(e.Site, e.Record) {
		gone := consent.Entry{Site: e.Site, Record: e.Record, Time: e.Time, Leaf: e.Leaf}
		return consent.Stored{Entry: gone, Index: -1, Erased: true}, true, nil
	}
	return s.Store.Append(ctx, e)
}

// Erase implements consent.Store.
func (s Store) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	if err := s.List.Add(site, list); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	err := s.Store.Erase(ctx, site, list)
	if err != nil {
		s.List.doubt(site) // the next Sync makes up for it
	}
	return err
}

// Keeper is a store with copies of secrets on this server, such as an outbox, which
// another server's erasures do not reach.
type Keeper interface {
	// Forget overwrites the copies of these records' secrets, durably.
	Forget(ctx context.Context, site string, list []consent.Erasure) error
}

// Sync brings list and store together: what the store lacks, because an older
// backup was restored, is erased again; what another server has erased is added
// to the list, and forgotten by a store that is a Keeper. It returns how many were
// erased again. Calls after the first read only what is new in the store, or all
// when the store has lost something.
func (l *List) Sync(ctx context.Context, store consent.Store) (again int, err error) {
	if err := l.forgetListed(ctx, store); err != nil {
		return 0, fmt.Errorf("sync erasures: %w", err)
	}
	names, err := store.Sites(ctx)
	if err != nil {
		return 0, fmt.Errorf("sync erasures: %w", err)
	}
	l.mu.Lock()
	names = slices.AppendSeq(names, maps.Keys(l.sites))
	l.mu.Unlock()
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		n, err := l.syncSite(ctx, store, name)
		again += n
		if err != nil {
			return again, fmt.Errorf("sync erasures of %s: %w", name, err)
		}
	}
	return again, nil
}

// forgetListed does once what a crash may have kept from being done.
func (l *List) forgetListed(ctx context.Context, store consent.Store) error {
	l.mu.Lock()
	done, names := l.forgotten, slices.Collect(maps.Keys(l.sites))
	l.mu.Unlock()
	if done {
		return nil
	}
	for _, name := range names {
		if err := forget(ctx, store, name, l.missing(name, nil)); err != nil {
			return err
		}
	}
	l.mu.Lock()
	l.forgotten = true
	l.mu.Unlock()
	return nil
}

func forget(ctx context.Context, store consent.Store, name string, list []consent.Erasure) error {
	keeper, ok := store.(Keeper)
	if !ok || len(list) == 0 {
		return nil
	}
	if err := keeper.Forget(ctx, name, list); err != nil {
		return fmt.Errorf("forget what was erased: %w", err)
	}
	return nil
}

func (l *List) syncSite(ctx context.Context, store consent.Store, name string) (again int, err error) {
	read, last := l.progress(name)
	if read > 0 {
		intact, err := l.learn(ctx, store, name, read, last)
		if err != nil || intact {
			return 0, err
		}
	}
	there := make(map[consent.ID]bool)
	news, err := l.news(ctx, store, name, 0, func(id consent.ID) { there[id] = true })
	if err != nil {
		return 0, err
	}
	if err := forget(ctx, store, name, news); err != nil {
		return 0, err
	}
	if err := l.addRead(name, 0, news); err != nil {
		return 0, err
	}
	missing := l.missing(name, there)
	l.tellAnew(name)
	for chunk := range slices.Chunk(missing, perCall) {
		if err := store.Erase(ctx, name, chunk); err != nil {
			return again, err
		}
		again += len(chunk)
	}
	// what was erased again stands at the end of the store's list
	return again, l.recount(ctx, store, name, len(missing))
}

// tellAnew has Note look up all of a site's erasures, since notes may be lost too.
func (l *List) tellAnew(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.sites[name]; ok {
		s.telling = nil
	}
}

// doubt has all of a site compared again, since the store may lack what is listed.
func (l *List) doubt(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.sites[name]; ok {
		s.read = 0
	}
}

// progress returns how far the store's list was read.
func (l *List) progress(name string) (read int64, last consent.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.sites[name]; ok {
		return s.read, s.last
	}
	return 0, last
}

// learn reads on from the last erasure that was read, and reports whether that is
// still where it was.
func (l *List) learn(ctx context.Context, store consent.Store, name string, read int64, last consent.ID) (intact bool, err error) {
	first := true
	news, err := l.news(ctx, store, name, read-1, func(id consent.ID) {
		intact = intact || first && id == last
		first = false
	})
	if err != nil || !intact {
		return false, err
	}
	if err := forget(ctx, store, name, news[1:]); err != nil { // first, so that it is tried again
		return false, err
	}
	return true, l.addRead(name, read-1, news)
}

// news reads the store's erasures from a position on.
func (l *List) news(ctx context.Context, store consent.Store, name string, from int64, see func(consent.ID)) (list []consent.Erasure, err error) {
	err = store.Erasures(ctx, name, from, func(_ int64, e consent.Erasure) bool {
		see(e.Record)
		list = append(list, e)
		return true
	})
	return list, err
}

// addRead lists what was read from a position of the store's on.
func (l *List) addRead(name string, from int64, read []consent.Erasure) error {
	if len(read) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.add(name, read); err != nil {
		return err
	}
	s := l.sites[name]
	s.read, s.last = from+int64(len(read)), read[len(read)-1].Record
	return nil
}

// missing returns what is listed and not in the store, oldest first.
func (l *List) missing(name string, there map[consent.ID]bool) (list []consent.Erasure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.sites[name]
	if !ok {
		return nil
	}
	for id, at := range s.listed {
		if !there[id] {
			list = append(list, consent.Erasure{Record: id, Time: at})
		}
	}
	slices.SortFunc(list, func(a, b consent.Erasure) int {
		return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.Record[:], b.Record[:]))
	})
	return list
}

// recount reads what was erased again, and stands at the end of the store's list.
func (l *List) recount(ctx context.Context, store consent.Store, name string, added int) error {
	if added == 0 {
		return nil
	}
	read, _ := l.progress(name)
	news, err := l.news(ctx, store, name, read, func(consent.ID) {})
	if err != nil {
		return err
	}
	return l.addRead(name, read, news)
}
