package consent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// noteSize is how many entries one note names at most that is made afterwards.
const noteSize = 1000

// artefactReader is the part of Store that reads what a log tells of itself.
type artefactReader interface {
	Artefact(ctx context.Context, site, digest string) (Artefact, error)
	Artefacts(ctx context.Context, site, kind string) ([]Artefact, error)
}

// Noted is the places of a log's records whose erasure the log itself tells of. Its
// zero value knows of none.
type Noted struct {
	read   map[string]bool // notes, by digest
	places map[int64]bool  // true: noted when it was erased, false: only afterwards
}

// Read reads on in what a log tells of erasures. A site's notes are in each of its
// logs, and name entries of all of them.
func (n *Noted) Read(ctx context.Context, s artefactReader, log string) error {
	if n.read == nil {
		n.read, n.places = make(map[string]bool), make(map[int64]bool)
	}
	list, err := s.Artefacts(ctx, log, ErasureKind)
	if err != nil {
		return fmt.Errorf("list notes of erasures: %w", err)
	}
	for _, item := range list {
		if n.read[item.Digest] {
			continue
		}
		a, err := s.Artefact(ctx, log, item.Digest)
		if err != nil {
			return fmt.Errorf("read note of an erasure: %w", err)
		}
		n.read[item.Digest] = true
		n.add(log, a.Body)
	}
	return nil
}

func (n *Noted) add(log string, body []byte) {
	var note erasureNote
	if json.Unmarshal(body, &note) != nil {
		return // its own entry says what is wrong with it
	}
	_, own := LogOf(log)
	for _, place := range note.Entries {
		if of, index := PlaceOf(place); of == own {
			n.places[index] = n.places[index] || !note.Afterwards
		}
	}
}

// Has reports whether the log tells of an erasure, and whether it was told only
// afterwards.
func (n *Noted) Has(index int64) (noted, afterwards bool) {
	at, noted := n.places[index]
	return noted, noted && !at
}

// NoteAfterwards notes erasures that a log does not tell of: their eraser was killed
// before it could, the record waited in an outbox, or an older backup was restored
// and they were made again. The note says that it was made afterwards, and follows
// from the list, so that several servers make the same one. It returns how many
// entries it noted, and the erasures whose record has no place in the log yet. What
// was purged needs no note.
func (n *Noted) NoteAfterwards(ctx context.Context, s Store, log string, list []Erasure, now time.Time) (noted int, waiting []Erasure, err error) {
	if err := n.Read(ctx, s, log); err != nil {
		return 0, nil, err
	}
	site, own := LogOf(log)
	lacking := make(map[time.Time][]int64)
	for _, e := range list {
		stored, err := s.Record(ctx, log, e.Record)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return 0, nil, fmt.Errorf("find an erased record: %w", err)
		}
		if err != nil || stored.Index < 0 || !stored.Erased {
			waiting = append(waiting, e)
		} else if told, _ := n.Has(stored.Index); !told && len(stored.Sealed) > 0 {
			at := At(e.Time).Time
			lacking[at] = append(lacking[at], PlaceIn(own, stored.Index))
		}
	}
	for _, note := range notesOf(site, lacking) {
		if err := putNote(ctx, s, log, ErasureKind, note, now); err != nil {
			return noted, waiting, fmt.Errorf("%w: %w", ErrUnnoted, err)
		}
		noted += len(note.Entries)
	}
	return noted, waiting, nil
}

// notesOf makes one note of what was erased at the same time.
func notesOf(site string, lacking map[time.Time][]int64) (notes []erasureNote) {
	for at, entries := range lacking {
		slices.Sort(entries)
		for part := range slices.Chunk(slices.Compact(entries), noteSize) {
			notes = append(notes, erasureNote{Schema: erasureSchema, Site: site, Entries: part, At: At(at), Afterwards: true})
		}
	}
	slices.SortFunc(notes, func(a, b erasureNote) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Entries[0], b.Entries[0]))
	})
	return notes
}
