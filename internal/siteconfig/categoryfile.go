package siteconfig

import _ "embed"

// categorySource is this file: its field comments are part of the manual.
//
//go:embed categoryfile.go
var categorySource string

// CategoryFile is one question that is put to visitors.
type CategoryFile struct {
	// Names the category: necessary, analytics, share and marketing come with
	// texts, purposes and signals; any other id is the owner's and needs purposes
	// and, in every locale, texts under texts.LOCALE.categories.ID.
	ID string `yaml:"id" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]{0\\,31}$" sample:"analytics"`

	// The services that stand under it: the id of one in the catalogue, or a
	// mapping with such an id and what is different here, or a mapping that
	// spells out a service of the owner's. A new service, recipient, purpose or
	// duration asks visitors about this category again.
	Services []ServiceFile `yaml:"services"`

	// What the data is used for, as ids that stay the same in all languages.
	// A change asks again.
	Purposes []string `yaml:"purposes" sample:"[audience-measurement]"`

	// The Google Consent Mode keys that follow this category. By default
	// analytics_storage follows analytics; ad_storage, ad_user_data and
	// ad_personalization follow marketing; share has none. An empty list, [],
	// means none.
	Signals []string `yaml:"signals" jsonschema:"enum=ad_storage,enum=ad_user_data,enum=ad_personalization,enum=analytics_storage,enum=functionality_storage,enum=personalization_storage,enum=security_storage"`

	// Any word, such as a date. A new one asks again about this category although
	// nothing else changed: for a text whose new wording alters its meaning.
	Material string `yaml:"material" sample:"2026-05-01"`

	// Where the category may run without consent, until the visitor objects:
	// audience measurement that meets every condition of a law.
	Exempt *ExemptFile `yaml:"exempt"`

	// Whether it sells what it learns or shares it for advertising across sites, as
	// laws of the United States have it. Where a signal is honoured, such a category
	// stays off whatever the visitor clicks, unless site_specific_override is on. By
	// default true, but for analytics and for what is exempt. What a visitor asks for
	// on the spot, such as a video by the button of its placeholder, is neither
	// (California's Civil Code 1798.140(ad)(2)(A) and (ah)(2)(A)) and opens. To write or
	// change it asks again.
	SaleShare bool `yaml:"sale_share"`
}

// ServiceFile is one vendor's tag, in a site file or in the catalogue.
type ServiceFile struct {
	// Names the service; also what marked tags are called by: data-consent="CATEGORY:SERVICE".
	ID string `yaml:"id" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]{0\\,31}$" sample:"ga4"`

	// As visitors know it. Required for a service that is not in the catalogue.
	Name string `yaml:"name" sample:"Google Analytics"`

	// The legal name of who receives the data. Required like name.
	Company string `yaml:"company" sample:"Google Ireland Limited"`

	// Where that company is: ISO 3166-1, two capital letters. Required like name.
	Country string `yaml:"country" jsonschema:"pattern=^[A-Z]{2}$" sample:"IE"`

	// The company's privacy policy: an https address. Required like name.
	PolicyURL string `yaml:"policy_url" sample:"https://vendor.example/privacy"`

	// The hosts that the tag talks to: a host, a host and the beginning of a path
	// (host/path), or *.example.com for every host below it. Required like name;
	// an empty list, [], means the site's own hosts only. What several services
	// list alike loads once one of them is permitted.
	Hosts []string `yaml:"hosts" sample:"[stats.vendor.example]"`

	// Everything that it leaves in the browser. An empty list, [], means nothing.
	Cookies []StoredFile `yaml:"cookies"`

	// Who else receives what is stored; taken over by every cookie that names no
	// recipients of its own.
	Recipients []string `yaml:"recipients" sample:"[Google LLC (US)]"`

	// A plain link that shares a page without any script: {url} and {title} are
	// filled in.
	ShareURL string `yaml:"share_url" sample:"https://vendor.example/share?u={url}"`

	// A regular expression, in what RE2 and JavaScript have in common, that finds
	// the vendor's inline scripts by their text. Used where the gate is known,
	// strict or report. Make it so narrow that no other script matches.
	Inline string `yaml:"inline" sample:"gtag\\(.config., ?.G-"`

	// The vendor's own consent calls, made beside the gate.
	Calls *CallsFile `yaml:"calls"`

	// Whether the vendor's own code obeys Google Consent Mode. Only such services
	// can be listed under consent_mode.advanced.
	ConsentMode bool `yaml:"consent_mode" jsonschema:"default=false"`

	// The category that the service usually stands under. For the catalogue's
	// list; a site file decides by where it lists the service.
	Category string `yaml:"category" jsonschema:"pattern=^[a-z0-9][a-z0-9-]{0\\,31}$" sample:"analytics"`

	// The vendor's own pages that this entry was written from.
	Source []string `yaml:"source" sample:"[https://vendor.example/cookies]"`
}

// StoredFile is one entry that a service leaves in the browser.
type StoredFile struct {
	// Its name; a trailing * stands for any ending.
	Name string `yaml:"name" jsonschema:"required" sample:"_ga"`

	// Where it is kept.
	Kind string `yaml:"kind" jsonschema:"enum=cookie,enum=local,enum=session,enum=indexeddb,default=cookie"`

	// Whose it is, in words.
	Provider string `yaml:"provider" jsonschema:"required" sample:"Google"`

	// What it is for, in one sentence without jargon.
	Purpose string `yaml:"purpose" jsonschema:"required" sample:"Tells visitors apart."`

	// How long it stays, in words.
	Duration string `yaml:"duration" jsonschema:"required" sample:"2 years"`

	// Who else receives what it holds.
	Recipients []string `yaml:"recipients" sample:"[Google LLC (US)]"`

	// Whether scripts cannot read it, so that it cannot be removed by one either.
	HTTPOnly bool `yaml:"http_only" jsonschema:"default=false"`

	// Whether it is kept under the vendor's own domain alone, or for storage in the
	// vendor's own frame. No script of the page reaches it there, so it is shown and
	// neither refused nor removed; an entry of the page's own by that name stays.
	ThirdParty bool `yaml:"third_party" jsonschema:"default=false"`

	// Whether its duration was not found again in the vendor's own documentation or
	// code when that was last looked through. For the catalogue; told to owners by
	// consentry catalogue --unverified, not to visitors.
	Unverified bool `yaml:"unverified" jsonschema:"default=false"`
}

// CallsFile is a vendor's own consent interface. A call is the list of its
// arguments. Among them "$status" stands for granted or denied as the service is
// now, "$ad_storage" and the like for a Google Consent Mode key.
type CallsFile struct {
	// The name of the function, list or object on window.
	Global string `yaml:"global" jsonschema:"required,pattern=^[A-Za-z_$][A-Za-z0-9_$]*$" sample:"uetq"`

	// How a call is made. push: global.push(a, b); queue: global.push([a, b]);
	// arguments: global.push(arguments); call: global(a, b); method: global.a(b),
	// or global.push([a, b]) while there is no such method.
	Form string `yaml:"form" jsonschema:"required,enum=push,enum=queue,enum=arguments,enum=call,enum=method"`

	// Whether the gate may create the global before the vendor's code does. Not
	// where that code takes its presence for having been loaded.
	Stub bool `yaml:"stub" jsonschema:"default=false"`

	// Calls on every page, before anything else; needs stub.
	Default [][]any `yaml:"default" sample:"[[\"consent\", \"default\", {ad_storage: $ad_storage}]]"`

	// Calls when the service becomes permitted; where it is already, once on every
	// page.
	Granted [][]any `yaml:"granted" sample:"[[\"consent\", \"update\", {ad_storage: $ad_storage}]]"`

	// Calls when it is refused or withdrawn.
	Denied [][]any `yaml:"denied" sample:"[[\"consent\", \"update\", {ad_storage: $ad_storage}]]"`
}
