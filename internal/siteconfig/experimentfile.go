package siteconfig

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/consentry/consentry/internal/consent"
)

// experimentSource is this file: its field comments are the manual.
//
//go:embed experimentfile.go
var experimentSource string

// ExperimentFile is an experiment with the banner.
type ExperimentFile struct {
	// Names the variant in records, counters and on the dashboard: 1 to 32 small
	// letters, digits and hyphens. A new experiment takes a new one.
	ID string `yaml:"id" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]{0\\,31}$" sample:"short-words"`

	// The day on which it starts, in the time zone under counting. Write it at least
	// a day ahead: until then browsers may show a banner that they kept.
	Start Day `yaml:"start" jsonschema:"required" sample:"2026-12-01"`

	// How long one variant is shown before the other's turn may come: 2h, 3h, 4h, 6h,
	// 8h, 12h or 1d. On the next day the same hours belong to the other one; which
	// comes first a coin decides. The first hour of each block is not counted.
	Block Duration `yaml:"block" jsonschema:"default=12h" sample:"12h"`

	// What the two are compared by, as shares of the banners shown. answered: any
	// answer; accepted: permits everything. Do not change it after the start.
	Measure string `yaml:"measure" jsonschema:"enum=answered,enum=accepted,default=answered"`

	// The smallest difference worth finding, in percentage points: 1 to 50. The
	// dashboard says how long finding it takes.
	Detect int `yaml:"detect" jsonschema:"default=3"`

	// What is tried in place of what the rest of the file says.
	Variant VariantFile `yaml:"variant" jsonschema:"required" sample:"{layout: card}"`
}

// VariantFile is what an experiment changes. Both variants ask the same, and both
// are held to the same rules: one that makes rejecting less prominent is refused,
// also where the rule is but a warning elsewhere.
type VariantFile struct {
	// The banner's shape, as layout.
	Layout string `yaml:"layout" jsonschema:"enum=bar,enum=card,enum=dialog"`

	// Where it stands, as position.
	Position string `yaml:"position" jsonschema:"enum=start,enum=end"`

	// The words that differ, as texts.
	Texts map[string]consent.Texts `yaml:"texts"`
}

// Day is a calendar day, 2026-12-01.
type Day time.Time

func (d *Day) fromText(s string) error {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return fmt.Errorf("must be a day such as 2026-12-01, not %q", s)
	}
	*d = Day(t)
	return nil
}

// JSONSchema describes the form that editors check.
func (Day) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "date"}
}
