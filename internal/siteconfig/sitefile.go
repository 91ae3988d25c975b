package siteconfig

import (
	_ "embed"

	"github.com/consentry/consentry/internal/consent"
)

// siteSource is this file: its field comments are the manual.
//
//go:embed sitefile.go
var siteSource string

// SiteFile is one website: sites/NAME.yaml.
type SiteFile struct {
	// Names the site in addresses, cookies, records and the dashboard: 1 to 32
	// small letters, digits and hyphens. Never change it: records and cookies
	// made under the old id would belong to no site any more.
	ID string `yaml:"id" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]{0\\,31}$" sample:"shop"`

	// The site's name as visitors know it. It replaces {site} in all texts.
	Name string `yaml:"name" jsonschema:"required" sample:"Example Shop"`

	// Where the site's pages are: scheme, host and, unless it is the usual one,
	// port; no path. Decisions are accepted from these origins only, compared
	// letter by letter. Plain http works on this machine (localhost) alone.
	Origins []string `yaml:"origins" jsonschema:"required,minItems=1" sample:"[https://shop.example]"`

	// How the site's pages reach Consentry. path: under a path of the site's own
	// origin, through its proxy; cookies last as long as configured in every
	// browser. subdomain: on another host below the same domain (needs host and
	// cookie.domain); Safari may keep cookies for 7 days only. remote: on a
	// foreign host (needs host); cookies are written by script, Safari keeps
	// them for 7 days, and choices without JavaScript are not remembered.
	Mode string `yaml:"mode" jsonschema:"enum=path,enum=subdomain,enum=remote,default=path"`

	// Modes subdomain and remote: the host, with a port unless it is the usual
	// one, under which browsers reach Consentry. Not used in mode path.
	Host string `yaml:"host" sample:"privacy.shop.example"`

	// The path under which Consentry answers: it starts with a slash and does not
	// end with one. Choose a neutral word: blocklists match cookie, consent and
	// gdpr. Empty by default in modes subdomain and remote.
	Prefix string `yaml:"prefix" jsonschema:"default=/privacy,pattern=^(/[A-Za-z0-9._~-]+)*$"`

	// How far the two cookies of a choice reach and what they are called.
	Cookie CookieFile `yaml:"cookie"`

	// How tags are held back until they are permitted. Tags that the owner marked
	// (type="text/plain", data-src, template) are held in every mode, and never
	// requested before a grant. marked: nothing else is held. known: unmodified
	// tags of the services listed under categories are held too, by their hosts
	// and inline patterns; what is in the page's own HTML may still be requested
	// once, unexecuted, by the browser's preload scanner. strict: so is every
	// other host than the page's own, those of necessary services, and allow.
	// report: nothing unmarked is held; hosts and cookies that no listed service
	// declares are reported to the dashboard.
	Gate string `yaml:"gate" jsonschema:"enum=known,enum=strict,enum=marked,enum=report,default=known"`

	// Hosts that gate: strict leaves alone, written as a service's hosts are.
	Allow []string `yaml:"allow" sample:"[cdn.shop.example]"`

	// What Google's tags are told beside the gate (Consent Mode v2).
	ConsentMode ConsentModeFile `yaml:"consent_mode"`

	// Who answers for the site's processing; named in every notice and record.
	Controller ControllerFile `yaml:"controller" jsonschema:"required" sample:"{name: …, address: …, contact: …}"`

	// The rule under which a choice is asked for. opt-in: nothing optional runs
	// before a grant, for all visitors. local: by where the visitor is, as a table
	// that comes with Consentry says (consentry regimes) and regimes changes. Where
	// a visitor is tell country_header or places in consentry.yaml; whoever is
	// nowhere known is asked first. gate.<hash>.js and a gate in a static file
	// always ask first. With local gate.js is made for each visitor: no shared cache
	// keeps it, and none can serve it while Consentry is away.
	Regime Regime `yaml:"regime" jsonschema:"default=opt-in"`

	// With regime: local, the rules that differ from the table: by country (ISO
	// 3166-1) or state of the United States (US-CA). Nothing but opt-in is possible
	// in the European Economic Area, the United Kingdom and Switzerland, and in what
	// shares their law under a code of its own, such as RE or JE.
	Regimes map[string]RuleFile `yaml:"regimes" sample:"{US: opt-in}"`

	// Where Global Privacy Control is honoured: everywhere, or only where the law
	// binds sites to it (binding). It is never a grant; it takes back what was
	// permitted without it. What a visitor permits here after that holds, but for
	// what sells or shares data (categories.sale_share): see site_specific_override.
	GPC string `yaml:"gpc" jsonschema:"enum=everywhere,enum=binding,default=everywhere"`

	// What is done about Do Not Track. honor: the same as about Global Privacy
	// Control, everywhere. ignore: nothing. disclose: nothing, and the policy text
	// says so.
	DNT string `yaml:"dnt" jsonschema:"enum=honor,enum=ignore,enum=disclose,default=honor"`

	// Whether a visitor whose browser sends a signal that is honoured can permit what
	// sells or shares data here all the same, by a click. false: no, its switches are
	// off and say why. true: yes; banner, preferences and choices page then say that
	// what is allowed goes before the signal, and the record holds both. A change
	// voids what was permitted with a signal in view.
	SiteSpecificOverride bool `yaml:"site_specific_override" jsonschema:"default=false"`

	// Whether the site is for children. Then nothing optional can ever be granted,
	// nobody is asked, and nobody gets a cookie or an id.
	ChildDirected bool `yaml:"child_directed" jsonschema:"default=false"`

	// How long a choice holds, grants and refusals alike, before it is asked for
	// again: 1d to 390d.
	Memory Duration `yaml:"memory" jsonschema:"default=180d"`

	// How long an answer to a notice is still accepted after the notice changed,
	// for pages that were open meanwhile: 0s to 30d.
	Grace Duration `yaml:"grace" jsonschema:"default=24h"`

	// The retention class of the site's records: an id of the server file.
	Retention string `yaml:"retention" jsonschema:"default=standard,pattern=^[a-z0-9][a-z0-9-]{0\\,31}$"`

	// Why records must be kept for now although a visitor asks to have them erased,
	// such as "They are evidence in a dispute about this website." The visitor
	// reads it as it stands here. Empty: they are erased on request, by the visitor
	// and at once. Some law has to demand it (GDPR 17(3)); remove it when it ends.
	LegalHold string `yaml:"legal_hold"`

	// The banner's shape. bar: along the bottom; card: in a bottom corner;
	// dialog: in the middle. No shape covers more than half of a phone's screen.
	Layout string `yaml:"layout" jsonschema:"enum=bar,enum=card,enum=dialog,default=bar"`

	// In which corner a card stands on screens that are wider than a phone's: at the
	// start or end of the bottom line, which are left and right where people read from
	// left to right. Empty: start.
	Position string `yaml:"position" jsonschema:"enum=start,enum=end"`

	// Which colours are used: the light ones, the dark ones, or (auto) those that
	// the visitor's system asks for.
	Scheme string `yaml:"scheme" jsonschema:"enum=light,enum=dark,enum=auto,default=auto"`

	// The colours. Accept and reject share one pair: there is no setting that
	// tells them apart. Text that cannot be read is refused: ink and quiet on
	// paper, and button_text on button, need a contrast of 4.5 to 1.
	Colors ColorsFile `yaml:"colors"`

	// How round the corners of boxes and buttons are, in pixels: 0 to 22.
	Radius int `yaml:"radius" jsonschema:"default=10,minimum=0,maximum=22"`

	// The letters. page: the page's own font; system: that of the visitor's system.
	Font string `yaml:"font" jsonschema:"enum=page,enum=system,default=page"`

	// A picture over the banner's heading that shows who asks. Without it the
	// site's name in the text says so.
	Logo LogoFile `yaml:"logo"`

	// How visitors open their settings again. button, link: one of ours at the edge
	// of every page, always in the same place; own: every page of the site has an
	// element of the owner's with the attribute data-consentry-settings, or a link to
	// #consentry-settings, which may also lead to a page from elsewhere; none: nothing,
	// which check warns about.
	Settings string `yaml:"settings" jsonschema:"enum=button,enum=link,enum=own,enum=none,default=button"`

	// Links on the banner's first layer, such as the privacy policy.
	Links []LinkFile `yaml:"links"`

	// The languages that visitors are offered, as BCP 47 tags; the first is used
	// where none fits. The 24 of the EU are built in, as are ar, he, hi, is, ja,
	// ko, nb, pt-BR, ru, tr, uk, zh-Hans and zh-Hant; a region of one of them
	// (de-AT) takes its texts from it. Others need all their texts.
	Locales []string `yaml:"locales" jsonschema:"default=en" sample:"[en, de]"`

	// The site's transparency log: signed proof that no record was changed or
	// taken out.
	Log LogFile `yaml:"log"`

	// Over how many logs the site is spread, 1 to 64, for more decisions than one
	// node of a Redis Cluster can take (some ten thousand a second): each log lies on
	// a node of its own choice and is signed, served (log~1/, log~2/, …) and verified
	// by itself. It may grow, which takes effect after two minutes, and never shrink.
	// Every server of the site must be up and have read the file by then. With the
	// embedded store it must be 1: one file has one writer, and gains nothing.
	Shards int `yaml:"shards" jsonschema:"default=1,minimum=1,maximum=64"`

	// How visits are counted for the dashboard.
	Counting CountingFile `yaml:"counting"`

	// Another wording or look of the banner that is tried beside this one. Nobody is
	// remembered before a choice, so the two take turns by the hour.
	Experiment *ExperimentFile `yaml:"experiment"`

	// What is asked about, in the order shown. necessary is always there, first
	// and locked, whether listed or not.
	Categories []CategoryFile `yaml:"categories"`

	// The owner's own words, by locale: each replaces the built-in text of that
	// name. {site}, {service}, {date} and {id} are filled in where they make
	// sense. Texts of the owner's own categories stand under categories.ID.
	Texts map[string]consent.Texts `yaml:"texts"`
}

// LogFile says who may see the site's transparency log.
type LogFile struct {
	// Whether checkpoints, hashes and key of the log are served under the prefix,
	// at log/. They say nothing about any visitor, but how many records there are.
	// With false receipts and proofs can still be verified; that nothing else was
	// taken out of the log can then be shown by the owner alone.
	Public bool `yaml:"public" jsonschema:"default=true"`
}

// CookieFile scopes the two cookies of a choice.
type CookieFile struct {
	// host: this host alone (__Host-). domain: all hosts below domain
	// (__Secure-), one choice for all; every such host can then overwrite it.
	// Mode subdomain needs domain.
	Scope string `yaml:"scope" jsonschema:"enum=host,enum=domain,default=host"`

	// With scope domain: the domain itself, without a leading dot. It must be
	// the origins' and the host's own domain or a parent of it.
	Domain string `yaml:"domain" sample:"shop.example"`

	// Whether the cookies' names carry the site's id. Needed when two sites share
	// an origin: all of them but one.
	Named bool `yaml:"named" jsonschema:"default=false"`
}

// ControllerFile names who answers for the processing.
type ControllerFile struct {
	// Names the controller in records, for owners of several sites. The site's
	// id by default.
	ID string `yaml:"id" jsonschema:"pattern=^[a-z0-9][a-z0-9-]{0\\,31}$"`

	// The legal name.
	Name string `yaml:"name" jsonschema:"required" sample:"Example Shop Ltd"`

	// The postal address, in one line or several.
	Address string `yaml:"address" jsonschema:"required" sample:"1 High Street, Exampletown"`

	// Where visitors write to about their data: an e-mail address or a page.
	Contact string `yaml:"contact" jsonschema:"required" sample:"privacy@shop.example"`
}

// LogoFile is the picture over the banner's heading.
type LogoFile struct {
	// Where it is: a path of the site, since nobody else may be asked for anything
	// before a grant. SVG, WebP or PNG.
	URL string `yaml:"url" sample:"/logo.svg"`

	// The one for dark colours, where the first cannot be seen on them.
	Dark string `yaml:"dark" sample:"/logo-dark.svg"`

	// Its width in pixels, up to 200, so that the page never moves. Required like url.
	Width int `yaml:"width" jsonschema:"maximum=200" sample:"120"`

	// Its height in pixels, up to 40. Required like url.
	Height int `yaml:"height" jsonschema:"maximum=40" sample:"28"`
}

// ColorsFile holds the two sets of colours.
type ColorsFile struct {
	// For light pages.
	Light PaletteFile `yaml:"light"`

	// For dark pages.
	Dark PaletteFile `yaml:"dark"`
}

// PaletteFile is one set of colours, each "#rgb" or "#rrggbb" in quotes (YAML
// takes a bare # for a comment).
type PaletteFile struct {
	// The background. "#ffffff" light, "#171c24" dark.
	Paper Color `yaml:"paper"`

	// Text. "#1c2430" light, "#eef1f6" dark.
	Ink Color `yaml:"ink"`

	// Secondary text. "#566072" light, "#a7b0bf" dark.
	Quiet Color `yaml:"quiet"`

	// Hairlines. "#d8dde5" light, "#323a47" dark.
	Line Color `yaml:"line"`

	// Both buttons, accept and reject. "#1f4b99" light, "#8db4ff" dark.
	Button Color `yaml:"button"`

	// The words on both buttons. "#ffffff" light, "#10151d" dark.
	ButtonText Color `yaml:"button_text"`
}

// LinkFile is a link on the banner's first layer.
type LinkFile struct {
	// Where it leads: a path of the site, or an https address.
	URL string `yaml:"url" jsonschema:"required" sample:"/privacy-policy"`

	// Its words: one text for all languages, or a mapping from locale to text
	// that has every locale of the site.
	Label Label `yaml:"label" jsonschema:"required" sample:"Privacy policy"`
}
