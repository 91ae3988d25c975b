package consent

import (
	"context"
	"encoding/json"
	"fmt"
)

// artefactReader is the part of Store that reads what a log tells of itself.
type artefactReader interface {
	Artefact(ctx context.Context, site, digest string) (Artefact, error)
	Artefacts(ctx context.Context, site, kind string) ([]Artefact, error)
}

// Noted is the places of a log's records whose erasure the log itself tells of.
type Noted struct{ places map[int64]bool }

// ReadNoted reads what a log tells of erasures. A site's notes are in each of its
// logs, and name entries of all of them.
func ReadNoted(ctx context.Context, s artefactReader, log string) (Noted, error) {
	n := Noted{places: make(map[int64]bool)}
	_, own := LogOf(log)
	list, err := s.Artefacts(ctx, log, ErasureKind)
	if err != nil {
		return n, fmt.Errorf("list notes of erasures: %w", err)
	}
	for _, item := range list {
		a, err := s.Artefact(ctx, log, item.Digest)
		if err != nil {
			return n, fmt.Errorf("read note of an erasure: %w", err)
		}
		var note erasureNote
		if json.Unmarshal(a.Body, &note) != nil {
			continue // its own entry says what is wrong with it
		}
		for _, place := range note.Entries {
			if of, index := PlaceOf(place); of == own {
				n.places[index] = true
			}
		}
	}
	return n, nil
}

// Has reports whether the erasure of the record at a place is told.
func (n Noted) Has(index int64) bool { return n.places[index] }
