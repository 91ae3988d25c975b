package consent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// frameKind is the artefacts' kind under which frames are kept.
const frameKind = "frame"

// prunePage is how many entries are pruned at once, and purgePage how many under
// one note in the log.
const (
	prunePage = 500
	purgePage = 20_000
)

// youngEnough is by how much servers' clocks may differ: the log is in order of
// acceptance, and of time only on one server.
const youngEnough = 24 * time.Hour

// Retention says how long the records of each class are kept.
type Retention map[string]time.Duration

// Purge is what one class of a site's records came to.
type Purge struct {
	Class  string
	Kept   int64     // entries that are not pruned and not due
	Due    int64     // entries whose time was over; they are pruned now unless nothing was to be changed
	Oldest time.Time // of those kept; zero without any
}

// PurgeState is what came of the last purge of a log.
type PurgeState struct {
	Site    string    // the log's name; empty: of all, none could be looked at
	Done    time.Time // when one last came to its end, zero: not since the server was started
	Problem string    // why the last did not; empty: it did
}

// Purge prunes a site's entries whose retention has ended, the erased ones among
// them, and reports every class, by name. Their places are noted in the log before
// they are pruned. A dry run changes nothing. An entry of a class that is not in r
// ends it with an error: nothing is guessed.
func (r Retention) Purge(ctx context.Context, s Store, site string, now time.Time, dry bool) ([]Purge, error) {
	return r.purge(ctx, s, site, purger{now: now, dry: dry})
}

// PurgeDue is Purge for every day: it looks no further than entries can be due, so
// that what is kept is not counted whole.
func (r Retention) PurgeDue(ctx context.Context, s Store, site string, now time.Time) ([]Purge, error) {
	return r.purge(ctx, s, site, purger{now: now, early: true})
}

func (r Retention) purge(ctx context.Context, s Store, site string, p purger) ([]Purge, error) {
	var err error
	p.Retention, p.totals = r, make(map[string]*Purge)
	if p.classes, err = classesOf(ctx, s, site); err != nil {
		return nil, fmt.Errorf("purge site %s: %w", site, err)
	}
	if imported, err := s.Artefacts(ctx, site, ImportKind); err != nil {
		return nil, fmt.Errorf("purge site %s: %w", site, err)
	} else if len(imported) > 0 {
		p.early = false // old records stand behind young ones
	}
	for at := int64(0); ; {
		page, err := logPage(ctx, s, site, at)
		if err == nil {
			err = p.sort(page)
		}
		end := len(page) == 0 || p.early && p.young(page)
		if err == nil && !p.dry && (end || len(p.due) >= purgePage) {
			err = p.prune(ctx, s, site)
		}
		if err != nil {
			return nil, fmt.Errorf("purge site %s: %w", site, err)
		}
		if end {
			return p.report(), nil
		}
		at += int64(len(page))
	}
}

// classesOf reads the retention class of every frame.
func classesOf(ctx context.Context, s Store, site string) (map[[frameRefSize]byte]string, error) {
	list, err := s.Artefacts(ctx, site, frameKind)
	if err != nil {
		return nil, err
	}
	classes := make(map[[frameRefSize]byte]string, len(list))
	for _, a := range list {
		a, err := s.Artefact(ctx, site, a.Digest)
		if err != nil {
			return nil, err
		}
		f, err := DecodeFrame(a.Body)
		if err != nil {
			return nil, err
		}
		classes[FrameRef(a.Digest)] = f.Retention
	}
	return classes, nil
}

type purger struct {
	Retention
	classes map[[frameRefSize]byte]string
	now     time.Time
	dry     bool
	early   bool // look no further than entries can be due
	totals  map[string]*Purge
	due     []ID
	note    purgeNote // of those in due
	joined  bool      // no entry that is kept came after the last range
}

// young reports whether neither this page nor what follows can be due.
func (p *purger) young(page []LogEntry) bool {
	shortest := time.Duration(1<<63 - 1)
	for _, keep := range p.Retention {
		shortest = min(shortest, keep)
	}
	records := 0
	for _, e := range page {
		if !e.kept() {
			continue
		}
		if records++; !e.Record.Time.Add(shortest).After(p.now.Add(youngEnough)) {
			return false
		}
	}
	return records > 0
}

// sort counts a page of the log and notes what is due. What has no sealed bytes
// was pruned before.
func (p *purger) sort(page []LogEntry) error {
	for _, e := range page {
		if !e.kept() {
			continue
		}
		ref, err := OpenFrameRef(e.Record.Sealed)
		if err != nil {
			return fmt.Errorf("entry %d: %w", e.Index, err)
		}
		class, ok := p.classes[ref]
		if !ok {
			return fmt.Errorf("entry %d: its frame is not kept", e.Index)
		}
		keep, ok := p.Retention[class]
		if !ok {
			return fmt.Errorf("entry %d is of the retention class %q, which is not configured; nothing of it was pruned", e.Index, class)
		}
		p.count(class, e.Record, keep)
	}
	return nil
}

func (p *purger) count(class string, e Stored, keep time.Duration) {
	total := p.totals[class]
	if total == nil {
		total = &Purge{Class: class}
		p.totals[class] = total
	}
	if !e.Time.Add(keep).After(p.now) {
		total.Due++
		if !p.dry {
			p.due = append(p.due, e.Record)
			p.note.add(class, keep, e.Index, p.joined)
			p.joined = true
		}
		return
	}
	p.joined = false
	total.Kept++
	if older(e.Time, total.Oldest) {
		total.Oldest = e.Time
	}
}

// prune notes what is due and prunes it. A crash between the two leaves entries
// that the next purge notes once more.
func (p *purger) prune(ctx context.Context, s Store, site string) error {
	if len(p.due) == 0 {
		return nil
	}
	p.note.Schema, p.note.Site, p.note.At = "consentry.purge/1", site, At(p.now)
	if err := putNote(ctx, s, site, PurgeKind, p.note, p.now); err != nil {
		return err
	}
	for part := range slices.Chunk(p.due, prunePage) {
		if err := s.Prune(ctx, site, part); err != nil {
			return err
		}
	}
	p.due, p.note, p.joined = p.due[:0], purgeNote{}, false
	return nil
}

func (p *purger) report() (list []Purge) {
	for _, total := range p.totals {
		list = append(list, *total)
	}
	slices.SortFunc(list, func(a, b Purge) int { return cmp.Compare(a.Class, b.Class) })
	return list
}
