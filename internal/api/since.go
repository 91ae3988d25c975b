package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/consent"
)

// earlier is how each category was asked about before, by its digest then. Of
// renderings with the same question the newest counts.
type earlier map[string]map[string]consent.FrameCategory

// recall reads what the site has asked, as far as maxVersions changes back.
func (a *API) recall(ctx context.Context, s *Site) (earlier, error) {
	history, err := a.activations(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	e := make(earlier)
	last, notices := "", 0
	for i := len(history) - 1; i >= 0 && notices <= maxVersions; i-- {
		if history[i].Notice == last {
			continue
		}
		last = history[i].Notice
		notices++
		stored, err := a.Store.Artefact(ctx, s.ID, history[i].Frame)
		if errors.Is(err, consent.ErrNotFound) {
			continue // lost: what was asked then cannot be told, and asking goes on without
		}
		if err != nil {
			return nil, fmt.Errorf("read frame: %w", err)
		}
		frame, err := consent.DecodeFrame(stored.Body)
		if err != nil {
			return nil, err
		}
		e.add(frame)
	}
	return e, nil
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
