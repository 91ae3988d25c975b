package consent

import "time"

// Experiment is another wording or look of a site's banner that is shown in its
// place for blocks of hours, to find out what it changes. It asks the same.
type Experiment struct {
	ID      string // names the variant in frames, records and counters
	Start   time.Time
	Block   time.Duration
	Measure string  // what the two are compared by
	Detect  float64 // the smallest difference worth finding, as a share
	Variant *Site   `json:"-"` // the site in the variant's words and look, without an experiment
}
