package consent

import (
	"slices"
	"time"
)

// Controller is who answers for the site's processing, as GDPR 13(1)(a) and
// ISO 27560 want it named in every notice and record.
type Controller struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address"`
	Contact string `json:"contact"`
}

// Cookie is one entry that a service leaves in the browser.
type Cookie struct {
	Name       string   `json:"name"`     // exact, or a prefix ending in *
	Kind       string   `json:"kind"`     // cookie, local, session or indexeddb
	Provider   string   `json:"provider"` // whose it is, in words
	Purpose    string   `json:"purpose"`
	Duration   string   `json:"duration"`   // in words: "13 months", "session"
	Recipients []string `json:"recipients"` // who else receives what it holds
	HTTPOnly   bool     `json:"http_only,omitempty"`
	ThirdParty bool     `json:"third_party,omitempty"` // kept under the vendor's own domain or origin alone
}

// Service is one vendor's tag.
type Service struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Company   string   `json:"company"` // legal name of the recipient
	Country   string   `json:"country"` // ISO 3166-1 alpha-2
	PolicyURL string   `json:"policy_url"`
	Hosts     []string `json:"hosts"` // host or host/path prefix; *.example.com covers subdomains
	Cookies   []Cookie `json:"cookies"`
	ShareURL  string   `json:"share_url,omitempty"` // plain link with {url} and {title}
	Inline    string   `json:"inline,omitempty"`    // regular expression, RE2 and JavaScript alike, for its inline scripts
	Calls     *Calls   `json:"calls,omitempty"`     // how its own code is told of a choice
	// ConsentMode says that its own code obeys Google Consent Mode.
	ConsentMode bool `json:"consent_mode,omitempty"`
}

// Calls is a vendor's own consent interface: the soft signal beside the gate. A
// call is its list of arguments. Among them "$status" stands for the service's
// status (granted or denied) and "$ad_storage" and the like for that of a Google
// Consent Mode key.
type Calls struct {
	// Global is the name on window.
	Global string `json:"global"`
	// Form is how a call is made: "push" is g.push(...args), "queue" g.push(args),
	// "arguments" g.push of an Arguments object, "call" g(...args), "method"
	// g[args[0]](...) and, while there is no such method, g.push(args).
	Form string `json:"form"`
	// Stub lets the gate create the global, an empty list or a function that
	// queues, before the vendor's code. Without it calls are made only once the
	// vendor's code is there.
	Stub bool `json:"stub,omitempty"`
	// Default is called once on every page, before anything else; with Stub only.
	Default [][]any `json:"default,omitempty"`
	// Granted is called when the service becomes permitted; on a page where it is
	// already, after a Default that names no status, or once the code is there.
	Granted [][]any `json:"granted,omitempty"`
	// Denied is called when it is refused or permitted no more, and once to code
	// without Stub that is there although nobody has permitted it.
	Denied [][]any `json:"denied,omitempty"`
}

// Category is one question. Purposes are stable ids (audience-measurement),
// the words a visitor reads stand in Texts.
type Category struct {
	ID       string    `json:"id"`
	Purposes []string  `json:"purposes"`
	Services []Service `json:"services"`
	// Signals are the Google Consent Mode keys that follow this category.
	Signals []string `json:"signals"`
	// Material is the owner's mark: a new value asks again although nothing
	// else changed, for a translation or wording that alters the meaning.
	Material string `json:"material,omitempty"`
	// Exempt are the countries whose law lets it, audience measurement for the
	// publisher alone, run until the visitor objects.
	Exempt []string `json:"exempt,omitempty"`
	// SaleShare is the owner's word on whether it sells or shares what it learns;
	// empty without one. A new word asks again.
	SaleShare SaleShare `json:"sale_share,omitempty"`
}

// SaleShare says whether data is sold, or shared for advertising across sites, as
// laws of the United States have it.
type SaleShare string

const (
	SellsOrShares SaleShare = "yes"
	KeepsToItself SaleShare = "no"
)

// Measurement is the category that sells and shares nothing unless its owner says
// so. Of every other one that is presumed.
const Measurement = "analytics"

// Sold reports whether the category is taken to sell or share what it learns.
func (c *Category) Sold() bool {
	return c.SaleShare == SellsOrShares || c.SaleShare == "" && c.ID != Necessary && c.ID != Measurement && len(c.Exempt) == 0
}

// Policy is what a site asks for and on whose behalf. It is built by NewPolicy
// and never changed afterwards; callers must not write to what it returns.
type Policy struct {
	Site       string
	Controller Controller
	Categories []Category // as shown; Necessary always first
	Regimes    Regimes    // empty: opt-in everywhere
	Signals    SignalRules
	// ChildDirected sites grant nothing, ask nothing and mint no id.
	ChildDirected bool
	Memory        time.Duration // how long a decision holds
	Grace         time.Duration // how long a superseded notice may still be answered
	Retention     string        // class id of the records

	digests map[string]string // by category
	notice  string
	home    map[string]string // service → category
}

// NewPolicy copies p, orders Necessary first (adding it when missing), and
// computes the digests. It checks nothing; siteconfig does, with line numbers.
func NewPolicy(p Policy) *Policy {
	q := p
	q.Categories = slices.Clone(p.Categories)
	i := slices.IndexFunc(q.Categories, func(c Category) bool { return c.ID == Necessary })
	necessary := Category{ID: Necessary}
	if i >= 0 {
		necessary = q.Categories[i]
		q.Categories = slices.Delete(q.Categories, i, i+1)
	}
	q.Categories = slices.Insert(q.Categories, 0, necessary)
	q.digests = make(map[string]string)
	q.home = make(map[string]string)
	for _, c := range q.Categories {
		q.digests[c.ID] = categoryDigest(c)
		for _, s := range c.Services {
			q.home[s.ID] = c.ID
		}
	}
	q.notice = q.noticeDigest()
	return &q
}

// Optional returns the categories that a visitor decides about, as shown.
func (p *Policy) Optional() []Category { return p.Categories[1:] }

// CategoryDigest returns the short digest of a category, "" when unknown.
func (p *Policy) CategoryDigest(id string) string { return p.digests[id] }

// NoticeDigest identifies what is asked: categories and controller, and whether answers
// go before signals, which visitors read beside the question.
func (p *Policy) NoticeDigest() string { return p.notice }

// CategoryOf returns the category that a service stands under, "" when unknown.
func (p *Policy) CategoryOf(service string) string { return p.home[service] }

// Yields reports whether a category gives way to an honoured signal whatever the
// visitor answers: it sells or shares, and the owner lets no answer go before a
// signal.
func (p *Policy) Yields(id string) bool {
	for i := range p.Optional() {
		if c := &p.Optional()[i]; c.ID == id {
			return c.Sold() && !p.Signals.Override
		}
	}
	return false
}
