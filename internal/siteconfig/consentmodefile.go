package siteconfig

import _ "embed"

// consentModeSource is this file: its field comments are part of the manual.
//
//go:embed consentmodefile.go
var consentModeSource string

// ConsentModeFile says what Google's tags are told beside a visitor's choice. By
// default the tags themselves are held until they are permitted (basic mode), so
// that Google learns nothing before.
type ConsentModeFile struct {
	// How long Google's tags wait for an update after the default, in
	// milliseconds: 0 to 5000.
	Wait int `yaml:"wait" jsonschema:"default=500,minimum=0,maximum=5000"`

	// Whether clicks' identifiers are left out of requests while ad_storage is
	// denied.
	Redact bool `yaml:"redact" jsonschema:"default=true"`

	// Defaults other than denied, by region. Google's own code looks up where a
	// visitor is. They hold until the visitor has chosen, not under Global Privacy
	// Control, and concern tags that run before a choice alone: those under
	// advanced, and those that the gate does not hold.
	Regions []RegionFile `yaml:"regions"`

	// Advanced mode, for chosen services in chosen countries.
	Advanced AdvancedFile `yaml:"advanced"`
}

// RegionFile grants Consent Mode keys by default in some regions.
type RegionFile struct {
	// Countries (ISO 3166-1, such as US) and their parts (ISO 3166-2, such as
	// US-NV); the more specific counts. None of the European Economic Area, of the
	// United Kingdom or of Switzerland, where nothing may be granted by default, nor
	// of what shares their law under a code of its own, such as RE or JE.
	Regions []string `yaml:"regions" jsonschema:"required,minItems=1" sample:"[US-NV]"`

	// The keys that are granted there before a choice.
	Granted []string `yaml:"granted" jsonschema:"required,minItems=1,enum=ad_storage,enum=ad_user_data,enum=ad_personalization,enum=analytics_storage,enum=functionality_storage,enum=personalization_storage" sample:"[analytics_storage]"`
}

// AdvancedFile switches advanced mode on. In it the unmodified tags of these
// services are not held for visitors of these countries: they load before a
// choice, after they were told that everything is denied (or what regions
// grants), and then send Google pings without cookies: address, browser, page
// and time. Cookies of theirs are refused until they are permitted, and marked
// tags (data-consent) stay held. Whether a visitor is in one of the countries
// tells the header that consentry.yaml names under country_header. A visitor
// without a country, with another one, or with Global Privacy Control gets basic
// mode; so does everybody through gate.<hash>.js and a gate in a static file.
// Your privacy policy has to say so; the banner does not.
type AdvancedFile struct {
	// The services, by id. They must be listed under categories and obey Google
	// Consent Mode: ga4, gtm, google-ads and floodlight do. gtm brings in what its
	// container holds; other services that are listed under categories stay held.
	Services []string `yaml:"services" sample:"[ga4]"`

	// The countries, ISO 3166-1. None of the European Economic Area, nor GB or CH,
	// nor what shares their law under a code of its own, such as RE or JE: there
	// Google's tags must not load before a choice.
	Countries []string `yaml:"countries" sample:"[US, CA]"`
}
