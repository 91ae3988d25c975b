package api

import (
	"context"
	"errors"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// nameLength is how much of its digest names a rendering to gates: 132 bits, of which
// every page of a visitor is spared the rest.
const nameLength = 22

// nameOf is the short name of a rendering by its digest.
func nameOf(rendering string) string { return rendering[:nameLength] }

// isNamed reports whether name is a rendering's, the whole digest or the short one.
func isNamed(rendering, name string) bool { return name == rendering || name == nameOf(rendering) }

// isName reports whether name could be some rendering's.
func (s *Site) isName(name string) bool {
	return len(name) == len(s.Rendering) || len(name) == nameLength
}

// asked returns the frame of the notice that a client answered: today's, or one
// that was superseded for less than the policy's grace. A rendering that differs
// from today's in look alone is as good as today's. Of each there is one frame for
// each audience.
func (a *API) asked(ctx context.Context, s *Site, visitors *audience, rendering string) (*consent.Frame, error) {
	if one := s.showing(rendering); one != nil {
		return one.audienceOf(visitors.ruling).frame, nil
	}
	superseded := &SupersededError{Rendering: s.Rendering}
	if !s.isName(rendering) {
		return nil, superseded
	}
	history, err := a.activations(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	for i := len(history) - 1; i >= 0; i-- {
		if !isNamed(history[i].Rendering, rendering) {
			continue
		}
		if history[i].Notice != s.frame.Notice && a.supersededFor(history[i+1:], history[i].Notice) > s.Policy.Grace {
			return nil, superseded
		}
		return a.reader.Frame(ctx, s.ID, history[i].frameFor(visitors))
	}
	return nil, superseded
}

// supersededFor is how long ago the first later activation asked something else.
func (a *API) supersededFor(later []activation, notice string) time.Duration {
	for _, act := range later {
		if act.Notice != notice {
			return a.now().Sub(act.At.Time)
		}
	}
	return 0
}

// open regenerates the record of a stored entry. That of today's frame needs no
// store.
func (a *API) open(ctx context.Context, s *Site, stored consent.Stored) (*consent.Record, *consent.Frame, error) {
	if ref, err := consent.OpenFrameRef(stored.Sealed); !stored.Erased && err == nil && ref == consent.FrameRef(s.frameDigest) {
		r, err := consent.OpenRecord(stored, s.frame)
		return r, s.frame, err
	}
	r, f, err := a.reader.Open(ctx, stored)
	if errors.Is(err, consent.ErrErased) {
		err = ErrErased
	}
	return r, f, err
}
