package consent

import (
	"context"
	"time"
)

// Oldest looks for the record that was made first of those of a log that are not
// pruned. It remembers how far it has looked; the zero value has seen nothing.
type Oldest struct {
	at    time.Time // when the oldest of those seen was made; zero: none was seen
	place int64     // its place in the log
	first int64     // before this place everything is pruned
	next  int64     // where the next look begins
}

// Look looks at up to n entries more and returns when the oldest record was made,
// zero without any. reading says that it has not come to the end yet, and does not
// know.
func (o *Oldest) Look(ctx context.Context, s Store, site string, n int64) (at time.Time, reading bool, err error) {
	imported, err := s.Artefacts(ctx, site, ImportKind)
	if err == nil && !o.at.IsZero() {
		err = o.again(ctx, s, site)
	}
	if err != nil {
		return time.Time{}, false, err
	}
	if o.at.IsZero() || len(imported) > 0 { // old records stand behind young ones
		reading, err = o.readOn(ctx, s, site, n, len(imported) > 0)
	}
	if err != nil || reading {
		return time.Time{}, reading, err
	}
	return o.at, false, nil
}

// again begins anew when the record that was the oldest is pruned by now.
func (o *Oldest) again(ctx context.Context, s Store, site string) error {
	kept := false
	err := s.Log(ctx, site, o.place, func(e LogEntry) bool {
		kept = e.Index == o.place && e.kept()
		return false
	})
	if err == nil && !kept {
		*o = Oldest{first: o.first, next: o.first}
	}
	return err
}

func (o *Oldest) readOn(ctx context.Context, s Store, site string, n int64, all bool) (reading bool, err error) {
	from := o.next
	err = s.Log(ctx, site, from, func(e LogEntry) bool {
		o.next = e.Index + 1
		found := e.kept()
		switch {
		case found && older(e.Record.Time, o.at):
			if o.at.IsZero() {
				o.first = e.Index
			}
			o.at, o.place = e.Record.Time, e.Index
		case o.at.IsZero():
			o.first = o.next
		}
		if found && !all {
			return false
		}
		reading = o.next-from >= n
		return !reading
	})
	return reading, err
}

// kept reports whether an entry is a record that is not pruned.
func (e *LogEntry) kept() bool { return e.Kind == "" && len(e.Record.Sealed) > 0 }

// older reports whether a time is before the oldest so far, which may be zero.
func older(t, oldest time.Time) bool { return oldest.IsZero() || t.Before(oldest) }
