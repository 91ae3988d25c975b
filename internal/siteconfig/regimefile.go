package siteconfig

import _ "embed"

// regimeSource is this file: its field comments are part of the manual.
//
//go:embed regimefile.go
var regimeSource string

// RuleFile is the rule of one place. In place of the mapping the regime's word
// alone will do.
type RuleFile struct {
	// opt-in: nothing optional runs before a grant. opt-out: it may run until the
	// visitor objects, through a link named Your privacy choices. notice-only: as
	// opt-out, under the usual settings button.
	Regime string `yaml:"regime" jsonschema:"required,enum=opt-in,enum=opt-out,enum=notice-only" sample:"opt-out"`

	// Whether the law there binds sites to Global Privacy Control. It matters with
	// gpc: binding alone.
	GPC bool `yaml:"gpc" jsonschema:"default=false"`

	// How long somebody who refused is not asked again, whatever changes: up to
	// 390d. Answers are remembered at least as long.
	CoolDown Duration `yaml:"cool_down" jsonschema:"default=0s"`

	// Where that stands, for whoever reads the file after you.
	Source string `yaml:"source" sample:"advice of 2026-11-01"`
}

// ExemptFile says that a category is audience measurement that needs no consent
// under some laws. There it runs until the visitor objects, who always can; the
// objection is on record. Elsewhere it is asked about like all others. Each list
// must be true in full, by your own examination; one category can have it.
type ExemptFile struct {
	// In France, by the CNIL's guidelines (délibération 2020-091, article 5) and
	// its self-assessment of 4 July 2025.
	CNIL *CNILFile `yaml:"cnil"`

	// In the United Kingdom, as statistical purposes of PECR, schedule A1.
	UK *UKFile `yaml:"uk"`
}

// CNILFile is the CNIL's conditions.
type CNILFile struct {
	// It measures the audience of this site, for its publisher alone, and nothing else.
	SolePurpose bool `yaml:"sole_purpose" jsonschema:"required" sample:"true"`
	// Only anonymous statistics come out of it.
	AnonymousStatistics bool `yaml:"anonymous_statistics" jsonschema:"required" sample:"true"`
	// Nobody is followed across sites or apps.
	NoCrossSite bool `yaml:"no_cross_site" jsonschema:"required" sample:"true"`
	// Data is neither combined with other data nor passed on.
	NoTransfer bool `yaml:"no_transfer" jsonschema:"required" sample:"true"`
	// Cookies end after 13 months, and later visits do not prolong them.
	Cookies13Months bool `yaml:"cookies_13_months" jsonschema:"required" sample:"true"`
	// Data is deleted after 25 months.
	Data25Months bool `yaml:"data_25_months" jsonschema:"required" sample:"true"`
	// The site's privacy policy tells visitors of it.
	Informed bool `yaml:"informed" jsonschema:"required" sample:"true"`
}

// UKFile is the conditions of the United Kingdom.
type UKFile struct {
	// It only counts how the site is used, to improve the site.
	Improvement bool `yaml:"improvement" jsonschema:"required" sample:"true"`
	// Only aggregate figures come out of it.
	Aggregate bool `yaml:"aggregate" jsonschema:"required" sample:"true"`
	// Nobody else gets the data, unless to help with that.
	NoTransfer bool `yaml:"no_transfer" jsonschema:"required" sample:"true"`
	// Visitors are told clearly and in full.
	Informed bool `yaml:"informed" jsonschema:"required" sample:"true"`
}
