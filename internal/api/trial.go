package api

import (
	"context"
	"encoding/hex"
	"maps"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/experiment"
)

// trial is an experiment as it is served: two sites that take turns. Which of them
// it is follows from the clock and the key file alone, so that several servers
// agree, and a restart changes nothing.
type trial struct {
	experiment.Schedule
	configured, variant *Site

	block atomic.Pointer[experiment.Block] // of the last request
}

// startTrial renders the variant of a site that has an experiment.
func (s *Site) startTrial(ctx context.Context, ring *consent.Keyring, version string) error {
	e := s.Experiment
	if e == nil {
		return nil
	}
	seed, err := consent.DeriveKey(ring.Root, "experiment/"+e.ID, s.ID)
	if err != nil {
		return err
	}
	variant, err := NewSite(ctx, e.Variant, ring, version)
	if err != nil {
		return err
	}
	s.trial = &trial{Schedule: experiment.Schedule{Seed: seed, Start: e.Start, Block: e.Block}, configured: s, variant: variant}
	variant.trial = s.trial
	return nil
}

// At is the site as visitors meet it at an instant: itself, or its variant.
func (s *Site) At(now time.Time) *Site {
	if s.trial == nil {
		return s
	}
	if block := s.trial.at(now); block != nil && block.Variant {
		return s.trial.variant
	}
	return s.trial.configured
}

// Schedule says when which variant is shown; ok is false without an experiment.
func (s *Site) Schedule() (schedule experiment.Schedule, ok bool) {
	if s.trial == nil {
		return schedule, false
	}
	return s.trial.Schedule, true
}

func (t *trial) at(now time.Time) *experiment.Block {
	if b := t.block.Load(); b != nil && !now.Before(b.From) && now.Before(b.To) {
		return b
	}
	b, ok := t.Schedule.At(now)
	if !ok {
		return nil
	}
	t.block.Store(&b)
	return &b
}

// showing is the site whose rendering this is: itself, or the other one of its
// experiment, whose pages stay open beyond a block's end.
func (s *Site) showing(rendering string) *Site {
	if t := s.trial; t != nil {
		for _, one := range []*Site{t.configured, t.variant} {
			if isNamed(one.Rendering, rendering) {
				return one
			}
		}
	}
	if isNamed(s.Rendering, rendering) {
		return s
	}
	return nil
}

// gateAge is how long a gate may be kept without asking, at most.
const gateAge = 5 * time.Minute

// gateLife is how long caches may keep the gate: during an experiment never beyond
// the block's end, nor stale, since a kept gate shows its own banner.
func (s *Site) gateLife(now time.Time) string {
	if s.trial == nil {
		return shortLife
	}
	left := gateAge
	if block := s.trial.at(now); block != nil {
		left = min(left, block.To.Sub(now))
	} else {
		left = min(left, s.trial.Start.Sub(now))
	}
	return "public, max-age=" + strconv.Itoa(int(left/time.Second))
}

// experimentNote is what the log holds of an experiment before its first visitor:
// what is compared and how, and the seed that decides who comes when.
type experimentNote struct {
	Schema     string            `json:"schema"`
	Site       string            `json:"site"`
	ID         string            `json:"id"`
	Start      consent.Timestamp `json:"start"`
	Block      int64             `json:"block"`   // seconds
	Washout    int64             `json:"washout"` // seconds of each block that are not counted
	Measure    string            `json:"measure"`
	Seed       string            `json:"seed"`
	Configured string            `json:"configured"` // renderings
	Variant    string            `json:"variant"`
}

// publishTrial stores and logs what an experiment's variant shows, and the
// experiment itself.
func (a *API) publishTrial(ctx context.Context, s *Site) error {
	t := s.trial
	if t == nil || t.configured != s {
		return nil
	}
	if err := a.publish(ctx, t.variant); err != nil {
		return err
	}
	note, err := consent.Canonical(experimentNote{
		Schema: "consentry.experiment/1", Site: s.ID, ID: s.Experiment.ID, Start: consent.At(t.Start),
		Block: int64(t.Block / time.Second), Washout: int64(experiment.Washout / time.Second),
		Measure: s.Experiment.Measure, Seed: hex.EncodeToString(t.Seed), Configured: t.configured.Rendering, Variant: t.variant.Rendering,
	})
	if err != nil {
		return err
	}
	return a.putArtefact(ctx, s.ID, "experiment", note)
}

// activeAlready reports whether a frame was activated last, or as one of the last
// two that an experiment's are.
func (s *Site) activeAlready(history []activation) bool {
	newest := 1
	if s.trial != nil {
		newest = 2
	}
	for _, act := range history[max(0, len(history)-newest):] {
		if act.Frame == s.frameDigest && maps.Equal(act.Frames, s.frameDigests()) {
			return true
		}
	}
	return false
}
