package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// frameCache keeps the frames of earlier notices, which never change. Only
// frames that the store holds enter it, so that a client cannot fill it.
type frameCache struct {
	mu       sync.Mutex
	byDigest map[string]*consent.Frame
	byRef    map[string]string // site + frame reference → digest
}

// asked returns the frame of the notice that a client answered: today's, or one
// that was superseded for less than the policy's grace. A rendering that differs
// from today's in look alone is as good as today's.
func (a *API) asked(ctx context.Context, s *Site, rendering string) (*consent.Frame, error) {
	if rendering == s.Rendering {
		return s.frame, nil
	}
	superseded := &SupersededError{Rendering: s.Rendering}
	if len(rendering) != len(s.Rendering) {
		return nil, superseded
	}
	history, err := a.activations(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	for i := len(history) - 1; i >= 0; i-- {
		if history[i].Rendering != rendering {
			continue
		}
		if history[i].Notice != s.frame.Notice && a.supersededFor(history[i+1:], history[i].Notice) > s.Policy.Grace {
			return nil, superseded
		}
		return a.frameByDigest(ctx, s.ID, history[i].Frame)
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

func (a *API) frameByDigest(ctx context.Context, site, digest string) (*consent.Frame, error) {
	a.frames.mu.Lock()
	f := a.frames.byDigest[digest]
	a.frames.mu.Unlock()
	if f != nil {
		return f, nil
	}
	stored, err := a.Store.Artefact(ctx, site, digest)
	if err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	if f, err = consent.DecodeFrame(stored.Body); err != nil {
		return nil, err
	}
	if f.Site != site || consent.Digest(stored.Body) != digest {
		return nil, fmt.Errorf("read frame: %w", consent.ErrNotFound)
	}
	a.frames.mu.Lock()
	defer a.frames.mu.Unlock()
	if a.frames.byDigest == nil {
		a.frames.byDigest = make(map[string]*consent.Frame)
	}
	a.frames.byDigest[digest] = f
	return f, nil
}

// open regenerates the record of a stored entry.
func (a *API) open(ctx context.Context, s *Site, stored consent.Stored) (*consent.Record, *consent.Frame, error) {
	if stored.Erased {
		return nil, nil, ErrErased
	}
	ref, err := consent.OpenFrameRef(stored.Sealed)
	if err != nil {
		return nil, nil, err
	}
	f := s.frame
	if ref != consent.FrameRef(s.frameDigest) {
		if f, err = a.frameByRef(ctx, s.ID, ref); err != nil {
			return nil, nil, err
		}
	}
	r, err := consent.OpenRecord(stored, f)
	return r, f, err
}

func (a *API) frameByRef(ctx context.Context, site string, ref [8]byte) (*consent.Frame, error) {
	key := site + "/" + string(ref[:])
	a.frames.mu.Lock()
	digest := a.frames.byRef[key]
	a.frames.mu.Unlock()
	if digest == "" {
		list, err := a.Store.Artefacts(ctx, site, "frame")
		if err != nil {
			return nil, fmt.Errorf("list frames: %w", err)
		}
		for _, item := range list {
			if consent.FrameRef(item.Digest) == ref {
				digest = item.Digest
			}
		}
		if digest == "" {
			return nil, errors.New("the store lacks the frame of a record")
		}
		a.frames.mu.Lock()
		if a.frames.byRef == nil {
			a.frames.byRef = make(map[string]string)
		}
		a.frames.byRef[key] = digest
		a.frames.mu.Unlock()
	}
	return a.frameByDigest(ctx, site, digest)
}
