package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// copyPage is how many entries are copied or compared at once.
const copyPage = 500

// countsSpan is how much of the counters is read at once, and countsWait how long
// counters that a store holds back are waited for.
const (
	countsSpan = spanDays * day
	spanDays   = 31
	countsWait = 10 * time.Second
)

// Copy brings a site from one store into another that has nothing of it, or what
// an earlier attempt has copied: erasures, the log at the same indexes, artefacts,
// counters before the time until, and the checkpoint. Tiles follow from the log
// and are left out. Nobody may write to either meanwhile. It ends with Compare.
// progress is told how many leaves of how many are done, twice: copied, compared.
func Copy(ctx context.Context, from, to Store, site string, until time.Time, progress func(done, total int64)) error {
	for _, step := range []func() error{
		func() error { return continues(ctx, from, to, site) },
		func() error { return copyErasures(ctx, from, to, site) },
		func() error { return copyLog(ctx, from, to, site, progress) },
		func() error { return copyCounts(ctx, from, to, site, until) },
		func() error { return copyCheckpoint(ctx, from, to, site) },
		func() error { return Compare(ctx, from, to, site, until, progress) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("copy site %s: %w", site, err)
		}
	}
	return nil
}

// continues makes sure, before anything is written, that what the copy has of the
// log is the beginning of the original's.
func continues(ctx context.Context, from, to Store, site string) error {
	there, err := to.Head(ctx, site)
	if err != nil || there.Size == 0 {
		return err
	}
	copied, err := to.Leaves(ctx, site, there.Size-1, 1)
	if err != nil {
		return err
	}
	original, err := from.Leaves(ctx, site, there.Size-1, 1)
	if err == nil && !slices.Equal(copied, original) {
		err = fmt.Errorf("%w: its entry %d is not the original's", ErrConflict, there.Size-1)
	}
	return err
}

// copyErasures comes first, so that no secret of an erased record is written.
func copyErasures(ctx context.Context, from, to Store, site string) error {
	done := int64(0)
	err := to.Erasures(ctx, site, 0, func(int64, Erasure) bool { done++; return true })
	if err != nil {
		return err
	}
	for {
		var page []Erasure
		err := from.Erasures(ctx, site, done, func(_ int64, e Erasure) bool {
			page = append(page, e)
			return len(page) < copyPage
		})
		if err != nil || len(page) == 0 {
			return err
		}
		if err := to.Erase(ctx, site, page); err != nil {
			return err
		}
		done += int64(len(page))
	}
}

func copyLog(ctx context.Context, from, to Store, site string, progress func(done, total int64)) error {
	all, err := from.Head(ctx, site)
	if err != nil {
		return err
	}
	there, err := to.Head(ctx, site)
	if err != nil {
		return err
	}
	for at := there.Size; ; {
		progress(at, all.Size)
		page, err := logPage(ctx, from, site, at)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := copyEntries(ctx, from, to, site, page); err != nil {
			return err
		}
		at += int64(len(page))
	}
}

// logPage reads the next entries of a log.
func logPage(ctx context.Context, s Store, site string, at int64) (page []LogEntry, err error) {
	err = s.Log(ctx, site, at, func(e LogEntry) bool {
		page = append(page, e)
		return len(page) < copyPage
	})
	return page, err
}

// copyEntries imports runs of records, and puts the artefacts between them.
func copyEntries(ctx context.Context, from, to Store, site string, page []LogEntry) error {
	var run []Stored
	for _, e := range page {
		if e.Kind == "" {
			run = append(run, e.Record)
			continue
		}
		if err := to.Import(ctx, site, run); err != nil {
			return err
		}
		run = run[:0]
		a, err := from.Artefact(ctx, site, e.Digest)
		if err == nil {
			err = to.PutArtefact(ctx, site, a)
		}
		if err != nil {
			return err
		}
	}
	return to.Import(ctx, site, run)
}

// copyCounts adds what the copy lacks.
func copyCounts(ctx context.Context, from, to Store, site string, until time.Time) error {
	return eachSpan(until, func(read spanReader) error {
		all, err := read(ctx, from, site)
		if err != nil {
			return err
		}
		there, err := read(ctx, to, site)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(lacking(all, there), copyPage) {
			if err := addCounts(ctx, to, site, part); err != nil {
				return err
			}
		}
		return settled(ctx, to, site, read, all)
	})
}

// spanReader reads the counters of one stretch of time, hourly or daily ones.
type spanReader func(ctx context.Context, s Store, site string) ([]Count, error)

func eachSpan(until time.Time, do func(read spanReader) error) error {
	for begin := time.Unix(0, 0).UTC(); begin.Before(until); begin = begin.Add(countsSpan) {
		end := begin.Add(countsSpan)
		if end.After(until) {
			end = until
		}
		err := do(func(ctx context.Context, s Store, site string) ([]Count, error) {
			return s.Counts(ctx, site, begin, end)
		})
		if err != nil {
			return err
		}
	}
	last := DateOf(until, time.UTC) + 1 // in any zone
	for begin := Date(1); begin <= last; begin += spanDays {
		end := min(begin+spanDays, last+1)
		err := do(func(ctx context.Context, s Store, site string) ([]Count, error) {
			sheet, err := s.Days(ctx, site, begin, end)
			return sheet.Counts(), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lacking is what has to be added to there to make it all.
func lacking(all, there []Count) (list []Count) {
	type slot struct {
		hour int64
		day  Date
		key  string
	}
	has := make(map[slot]int64, len(there))
	for _, c := range there {
		has[slot{c.Hour.Unix(), c.Day, c.Key}] = c.N
	}
	for _, c := range all {
		if c.N -= has[slot{c.Hour.Unix(), c.Day, c.Key}]; c.N != 0 {
			list = append(list, c)
		}
	}
	return list
}

// addCounts waits for a store that holds as many back as it can.
func addCounts(ctx context.Context, to Store, site string, list []Count) error {
	for {
		err := to.AddCounts(ctx, site, list)
		if !errors.Is(err, ErrBusy) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// settled waits until the counters of a span are what they should be.
func settled(ctx context.Context, s Store, site string, read spanReader, want []Count) error {
	for waited := time.Duration(0); ; waited += pauseTime {
		got, err := read(ctx, s, site)
		if err != nil || slices.EqualFunc(got, want, sameCount) {
			return err
		}
		if waited > countsWait {
			return fmt.Errorf("%w: counters, of which one has %d and the other %d", ErrDiffers, len(want), len(got))
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func sameCount(a, b Count) bool {
	return a.Hour.Equal(b.Hour) && a.Day == b.Day && a.Key == b.Key && a.N == b.N
}

const pauseTime = 50 * time.Millisecond

func pause(ctx context.Context) error {
	select {
	case <-time.After(pauseTime):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// copyCheckpoint also replaces the one of an earlier copy that the log has grown
// since.
func copyCheckpoint(ctx context.Context, from, to Store, site string) error {
	now, err := from.Checkpoint(ctx, site)
	if err != nil || now == nil {
		return err
	}
	there, err := to.Checkpoint(ctx, site)
	if err != nil {
		return err
	}
	return to.SwapCheckpoint(ctx, site, there, now)
}
