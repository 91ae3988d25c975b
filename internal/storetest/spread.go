package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// Spread is a store whose sites have several logs.
type Spread interface {
	consent.Store
	// Grow gives a site so many logs.
	Grow(ctx context.Context, site string, logs int) error
}

// RunSpread is Run for sites of several logs. What the contract says of one log's
// indexes is checked of the order in which entries were first seen: it continues
// every log's own. Two things are left to Run: imports, which are a single log's, and
// the order of a history, which follows the times where records are in several logs.
func RunSpread(t *testing.T, logs int, open func(t *testing.T) Spread) {
	for _, c := range contract() {
		switch c.says {
		case "a history is one subject's entries, oldest first":
			c.check = historyFollowsTimes
		case "imported entries keep their indexes", "an import that does not follow the log changes nothing":
			continue
		}
		t.Run(c.says, func(t *testing.T) {
			s := open(t)
			c.check(t, opened(t, &flat{Spread: s, logs: logs, sites: make(map[string]*flatSite)}))
		})
	}
}

// flat shows the logs of a site as one.
type flat struct {
	Spread
	logs  int
	mu    sync.Mutex
	sites map[string]*flatSite
}

// flatSite is the order in which a site's entries were first seen.
type flatSite struct {
	grown   bool
	next    []int64            // of each log, what was not seen yet
	order   []consent.LogEntry // artefacts once
	records map[int64]int64    // by place
	put     map[string]int64   // artefacts by digest
}

// site returns what is known of one. The first that is written gets its logs.
func (f *flat) site(ctx context.Context, site string, write bool) (*flatSite, error) {
	s := f.sites[site]
	if s == nil {
		s = &flatSite{next: make([]int64, f.logs), records: make(map[int64]int64), put: make(map[string]int64)}
		f.sites[site] = s
	}
	if !write || s.grown {
		return s, nil
	}
	s.grown = true
	return s, f.Grow(ctx, site, f.logs)
}

func (f *flat) begin(ctx context.Context, site string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.site(ctx, site, true)
	return err
}

// look reads what is new in the logs.
func (f *flat) look(ctx context.Context, site string) (*flatSite, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.site(ctx, site, false)
	if err != nil {
		return nil, err
	}
	for n := range f.logs {
		name := consent.LogName(site, n)
		err := f.Spread.Log(ctx, name, s.next[n], func(e consent.LogEntry) bool {
			s.see(consent.PlaceIn(n, e.Index), e)
			s.next[n] = e.Index + 1
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *flatSite) see(place int64, e consent.LogEntry) {
	_, again := s.put[e.Digest]
	if e.Kind == "shards" || e.Kind != "" && again {
		return
	}
	at := int64(len(s.order))
	if e.Kind != "" {
		s.put[e.Digest] = at
	} else {
		s.records[place] = at
	}
	e.Index = at
	s.order = append(s.order, e)
}

// one gives an answer of the site its place in the order.
func (f *flat) one(ctx context.Context, stored consent.Stored) (consent.Stored, error) {
	at, ok := f.placed(stored)
	if !ok {
		if _, err := f.look(ctx, stored.Site); err != nil {
			return stored, err
		}
		if at, ok = f.placed(stored); !ok {
			return stored, errors.New("an entry is in no log where the store says that it is")
		}
	}
	stored.Index = at
	return stored, nil
}

func (f *flat) placed(stored consent.Stored) (at int64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.sites[stored.Site]; s != nil {
		at, ok = s.records[stored.Index]
	}
	return at, ok
}

func (f *flat) Append(ctx context.Context, e consent.Entry) (consent.Stored, bool, error) {
	if err := f.begin(ctx, e.Site); err != nil {
		return consent.Stored{}, false, err
	}
	stored, dup, err := f.Spread.Append(ctx, e)
	if err == nil {
		stored, err = f.one(context.WithoutCancel(ctx), stored)
	}
	return stored, dup, err
}

func (f *flat) Record(ctx context.Context, site string, id consent.ID) (consent.Stored, error) {
	stored, err := f.Spread.Record(ctx, site, id)
	if err != nil {
		return stored, err
	}
	return f.one(ctx, stored)
}

func (f *flat) History(ctx context.Context, site string, subject consent.ID) ([]consent.Stored, error) {
	list, err := f.Spread.History(ctx, site, subject)
	for i := range list {
		var oneErr error
		list[i], oneErr = f.one(ctx, list[i])
		err = errors.Join(err, oneErr)
	}
	return list, err
}

// Log reads the logs by the places of their entries in the site, and puts these into
// the order.
func (f *flat) Log(ctx context.Context, site string, from int64, yield func(consent.LogEntry) bool) error {
	s, err := f.look(ctx, site)
	if err != nil {
		return err
	}
	f.mu.Lock()
	entries := slices.Clone(s.order)
	f.mu.Unlock()
	for n := range f.logs {
		err := f.Spread.Log(ctx, site, consent.PlaceIn(n, 0), func(e consent.LogEntry) bool {
			if at, ok := f.placed(consent.Stored{Entry: consent.Entry{Site: site}, Index: e.Index}); ok && e.Kind == "" && at < int64(len(entries)) {
				e.Index, e.Record.Index = at, at
				entries[at] = e
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	for _, e := range entries[min(from, int64(len(entries))):] {
		if !yield(e) {
			break
		}
	}
	return nil
}

func (f *flat) Leaves(ctx context.Context, site string, from int64, n int) (leaves [][32]byte, err error) {
	s, err := f.look(ctx, site)
	if err != nil {
		return nil, err
	}
	for _, e := range s.order[min(from, int64(len(s.order))):] {
		if len(leaves) < n {
			leaves = append(leaves, e.Leaf)
		}
	}
	return leaves, nil
}

func (f *flat) Head(ctx context.Context, site string) (h consent.Head, err error) {
	s, err := f.look(ctx, site)
	if err != nil || len(s.order) == 0 {
		return h, err
	}
	h.Size = int64(len(s.order))
	last := s.order[h.Size-1]
	if h.Newest = last.Record.Time; last.Kind != "" {
		a, err := f.Spread.Artefact(ctx, site, last.Digest)
		h.Newest = a.Time
		return h, err
	}
	return h, nil
}

func (f *flat) Erase(ctx context.Context, site string, list []consent.Erasure) error {
	if err := f.begin(ctx, site); err != nil {
		return err
	}
	return f.Spread.Erase(ctx, site, list)
}

func (f *flat) Erasures(ctx context.Context, site string, from int64, yield func(int64, consent.Erasure) bool) error {
	var all []consent.Erasure
	for n := range f.logs {
		err := f.Spread.Erasures(ctx, consent.LogName(site, n), 0, func(_ int64, e consent.Erasure) bool { all = append(all, e); return true })
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(all, func(a, b consent.Erasure) int { return a.Time.Compare(b.Time) })
	for at := from; at < int64(len(all)); at++ {
		if !yield(at, all[at]) {
			break
		}
	}
	return nil
}

func (f *flat) PutArtefact(ctx context.Context, site string, a consent.Artefact) error {
	if err := f.begin(ctx, site); err != nil {
		return err
	}
	return f.Spread.PutArtefact(ctx, site, a)
}

func (f *flat) Artefact(ctx context.Context, site, digest string) (consent.Artefact, error) {
	a, err := f.Spread.Artefact(ctx, site, digest)
	if err != nil {
		return a, err
	}
	s, err := f.look(ctx, site)
	if err != nil {
		return a, err
	}
	a.Index = s.put[digest]
	return a, nil
}

func (f *flat) Artefacts(ctx context.Context, site, kind string) ([]consent.Artefact, error) {
	list, err := f.Spread.Artefacts(ctx, site, kind)
	if err != nil {
		return nil, err
	}
	s, err := f.look(ctx, site)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Index = s.put[list[i].Digest]
	}
	return list, nil
}

func (f *flat) AddCounts(ctx context.Context, site string, counts []consent.Count) error {
	if err := f.begin(ctx, site); err != nil {
		return err
	}
	return f.Spread.AddCounts(ctx, site, counts)
}
