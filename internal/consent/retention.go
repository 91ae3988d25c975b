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

// clocksDiffer is by how much servers' clocks may differ.
const clocksDiffer = 24 * time.Hour

// Retention says how long the records of each class are kept.
type Retention map[string]time.Duration

// Purge is what one class of a site's records came to.
type Purge struct {
	Class  string
	Kept   int64     // entries that are not pruned and not due
	Due    int64     // entries whose time was over; they are pruned now unless nothing was to be changed
	Oldest time.Time // of those kept that were looked at; zero without any
	// Since is when a record of those kept that were not looked at was made at the
	// earliest; zero when all were.
	Since time.Time
}

// PurgeState is what came of the last purge of a log.
type PurgeState struct {
	Site    string    // the log's name; empty: of all, none could be looked at
	Done    time.Time // when one last came to its end, zero: not since the server was started
	Problem string    // why the last did not; empty: it did
	Next    time.Time // when the next begins; zero: one is being done
	Keep    Retention // none: nothing is ever purged
	Classes []Purge   // what the one came to that ended then
}

// Eldest returns when the oldest record of a class was made, zero when none is
// kept. Not before says that none is older, and nobody knows how much younger.
func (p *PurgeState) Eldest(class string) (at time.Time, notBefore bool) {
	for _, one := range p.Classes {
		if one.Class == class && !one.Oldest.IsZero() {
			return one.Oldest, false
		}
		at = one.Since // the same for all
	}
	return at, !at.IsZero()
}

// Purge prunes a site's entries whose retention has ended, the erased ones among
// them, and reports every class, by name. Their places are noted in the log before
// they are pruned. A dry run changes nothing. An entry of a class that is not in r
// ends it with an error: nothing is guessed.
func (r Retention) Purge(ctx context.Context, s Store, site string, now time.Time, dry bool) ([]Purge, error) {
	return r.purge(ctx, s, site, purger{now: now, dry: dry})
}

// PurgeDue is Purge for every day: it looks no further than entries can be due, so
// that what is kept is not counted whole. The log is in order of acceptance, and of
// time as far as clocks agree and nothing waited on its way, see NoteLate.
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
	if p.late, err = latest(ctx, s, site); err != nil {
		return nil, fmt.Errorf("purge site %s: %w", site, err)
	}
	for at := int64(0); ; {
		page, err := logPage(ctx, s, site, at)
		if err == nil {
			err = p.sort(page)
		}
		end := len(page) == 0
		if !end && p.early && p.young(page) {
			end, p.since = true, p.now.Add(clocksDiffer-p.shortest())
		}
		if err == nil && !p.dry && (end || len(p.due) >= purgePage) {
			err = p.prune(ctx, s, site)
		}
		if err != nil {
			return nil, fmt.Errorf("purge site %s: %w", site, err)
		}
		if end {
			return p.finish(ctx, s, site)
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
	early   bool          // look no further than entries can be due
	late    time.Duration // that an entry may have waited on its way into the log
	since   time.Time     // all that was not looked at is younger
	totals  map[string]*Purge
	due     []ID
	note    purgeNote // of those in due
	joined  bool      // no entry that is kept came after the last range
}

// shortest is how long an entry is kept at least.
func (p *purger) shortest() time.Duration {
	shortest := time.Duration(1<<63 - 1)
	for _, keep := range p.Retention {
		shortest = min(shortest, keep)
	}
	return shortest
}

// young reports whether neither this page nor what follows can be due. What was
// accepted after one of its entries was made later than that, less what it may have
// waited.
func (p *purger) young(page []LogEntry) bool {
	records, least := 0, p.now.Add(clocksDiffer+p.late-p.shortest())
	for _, e := range page {
		if !e.kept() {
			continue
		}
		if records++; !e.Record.Time.After(least) {
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

// finish has the store do what a purge that was broken off has left, and reports.
func (p *purger) finish(ctx context.Context, s Store, site string) (list []Purge, err error) {
	if !p.dry {
		if err := s.Prune(ctx, site, nil); err != nil {
			return nil, fmt.Errorf("purge site %s: %w", site, err)
		}
	}
	for _, total := range p.totals {
		total.Since = p.since
		list = append(list, *total)
	}
	slices.SortFunc(list, func(a, b Purge) int { return cmp.Compare(a.Class, b.Class) })
	return list, nil
}
