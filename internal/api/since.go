package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
)

// earlier is how each category was asked about before, by its digest then. Of
// renderings with the same question the newest counts.
type earlier map[string]map[string]consent.FrameCategory

// question is what a site has asked since a moment.
type question struct {
	since time.Time
	frame *consent.Frame // of the newest rendering that asked it
}

// questions reads what the site has asked, oldest first, as far as maxVersions changes
// back. One that is lost is left out: what was asked then cannot be told, and asking goes
// on without.
func (a *API) questions(ctx context.Context, s *Site) (list []question, err error) {
	history, err := a.activations(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	for i, changes := len(history)-1, 0; i >= 0 && changes <= maxVersions; i, changes = i-1, changes+1 {
		newest := history[i]
		for i > 0 && history[i-1].Notice == newest.Notice {
			i--
		}
		stored, err := a.Store.Artefact(ctx, s.ID, newest.Frame)
		if errors.Is(err, consent.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read frame: %w", err)
		}
		frame, err := consent.DecodeFrame(stored.Body)
		if err != nil {
			return nil, err
		}
		list = append(list, question{history[i].At.Time, frame})
	}
	slices.Reverse(list)
	return list, nil
}

func earlierOf(asked []question) earlier {
	e := make(earlier)
	for _, q := range slices.Backward(asked) {
		e.add(q.frame)
	}
	return e
}

func (e earlier) add(f *consent.Frame) {
	for _, c := range f.Optional() {
		if e[c.ID] == nil {
			e[c.ID] = make(map[string]consent.FrameCategory)
		}
		if _, newer := e[c.ID][c.Digest]; !newer {
			e[c.ID][c.Digest] = c
		}
	}
}

// since says in a language what has changed of each category that a visitor answered
// under another digest; nothing of what was asked too long ago.
func (s *Site) since(sealed *consent.Sealed, locale string) map[string][]string {
	if sealed == nil {
		return nil
	}
	changes := make(map[string][]string)
	for _, is := range s.frame.Optional() {
		answered := sealed.Categories[is.ID][1]
		if was, known := s.earlier[is.ID][answered]; known && answered != is.Digest {
			if lines := components.Since(s.Site, locale, consent.Since(was, is)); len(lines) > 0 {
				changes[is.ID] = lines
			}
		}
	}
	return changes
}
