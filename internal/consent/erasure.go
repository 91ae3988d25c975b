package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErasureKind is the artefacts' kind by which a log tells of erasures.
const ErasureKind = "erasure"

const erasureSchema = "consentry.erasure/1"

// ErrUnnoted is an erasure that was made, and that the log could not be told of.
var ErrUnnoted = errors.New("the erasure could not be noted in the log")

// erasureNote is the log's note that records were erased: by their places in it,
// never by whose they were.
type erasureNote struct {
	Schema  string    `json:"schema"` // erasureSchema
	Site    string    `json:"site"`
	Entries []int64   `json:"entries"`
	At      Timestamp `json:"at"`
	// Afterwards tells a note that was made later than the erasure, from the list of
	// these; see Noted.NoteAfterwards.
	Afterwards bool `json:"afterwards,omitempty"`
}

// EraseNoted erases entries for good and notes their places in the log. Those that
// were erased before are left out; those without a place yet, which wait in an
// outbox, enter the log as erased. Once begun it goes to its end, whatever becomes of
// ctx: whoever leaves has meant it, and a record that is gone is not noted later.
// Errors: ErrUnavailable, ErrUnnoted: the records are gone, which is what was asked for.
func EraseNoted(ctx context.Context, s Store, site string, entries []Stored, now time.Time) error {
	note := erasureNote{Schema: erasureSchema, Site: site, At: At(now)}
	var list []Erasure
	for _, e := range entries {
		if e.Erased {
			continue
		}
		list = append(list, Erasure{Record: e.Record, Time: now})
		if e.Index >= 0 {
			note.Entries = append(note.Entries, e.Index)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := s.Erase(ctx, site, list); err != nil {
		return err
	}
	if len(note.Entries) == 0 {
		return nil
	}
	slices.Sort(note.Entries)
	if err := putNote(ctx, s, site, ErasureKind, note, now); err != nil {
		return fmt.Errorf("%w: %w", ErrUnnoted, err)
	}
	return nil
}

// putNote logs what was done to a log.
func putNote(ctx context.Context, s Store, site, kind string, note any, now time.Time) error {
	body, err := json.Marshal(note)
	if err != nil {
		return err
	}
	a := Artefact{Kind: kind, Digest: Digest(body), Time: now, Body: body}
	a.Leaf = ArtefactLeaf(a)
	return s.PutArtefact(ctx, site, a)
}
