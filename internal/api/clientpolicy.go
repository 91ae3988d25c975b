package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/static"
)

// corePolicy is what every script of the browser code needs to know;
// static/src/types.ts has the twins of all types in this file.
type corePolicy struct {
	Site       string           `json:"site"`
	Base       string           `json:"base"`
	Cookie     string           `json:"cookie"`
	Rendering  string           `json:"rendering,omitempty"` // told the gate alone
	Categories []clientCategory `json:"categories"`
}

// gatePolicy is the gate's: what it blocks by, and what Google's tags are told.
type gatePolicy struct {
	corePolicy
	Locales map[string]string     `json:"locales"`          // see lang.Matcher.Table
	Heeds   []string              `json:"heeds"`            // signals that are honoured
	Others  string                `json:"others,omitempty"` // the condition of what no rule knows
	Report  bool                  `json:"report,omitempty"`
	Rules   map[string]clientRule `json:"rules,omitempty"`
	Consent clientConsent         `json:"consent"`
	Mark    string                `json:"mark"` // see consent.Policy.SignalMark
	// Of a site whose visitors are treated by where they are:
	Signal bool   `json:"signal,omitempty"` // the server has seen one that is honoured
	Out    bool   `json:"out,omitempty"`
	Ruling string `json:"ruling,omitempty"`
}

// openerPolicy is what the opener brings to the gate.
type openerPolicy struct {
	Vendors  map[string]clientVendor `json:"vendors"`
	Settings clientSettings          `json:"settings"`
	Mode     consent.Mode            `json:"mode"` // as what follows, for the decisions of placeholders
	Domain   string                  `json:"domain"`
	Layout   string                  `json:"layout"`
}

// noticePolicy is that of the scripts that ask.
type noticePolicy struct {
	corePolicy
	Mode   consent.Mode `json:"mode"`
	Domain string       `json:"domain"`
	Layout string       `json:"layout"`
	Memory int64        `json:"memory"` // seconds
}

// clientSettings are the gate's own way back to the choice.
type clientSettings struct {
	Kind  string `json:"kind"`
	Label string `json:"label"`
	// Where some visitors are under opt-out:
	Choices  string            `json:"choices,omitempty"`
	Honoured map[string]string `json:"honoured,omitempty"` // by what Heeds of the gate has
}

type clientCategory struct {
	ID       string   `json:"id"`
	Digest   string   `json:"digest"`
	Services []string `json:"services"`
	Presumed string   `json:"presumed,omitempty"` // in the gate alone: granted, denied, or asked about unless it was refused (k)
}

// clientRule is what a service is recognised by: its address patterns separated
// by spaces, the pattern of its inline scripts, the names that it stores. What is
// empty at the end is left out. Patterns that several services have stand under
// a name for all of them; see joinShared.
type clientRule []string

// clientVendor is what is known of a service; lists are separated by spaces.
type clientVendor struct {
	Hosts  string         `json:"hosts,omitempty"` // where the gate has no rules
	Stored string         `json:"stored,omitempty"`
	Calls  *consent.Calls `json:"calls,omitempty"`
}

// places are what placeholders say of the optional categories' services, in
// order: the name as HTML, and the plain link where there is one.
func (s *Site) places() [][]string {
	places := [][]string{}
	for _, c := range s.Policy.Optional() {
		for _, service := range c.Services {
			// A $ would mean something where the client fills the name in.
			place := []string{strings.ReplaceAll(html.EscapeString(service.Name), "$", "&#36;")}
			if service.ShareURL != "" {
				place = append(place, service.ShareURL)
			}
			places = append(places, place)
		}
	}
	return places
}

// bareNames writes JSON as a script may have it.
func bareNames(b []byte) []byte { return keyName.ReplaceAll(b, []byte("$1:")) }

// keyName is a member's name that JavaScript needs no quotes for. Quotes inside
// of a string are escaped, so that it matches nowhere else.
var keyName = regexp.MustCompile(`"([a-z_]+)":`)

// gateAsset makes a gate for an audience that lets the tags of some services
// through unheld.
func (s *Site) gateAsset(a *audience, unheld []string) (*asset, error) {
	policy := gatePolicy{
		corePolicy: s.corePolicy(nameOf(s.Rendering)), Locales: s.languages.Table(), Heeds: s.heeds(a.ruling), Consent: s.clientConsent(), Mark: s.Policy.SignalMark(),
		Signal: a.ruling.Signal, Out: a.ruling.Regime == consent.OptOut, Ruling: a.name,
	}
	for i, presumed := range a.ruling.Presumed {
		policy.Categories[i].Presumed = presumedLetter(presumed)
	}
	if s.auto() {
		policy.Rules = s.gateRules(unheld)
	}
	if s.Deployment.Gate == consent.GateStrict {
		policy.Others = "-" // no category's name
	}
	policy.Report = s.Deployment.Gate == consent.GateReport
	body, err := json.Marshal(policy)
	if err != nil {
		return nil, err
	}
	return newAsset(static.Gate(s.auto(), s.isLocal(), bareNames(body), s.sampling())), nil
}

// sampling is what the gate does on a page that has nothing to ask: one in so many
// says so, with whether a program drives the browser.
func (s *Site) sampling() []byte {
	if !s.counting() {
		return []byte("0")
	}
	chance := ""
	if s.Counting.Sample > 1 {
		chance = fmt.Sprintf("Math.random()*%d<1&&", s.Counting.Sample)
	}
	return fmt.Appendf(nil, `%snavigator.sendBeacon(%q+navigator.webdriver)`, chance, s.Base()+"/unasked?webdriver=")
}

// counting reports whether pages that have nothing to ask are counted. A site for
// children, whose visitors are never asked, needs no such number.
func (s *Site) counting() bool { return s.Counting.Sample > 0 && !s.Policy.ChildDirected }

// auto reports whether the gate holds unmarked tags too.
func (s *Site) auto() bool {
	return s.Deployment.Gate == consent.GateKnown || s.Deployment.Gate == consent.GateStrict
}

func (s *Site) noticePolicy() noticePolicy {
	return noticePolicy{s.corePolicy(""), s.Deployment.Mode, s.jar.Domain(), s.Appearance.Layout, int64(s.Policy.Memory.Seconds())}
}

func (s *Site) corePolicy(rendering string) corePolicy {
	p := corePolicy{
		Site: s.ID, Base: s.Base(), Cookie: s.jar.HintName(true),
		Rendering: rendering,
	}
	if s.Policy.ChildDirected {
		p.Cookie = "-" // no cookie's name: whatever is left of an earlier choice says nothing
	}
	for _, c := range s.Policy.Optional() {
		category := clientCategory{ID: c.ID, Digest: s.Policy.CategoryDigest(c.ID), Services: []string{}}
		for _, service := range c.Services {
			category.Services = append(category.Services, service.ID)
		}
		p.Categories = append(p.Categories, category)
	}
	return p
}

// gateRules are what automatic blocking goes by. Of what is unheld cookies and
// storage are still refused.
func (s *Site) gateRules(unheld []string) map[string]clientRule {
	rules := make(map[string]clientRule)
	for id, patterns := range dropCovered(joinShared(s.patterns(unheld))) {
		rules[id] = clientRule{strings.Join(patterns, " "), "", ""}
	}
	for _, service := range s.Policy.Categories[0].Services {
		rules[consent.Necessary+":"+service.ID][2] = storedNames(service)
	}
	for _, c := range s.Policy.Optional() {
		for _, service := range c.Services {
			rule := rules[service.ID]
			if rule[2] = storedNames(service); !slices.Contains(unheld, service.ID) {
				rule[1] = service.Inline
			}
		}
	}
	for id, rule := range rules {
		end := len(rule)
		for end > 0 && rule[end-1] == "" {
			end--
		}
		if rules[id] = rule[:end]; end == 0 {
			delete(rules, id)
		}
	}
	return rules
}

// patterns are the addresses of each service. What is necessary stands there
// too, under a name that is always permitted: a pattern of its own may be more
// specific than somebody else's, and mode strict holds all the rest. So does what
// is unheld.
func (s *Site) patterns(unheld []string) map[string][]string {
	patterns := make(map[string][]string)
	for _, service := range s.Policy.Categories[0].Services {
		patterns[consent.Necessary+":"+service.ID] = service.Hosts
	}
	if s.Deployment.Gate == consent.GateStrict {
		patterns[consent.Necessary+":"] = s.ownHosts()
	}
	for _, c := range s.Policy.Optional() {
		for _, service := range c.Services {
			patterns[service.ID] = service.Hosts
			if slices.Contains(unheld, service.ID) {
				patterns[service.ID], patterns[consent.Necessary+":"+service.ID] = nil, service.Hosts
			}
		}
	}
	return patterns
}

// ownHosts are what mode strict takes for the site itself.
func (s *Site) ownHosts() []string {
	hosts := slices.Clone(s.Deployment.Allow)
	for _, origin := range s.recordOrigins() {
		_, host, _ := strings.Cut(origin, "://")
		hosts = append(hosts, host)
	}
	if domain := s.Deployment.Cookie.Domain; domain != "" {
		hosts = append(hosts, "*."+domain)
	}
	return hosts
}

// openerVendors are what permitted and denied services are told, what the latter
// leave behind, and by which addresses a placeholder's embed is known. What is
// necessary keeps its own of the same name.
func (s *Site) openerVendors() map[string]clientVendor {
	vendors := make(map[string]clientVendor)
	for _, service := range s.Policy.Categories[0].Services {
		if names := storedNames(service); names != "" {
			vendors[consent.Necessary+":"+service.ID] = clientVendor{Stored: names}
		}
	}
	for _, c := range s.Policy.Optional() {
		for _, service := range c.Services {
			if v := (clientVendor{Stored: storedNames(service), Calls: service.Calls}); v != (clientVendor{}) {
				vendors[service.ID] = v
			}
		}
	}
	if !s.auto() {
		s.addHosts(vendors)
	}
	return vendors
}

// addHosts adds the addresses of what is optional, where the gate has no rules.
func (s *Site) addHosts(vendors map[string]clientVendor) {
	for name, patterns := range joinShared(s.patterns(nil)) {
		if len(patterns) > 0 && !strings.HasPrefix(name, consent.Necessary+":") {
			v := vendors[name]
			v.Hosts = strings.Join(patterns, " ")
			vendors[name] = v
		}
	}
}

// storedNames lists what scripts of the page could write and remove. Under a
// vendor's own domain neither is possible, and the site may have an entry of that
// name for itself.
func storedNames(service consent.Service) string {
	var names []string
	for _, c := range service.Cookies {
		if !c.HTTPOnly && !c.ThirdParty {
			names = append(names, strings.TrimPrefix(c.Kind+":", "cookie:")+c.Name)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return strings.Join(dropCoveredNames(slices.Compact(names)), " ")
}
