package consent

import (
	"slices"
	"strings"
)

// Mode is how a site's pages reach Consentry.
type Mode string

const (
	ModePath      Mode = "path"      // A: under a path of the page's own origin
	ModeSubdomain Mode = "subdomain" // B: another host of the same registrable domain
	ModeRemote    Mode = "remote"    // C: a foreign host; works, degraded
)

// Scope of the cookies in modes A and B.
const (
	CookieHost   = "host"   // __Host-: this host alone
	CookieDomain = "domain" // __Secure- with Domain=: one choice for all subdomains
)

// Site is everything that is configured for one website. Built by siteconfig,
// never changed afterwards: a changed file makes a new Site.
type Site struct {
	ID         string
	Name       string // as visitors know it
	Policy     *Policy
	Deployment Deployment
	Appearance Appearance
	Locales    []string         // BCP 47, the first is the default
	Texts      map[string]Texts // by locale, complete
	Source     string           // the file it was read from
	// LegalHold is why records must be kept for now, in the owner's words, for
	// the visitor who asks to have them erased; empty when they need not be.
	LegalHold  string
	Shards     int  // logs that it is to have, from 1 to MaxShards
	PrivateLog bool // the transparency log is not served
	Counting   Counting
	// Experiment is what is tried, nil for nothing; Variant names the one that this
	// is, "" for the site as it is configured.
	Experiment *Experiment
	Variant    string
}

// Deployment says where the site's pages are and how they reach Consentry.
type Deployment struct {
	Mode    Mode
	Origins []string // of the pages, scheme://host[:port], exact
	Host    string   // modes B and C: the host that serves Consentry
	Prefix  string   // path without trailing slash, "" in modes B and C where allowed
	Cookie  CookieConfig
	Gate    string   // blocking mode: one of the Gate constants
	Allow   []string // host patterns that GateStrict leaves alone
	// ConsentMode is what Google's tags are told.
	ConsentMode ConsentMode
}

// What the gate holds beside marked tags.
const (
	GateMarked = "marked" // nothing else
	GateKnown  = "known"  // unmodified tags of the site's services
	GateStrict = "strict" // and every other third-party host
	GateReport = "report" // nothing, but reports what no service declares
)

// ConsentMode configures what Google's tags are told before a choice.
type ConsentMode struct {
	Wait     int  // milliseconds
	Redact   bool // ads_data_redaction
	Regions  []RegionDefault
	Advanced Advanced
}

// RegionDefault grants Consent Mode keys by default to visitors whom Google
// places in one of the regions, for as long as they have not chosen. Never in
// the European Economic Area, the United Kingdom and Switzerland.
type RegionDefault struct {
	Regions []string // ISO 3166-1 or -2
	Granted []string
}

// Advanced names Google's services whose tags visitors of these countries get
// before a choice, told that nothing is granted (advanced mode).
type Advanced struct {
	Services  []string
	Countries []string // ISO 3166-1 alpha-2
}

// SignalKeys are the Consent Mode keys. The first four are those of version 2,
// which every update names.
func SignalKeys() []string {
	return []string{"ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage", "personalization_storage", "security_storage"}
}

// Base is how the site's pages address Consentry, without trailing slash: a path
// in mode A, an absolute URL in modes B and C.
func (s *Site) Base() string {
	d := s.Deployment
	switch d.Mode {
	case ModeSubdomain:
		return d.scheme() + d.Host + d.Prefix
	case ModeRemote:
		return d.scheme() + d.Host + "/s/" + s.ID
	}
	return d.Prefix
}

// LogOrigin is the name under which the transparency log begins: the address that
// it is served at, without the scheme. A log keeps the name it began with.
func (s *Site) LogOrigin() string {
	id, n := LogOf(s.ID)
	path := "/log"
	if n > 0 {
		path += strings.TrimPrefix(s.ID, id)
	}
	d := s.Deployment
	switch d.Mode {
	case ModeSubdomain:
		return d.Host + d.Prefix + path
	case ModeRemote:
		return d.Host + "/s/" + id + path
	}
	_, host, _ := strings.Cut(d.Origins[0], "://")
	return host + d.Prefix + path
}

// Secure reports whether pages are on https. Only loopback sites may be on
// anything else.
func (d Deployment) Secure() bool {
	return slices.ContainsFunc(d.Origins, func(o string) bool { return strings.HasPrefix(o, "https://") })
}

func (d Deployment) scheme() string {
	if d.Secure() {
		return "https://"
	}
	return "http://"
}

// CookieConfig names and scopes the two cookies.
type CookieConfig struct {
	Scope  string // CookieHost or CookieDomain
	Domain string // with CookieDomain
	Named  bool   // the names carry the site's id, for a second site on one origin
}

// Appearance is what an owner may choose of the look.
type Appearance struct {
	Layout   string            // bar, card, dialog
	Position string            // end of a card's line; "" for the usual place
	Scheme   string            // light, dark, auto
	Light    map[string]string // colours by name: paper, ink, quiet, line, button, button-text
	Dark     map[string]string
	Radius   int    // of corners, in pixels
	Font     string // page, system
	Logo     *Logo  // nil without one
	Settings string // button, link, none: how the settings are reopened
	Links    []Link // shown on the first layer: privacy policy, imprint
}

// Logo is a decorative picture over the banner's heading. Its addresses are paths
// of the site.
type Logo struct {
	URL, Dark     string // Dark may be empty
	Width, Height int    // pixels
}

// Link is a labelled address on the first layer; Label is by locale.
type Link struct {
	URL   string
	Label map[string]string
}

// Words is a title and a plain description.
type Words struct {
	Title       string `yaml:"title" json:"title"`
	Description string `yaml:"description" json:"description"`
}

// Texts are all sentences that a visitor reads in one language. {site},
// {service}, {date} and {id} stand for the site's name, a service's name, a
// date and the consent id.
type Texts struct {
	Heading   string `yaml:"heading"`    // layer one, at most six words
	Body      string `yaml:"body"`       // layer one, at most 45 words
	AcceptAll string `yaml:"accept_all"` // twin of reject_all
	RejectAll string `yaml:"reject_all"`
	Choose    string `yaml:"choose"`
	Save      string `yaml:"save"` // layer two: save the switches as they stand
	Close     string `yaml:"close"`
	Settings  string `yaml:"settings"` // reopens the choice on every page
	Withdraw  string `yaml:"withdraw"`
	Always    string `yaml:"always"` // beside a locked switch: always on
	On        string `yaml:"on"`
	Off       string `yaml:"off"`

	PreferencesTitle string `yaml:"preferences_title"`
	PreferencesIntro string `yaml:"preferences_intro"`
	Services         string `yaml:"services"` // heading of the list under a category
	Provider         string `yaml:"provider"`
	Purpose          string `yaml:"purpose"`
	Duration         string `yaml:"duration"`
	Recipients       string `yaml:"recipients"`
	CookieName       string `yaml:"cookie_name"`
	PolicyLink       string `yaml:"policy_link"` // label of a vendor's privacy policy
	None             string `yaml:"none"`        // a category without services or cookies

	Saved       string `yaml:"saved"`
	SaveFailed  string `yaml:"save_failed"`
	Retry       string `yaml:"retry"`
	Changed     string `yaml:"changed"` // re-ask: what changed since last time
	GPC         string `yaml:"gpc"`
	GPCHonoured string `yaml:"gpc_honoured"` // says that Global Privacy Control, by its name, was followed; no full stop
	GPCOverride string `yaml:"gpc_override"` // in place of both where what is permitted goes before the signal, which it names
	ConsentID   string `yaml:"consent_id"`   // label
	DecidedOn   string `yaml:"decided_on"`   // "Decided on {date}"
	ReceiptLink string `yaml:"receipt_link"`

	Placeholder       string `yaml:"placeholder"`        // stands where an embed waits: whose it is, and what loading it sends
	PlaceholderStores string `yaml:"placeholder_stores"` // follows it where the service keeps something in the browser
	LoadOnce          string `yaml:"load_once"`          // twin of always_allow
	AlwaysAllow       string `yaml:"always_allow"`       // with {service}
	ShareLink         string `yaml:"share_link"`         // the network's plain link

	PageTitle      string `yaml:"page_title"` // the page without JavaScript
	PageIntro      string `yaml:"page_intro"`
	PageCurrent    string `yaml:"page_current"`    // heading over what holds now
	PageNothing    string `yaml:"page_nothing"`    // no choice was made yet
	PagePresumed   string `yaml:"page_presumed"`   // no choice was made yet, and what is listed runs
	PageChildren   string `yaml:"page_children"`   // in place of all that is asked, on a site for children
	PrivacyChoices string `yaml:"privacy_choices"` // names the way back where people may object: Your privacy choices
	IntroPresumed  string `yaml:"intro_presumed"`  // layer two, where things run until somebody objects
	Back           string `yaml:"back"`
	Granted        string `yaml:"granted"`
	Denied         string `yaml:"denied"`

	DeclarationTitle   string `yaml:"declaration_title"`   // the list of everything that is stored
	DeclarationChanged string `yaml:"declaration_changed"` // with {date}
	DeclarationHistory string `yaml:"declaration_history"` // heading over earlier changes
	OwnPurpose         string `yaml:"own_purpose"`         // of our own two cookies

	ReceiptTitle string `yaml:"receipt_title"`
	ReceiptIntro string `yaml:"receipt_intro"`
	ReceiptNone  string `yaml:"receipt_none"`    // wrong or unknown link
	ReceiptPart  string `yaml:"receipt_partial"` // some of what is held cannot be read now
	Erase        string `yaml:"erase"`           // button: erases what the receipt shows
	EraseIntro   string `yaml:"erase_intro"`
	Erased       string `yaml:"erased"`
	EraseHeld    string `yaml:"erase_held"` // with {reason}: of a legal hold

	Objection       string `yaml:"objection"` // button: objects to the use of what is stored
	ObjectionIntro  string `yaml:"objection_intro"`
	Correction      string `yaml:"correction"` // button: asks that a record is corrected
	CorrectionIntro string `yaml:"correction_intro"`
	ReasonNotMe     string `yaml:"reason_not_me"`
	ReasonNotChosen string `yaml:"reason_not_chosen"`
	AskedObjection  string `yaml:"request_objection"`  // with {date}
	AskedCorrection string `yaml:"request_correction"` // with {date}
	RequestDue      string `yaml:"request_due"`        // with {site} and {date}
	RequestDone     string `yaml:"request_done"`       // with {date}
	RequestRefused  string `yaml:"request_refused"`    // with {date} and {reason}
	RefusedRight    string `yaml:"refused_right"`      // why a correction is refused
	RefusedLaw      string `yaml:"refused_law"`
	RequestFailed   string `yaml:"request_failed"`
	PageFailed      string `yaml:"page_failed"` // a page that cannot be answered now

	Event      string `yaml:"event"`       // label
	Time       string `yaml:"time"`        // label
	ValidUntil string `yaml:"valid_until"` // label
	Controller string `yaml:"controller"`  // label
	Notice     string `yaml:"notice"`      // label
	History    string `yaml:"history"`     // heading over a visitor's earlier records
	Once       string `yaml:"once"`        // a status: permitted for a single load

	EventGiven     string `yaml:"event_given"` // what a record says happened, see DeriveEvent
	EventRefused   string `yaml:"event_refused"`
	EventPartial   string `yaml:"event_partial"`
	EventWithdrawn string `yaml:"event_withdrawn"`
	EventRenewed   string `yaml:"event_renewed"`
	EventSignal    string `yaml:"event_signal"`
	EventObjected  string `yaml:"event_objected"`
	EventCorrected string `yaml:"event_corrected"`
	EventImported  string `yaml:"event_imported"`
	EventErased    string `yaml:"event_erased"`

	Categories map[string]Words `yaml:"categories"` // by category id

	// What catalogue and policy say about cookies in English ("session", "Tells
	// visitors apart."), in this language. What is not here is shown as it is.
	Phrases map[string]string `yaml:"phrases"`
}
