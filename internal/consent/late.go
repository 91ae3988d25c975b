package consent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// LateKind is the artefacts' kind by which a log tells that records came into it
// long after they were made.
const LateKind = "late"

// lateAfter is how long a record may wait on its way into a log that tells nothing
// of it.
const lateAfter = 24 * time.Hour

// lateNote is the same for every record that was as late: each length is told once.
type lateNote struct {
	Schema string `json:"schema"` // consentry.late/1
	Site   string `json:"site"`
	Days   int64  `json:"days"` // at most
}

// Late reports whether a record that was made then and enters a log now is told of
// in it.
func Late(made, now time.Time) bool { return now.Sub(made) > lateAfter }

// NoteLate tells a site's log that a record is about to enter it that was made
// long before now, and nothing when it was not. Whoever looks for records by their
// time, as a purge does, has to look so much further.
func NoteLate(ctx context.Context, s Store, site string, made, now time.Time) error {
	if !Late(made, now) {
		return nil
	}
	days := int64((now.Sub(made) + 24*time.Hour - 1) / (24 * time.Hour))
	if err := putNote(ctx, s, site, LateKind, lateNote{"consentry.late/1", site, days}, now); err != nil {
		return fmt.Errorf("note that a record is late: %w", err)
	}
	return nil
}

// latest returns how late a record in a site's log can be.
func latest(ctx context.Context, s Store, site string) (time.Duration, error) {
	list, err := s.Artefacts(ctx, site, LateKind)
	if err != nil {
		return 0, err
	}
	late := lateAfter
	for _, item := range list {
		a, err := s.Artefact(ctx, site, item.Digest)
		if err != nil {
			return 0, err
		}
		var note lateNote
		if err := json.Unmarshal(a.Body, &note); err != nil {
			return 0, fmt.Errorf("note of late records at %d: %w", item.Index, err)
		}
		late = max(late, time.Duration(note.Days)*24*time.Hour)
	}
	return late, nil
}
