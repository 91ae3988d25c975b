package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// activation is the log's note that a rendering went before visitors.
type activation struct {
	Schema    string            `json:"schema"`
	Site      string            `json:"site"`
	Rendering string            `json:"rendering"`
	Notice    string            `json:"notice"`
	Frame     string            `json:"frame"`
	Frames    map[string]string `json:"frames,omitempty"` // of the site's other rulings
	At        consent.Timestamp `json:"at"`
}

// ErrRoot is a key file other than the one under which a site's records were
// made. Nothing may be served with it: every choice and receipt would be void.
var ErrRoot = errors.New("the key file is not the one that this store's records were made with; restore the right one")

// rootCheck binds a site's log to a root secret, by its fingerprint.
type rootCheck struct {
	Schema string `json:"schema"`
	Site   string `json:"site"`
	Root   string `json:"root"`
}

// Publish stores and logs all that the site shows, before SetSites lets the
// first visitor see it. Doing so again changes nothing.
func (a *API) Publish(ctx context.Context, s *Site) error {
	if err := a.publishTrial(ctx, s); err != nil {
		return err
	}
	return a.publish(ctx, s)
}

func (a *API) putArtefact(ctx context.Context, site, kind string, body []byte) error {
	art := consent.Artefact{Kind: kind, Digest: consent.Digest(body), Time: a.now(), Body: body}
	art.Leaf = consent.ArtefactLeaf(art)
	if err := a.Store.PutArtefact(ctx, site, art); err != nil {
		return fmt.Errorf("store %s of site %s: %w", kind, site, err)
	}
	return nil
}

// publish is Publish of one variant.
func (a *API) publish(ctx context.Context, s *Site) error {
	now := a.now()
	put := func(kind string, body []byte) error { return a.putArtefact(ctx, s.ID, kind, body) }
	if err := a.bindRoot(ctx, s, put); err != nil {
		return err
	}
	for _, locale := range s.Locales {
		for _, kind := range slices.Sorted(maps.Keys(s.scripts[locale])) {
			if err := put(kind, s.scripts[locale][kind].plain); err != nil {
				return err
			}
		}
	}
	if err := s.publishAudiences(put); err != nil {
		return err
	}
	for _, part := range []struct {
		kind string
		body []byte
	}{{"gate", s.gate.plain}, {"rendering", s.doc}, {"frame", s.frameBytes}} {
		if err := put(part.kind, part.body); err != nil {
			return err
		}
	}
	if err := a.activate(ctx, s, now, put); err != nil {
		return err
	}
	asked, err := a.questions(ctx, s)
	if err != nil {
		return err
	}
	s.earlier = earlierOf(asked)
	return s.declare(ctx, asked)
}

// CheckRoot returns ErrRoot when a site's records were made under another root
// than the one with this fingerprint.
func (a *API) CheckRoot(ctx context.Context, site, root string) error {
	bound, err := a.Store.Artefacts(ctx, site, "root")
	if err != nil {
		return fmt.Errorf("read root fingerprint: %w", err)
	}
	body, err := rootBody(site, root)
	if err != nil {
		return err
	}
	if len(bound) > 0 && bound[0].Digest != consent.Digest(body) {
		return fmt.Errorf("site %s: %w", site, ErrRoot)
	}
	return nil
}

// bindRoot logs the root's fingerprint first of all, and refuses another root
// from then on.
func (a *API) bindRoot(ctx context.Context, s *Site, put func(string, []byte) error) error {
	if err := a.CheckRoot(ctx, s.ID, s.root); err != nil {
		return err
	}
	body, err := rootBody(s.ID, s.root)
	if err != nil {
		return err
	}
	return put("root", body)
}

func rootBody(site, root string) ([]byte, error) {
	return consent.Canonical(rootCheck{Schema: "consentry.root/1", Site: site, Root: root})
}

// activate logs the rendering unless it is the one that was activated last.
func (a *API) activate(ctx context.Context, s *Site, now time.Time, put func(string, []byte) error) error {
	history, err := a.activations(ctx, s.ID)
	if err != nil {
		return err
	}
	if n := len(history); n > 0 {
		a.clock.read(history[n-1].At.Time)
		if s.activeAlready(history) {
			return nil
		}
	}
	body, err := consent.Canonical(activation{
		Schema: "consentry.activation/1", Site: s.ID, Rendering: s.Rendering,
		Notice: s.Policy.NoticeDigest(), Frame: s.frameDigest, Frames: s.frameDigests(), At: consent.At(now),
	})
	if err != nil {
		return err
	}
	return put("activation", body)
}

// activations returns a site's history of renderings, oldest first.
func (a *API) activations(ctx context.Context, site string) ([]activation, error) {
	list, err := a.Store.Artefacts(ctx, site, "activation")
	if err != nil {
		return nil, fmt.Errorf("list activations: %w", err)
	}
	history := make([]activation, 0, len(list))
	for _, item := range list {
		stored, err := a.Store.Artefact(ctx, site, item.Digest)
		if err != nil {
			return nil, fmt.Errorf("read activation: %w", err)
		}
		var act activation
		if err := json.Unmarshal(stored.Body, &act); err != nil {
			return nil, fmt.Errorf("read activation: %w", err)
		}
		history = append(history, act)
	}
	return history, nil
}
