package consent

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// FrameSchema is the version of Frame's JSON.
const FrameSchema = "consentry.frame/1"

// Frame is one notice as it was put before visitors: all that the records made
// under it have in common. It is stored under its hash before the first visitor
// sees the notice, and a compact record is read with it. Never changed.
type Frame struct {
	Schema     string          `json:"schema"`
	Site       string          `json:"site"`
	Controller Controller      `json:"controller"`
	Notice     string          `json:"notice"`    // digest of what is asked
	Rendering  string          `json:"rendering"` // digest of all bytes, locales and layouts
	Gate       string          `json:"gate"`      // digest of the gate script as served
	Regime     Regime          `json:"regime"`
	Memory     int64           `json:"memory"` // seconds
	Retention  string          `json:"retention"`
	Categories []FrameCategory `json:"categories"`
	Locales    []string        `json:"locales"`
	Origins    []string        `json:"origins"`
	Variants   []string        `json:"variants"`
	Server     ServerVersion   `json:"server"`
	// Override says that the notice told of answers going before a signal.
	Override bool `json:"override,omitempty"`
}

// FrameCategory is one question of the notice and its state when it was shown.
type FrameCategory struct {
	ID       string   `json:"id"`
	Digest   string   `json:"digest"`
	Shown    Status   `json:"shown"` // the switch's state before the visitor touched it; empty: not known
	Services []string `json:"services"`
	// Details are what visitors are told when the question is asked again; nil in
	// frames of versions that did not say so.
	Details *FrameDetails `json:"details,omitempty"`
}

// FrameDetails are what a category was asked for, as far as its digest covers it.
type FrameDetails struct {
	Purposes []string       `json:"purposes"`
	Services []FrameService `json:"services"`
}

// FrameService is a service as visitors knew it.
type FrameService struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Company string        `json:"company"`
	Country string        `json:"country"`
	Cookies []FrameCookie `json:"cookies"`
}

// FrameCookie is one entry that a service leaves in the browser.
type FrameCookie struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	Provider   string   `json:"provider"`
	Purpose    string   `json:"purpose"`
	Duration   string   `json:"duration"`
	Recipients []string `json:"recipients"`
}

// ServerVersion names the program and the cookie key that made a record.
type ServerVersion struct {
	Version string `json:"version"`
	Key     string `json:"key"`
}

// NewFrame describes policy p as shown by the given rendering and gate to
// somebody of whom nothing is presumed.
func NewFrame(p *Policy, rendering, gate string, locales, origins []string, server ServerVersion) *Frame {
	f := &Frame{
		Schema: FrameSchema, Site: p.Site, Controller: p.Controller, Notice: p.NoticeDigest(),
		Rendering: rendering, Gate: gate, Memory: int64(p.Memory.Seconds()),
		Retention: p.Retention, Locales: locales, Origins: origins, Variants: []string{""}, Server: server,
		Override: p.Signals.Override,
	}
	for _, c := range p.Categories {
		shown := Denied
		if c.ID == Necessary {
			shown = Granted
		}
		fc := FrameCategory{ID: c.ID, Digest: p.CategoryDigest(c.ID), Shown: shown, Services: []string{}, Details: c.details()}
		for _, s := range c.Services {
			fc.Services = append(fc.Services, s.ID)
		}
		f.Categories = append(f.Categories, fc)
	}
	return f.Under(p.Ruling("", false, false), gate)
}

func (c *Category) details() *FrameDetails {
	d := &FrameDetails{Purposes: ordered(c.Purposes, strings.Compare), Services: []FrameService{}}
	for _, s := range c.Services {
		cookies := []FrameCookie{}
		for _, k := range s.Cookies {
			cookies = append(cookies, FrameCookie{k.Name, k.Kind, k.Provider, k.Purpose, k.Duration, ordered(k.Recipients, strings.Compare)})
		}
		d.Services = append(d.Services, FrameService{s.ID, s.Name, s.Company, s.Country, cookies})
	}
	return d
}

// Under is the frame of visitors under another ruling, with another gate.
func (f *Frame) Under(r Ruling, gate string) *Frame {
	g := *f
	g.Regime, g.Gate, g.Memory = r.Regime, gate, int64(r.Memory.Seconds())
	g.Categories = slices.Clone(f.Categories)
	for i := range g.Optional() {
		g.Categories[i+1].Shown = statusOf(r.Presumed[i] == Granted)
	}
	return &g
}

// Encode returns the frame's canonical bytes; Digest of them is its name.
func (f *Frame) Encode() ([]byte, error) { return Canonical(f) }

// DecodeFrame reads what Encode wrote.
func DecodeFrame(b []byte) (*Frame, error) {
	var f Frame
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	if f.Schema != FrameSchema || len(f.Categories) == 0 || f.Categories[0].ID != Necessary {
		return nil, fmt.Errorf("read frame: schema %q is not %q or necessary is not first", f.Schema, FrameSchema)
	}
	return &f, nil
}

// Variant names the wording that the frame has, "" for the site's usual one.
func (f *Frame) Variant() string {
	if len(f.Variants) == 0 {
		return ""
	}
	return f.Variants[0]
}

// Optional returns the categories that were asked about.
func (f *Frame) Optional() []FrameCategory { return f.Categories[1:] }

func (f *Frame) category(id string) int {
	return slices.IndexFunc(f.Categories, func(c FrameCategory) bool { return c.ID == id })
}

// home returns the index of the category that lists service, -1 when unknown.
func (f *Frame) home(service string) int {
	return slices.IndexFunc(f.Categories, func(c FrameCategory) bool { return slices.Contains(c.Services, service) })
}
