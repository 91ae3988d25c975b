package consent

import (
	"strconv"
	"time"
)

// Count adds N to a counter of one hour and to the same counter of one day. Keys
// are made by CountKey and hold no identifier.
type Count struct {
	Hour time.Time // as HourOf names it, UTC; the zero time adds to no hour
	Day  Date      // the site's local day; the zero Date adds to no day
	Key  string
	N    int64
}

// What is counted. A full cross of all dimensions would have more counters than
// visitors, so it is never made: ShownCount and DecidedCount carry what an owner
// configures (layout, regime, variant, notice), of which there are few values at
// a time, and each of Breakdowns is counted by itself, of people alone.
const (
	ShownCount   = "shown"       // impressions
	DecidedCount = "decided"     // decisions of every kind
	ShownBy      = "shown-by"    // people's impressions, by one of Breakdowns
	AnsweredBy   = "answered-by" // people's answers to an impression, likewise, with what each permits
	StatusCount  = "status"      // what people permit, by category and by service
	UnaskedCount = "unasked"     // pages that had nothing to ask, estimated from a sample
	LeakCount    = "leak"        // banners on whose page a request had reached a service that nobody permitted, by service
)

// Who a counter is about. No rate mixes them.
const (
	Human     = "human"
	BySignal  = "signal"    // the browser decided, by Global Privacy Control
	Automated = "automated" // known bots, WebDriver, clicks of scripts, impossible timing
)

// What a decision is to the banner. First and Again answer an impression when they
// come Via the banner.
const (
	First    = "first"   // of a browser that had no valid choice
	Again    = "again"   // asked anew after a change of the notice
	Changed  = "changed" // the visitor came back to the settings
	OfOne    = "one"     // about a single service, from its placeholder
	LoadOnce = "once"    // a single load
)

// Answers by what is permitted now.
const (
	Accepted = "accepted" // everything
	Rejected = "rejected" // nothing
	Chosen   = "chosen"   // some
)

// ViaBanner is a decision made on the banner or its preferences; others have the
// surface's own name.
const ViaBanner = "banner"

// Breakdowns are the dimensions that are each counted by themselves.
func Breakdowns() []string { return []string{"country", "locale", "device", "group", "gpc"} }

// Unknown stands for a country or page group that nobody has told.
const Unknown = "unknown"

// maxCounts is how many counters an entry may add to.
const maxCounts = 255

// Moment is when and where something is counted, as far as it is. Nothing in it
// tells one visitor from another.
type Moment struct {
	Time    time.Time
	Zone    *time.Location
	Country string // ISO 3166-1, "" when no proxy says it
	Group   string // of pages, "" when none matches
}

func (m Moment) count(key string) Count {
	return Count{Hour: HourOf(m.Time, m.Zone), Day: DateOf(m.Time, m.Zone), Key: key, N: 1}
}

// Impression is one banner shown, as far as it is counted.
type Impression struct {
	Moment
	Locale, Layout  string
	Regime          Regime
	Variant, Notice string
	Form            string // of the UAClass
	Again           bool   // asked again after a change of the notice
	GPC             bool
	Automated       bool
	Leaked          []string // services that were requested by then and not permitted, each once
}

// Counts returns the counters that an impression adds to.
func (i *Impression) Counts() []Count {
	kind, who := First, Human
	if i.Again {
		kind = Again
	}
	if i.Automated {
		who = Automated
	}
	names := newKeys(1 + len(i.Leaked) + len(Breakdowns()))
	list := []Count{i.count(names.key(ShownCount, "who", who, "kind", kind, "layout", i.Layout,
		"regime", string(i.Regime), "variant", i.Variant, "notice", shortNotice(i.Notice)))}
	for _, service := range i.Leaked {
		list = append(list, i.count(names.key(LeakCount, "who", who, "service", service)))
	}
	if i.Automated {
		return list
	}
	return i.by(list, names, ShownBy, [...]string{i.Country, i.Locale, i.Form, i.Group, yesNo(i.GPC)})
}

// Unasked is a page that had nothing to ask, one of a sample.
type Unasked struct {
	Moment
	Of        int // pages that it stands for
	Automated bool
}

// Counts returns the counter that the page adds to, as many as it stands for, so
// that sums stay right when the owner changes the sample, and how many that is: how
// many pages of the sample there were, on which the estimate's interval rests.
func (u *Unasked) Counts() []Count {
	who := Human
	if u.Automated {
		who = Automated
	}
	c := u.count(CountKey(UnaskedCount, "who", who, "of", strconv.Itoa(u.Of)))
	c.N = int64(u.Of)
	return []Count{c}
}

// by counts one value of each of Breakdowns, under keys that begin with what is counted.
func (m Moment) by(list []Count, names *keys, counted string, values [5]string) []Count {
	one := m.count("")
	for n, dimension := range Breakdowns() {
		value := values[n]
		if value == "" {
			value = Unknown
		}
		list = append(list, one.named(names.key(counted, dimension, value)))
	}
	return list
}

// Counts returns the counters that a decision on notice f adds to, at the time of
// its record: one for the decision, and of people's answers one for each breakdown
// and for the status of everything that was asked: of services as well where an entry
// can hold them all. A decision about one service, or a change of mind, is no answer
// and counts once.
func (o *Outcome) Counts(f *Frame, m Moment) []Count {
	r := &o.Record
	m.Time = r.Time.Time
	via := r.Action.Surface
	if via == "preferences" {
		via = ViaBanner
	}
	who := r.who()
	after := permitted(f, o.Next)
	list := make([]Count, 1, min(1+len(Breakdowns())+len(after), maxCounts))
	names := newKeys(cap(list))
	list[0] = m.count(names.key(DecidedCount, "who", who, "kind", o.Kind, "answer", o.Answer, "event", string(r.Event), "via", via,
		"layout", r.Notice.Layout, "regime", string(r.Regime.ID), "variant", r.Variant, "notice", shortNotice(r.Notice.Digest)))
	if who != Human || o.Kind != First && o.Kind != Again {
		return list
	}
	if via == ViaBanner {
		list = m.by(list, names, answered(f, o.Answer, after), [...]string{m.Country, r.Notice.Locale, r.UAClass.Form, m.Group, yesNo(r.Signals.GPC)})
	}
	each := len(list)+len(after) <= maxCounts
	for _, c := range f.Optional() {
		list = append(list, list[0].named(names.key(StatusCount, "category", c.ID, "status", string(statusOf(after[0])))))
		for n, service := range c.Services {
			if each {
				list = append(list, list[0].named(names.key(StatusCount, "service", service, "status", string(statusOf(after[n+1])))))
			}
		}
		after = after[1+len(c.Services):]
	}
	return list
}

func (r *Record) who() string {
	switch {
	case r.Automated != "no" || r.UAClass.Family == "bot":
		return Automated
	case r.Event == Signal || r.Action.Surface == "signal":
		return BySignal
	}
	return Human
}

// Outcome names the record's event for metrics.
func (r *Record) Outcome() string {
	switch {
	case r.Action.Control == "load-once":
		return LoadOnce
	case r.Event == Given:
		return Accepted
	case r.Event == Refused:
		return Rejected
	case r.Event == Objected:
		return string(Withdrawn)
	case r.Event == Signal || r.Event == Withdrawn || r.Event == Renewed:
		return string(r.Event)
	}
	return Chosen
}

// kindOf tells what a decision is to the banner: kept is what held before.
func (q *Request) kindOf(kept State) string {
	switch d := &q.Decision; {
	case d.Control == "load-once":
		return LoadOnce
	case d.Control == "allow-service":
		return OfOne
	case q.Previous == nil:
		return First
	case d.Surface == ViaBanner || open(q.Asked, kept):
		return Again
	}
	return Changed
}

// open reports whether a state leaves anything unanswered that the notice asks.
func open(f *Frame, s State) bool {
	for _, c := range f.Optional() {
		if choice, ok := s.Categories[c.ID]; !ok || choice.Digest != c.Digest {
			return true
		}
	}
	return false
}

// answerOf sorts what is permitted into everything, nothing and some.
func answerOf(permitted []bool) string {
	some, all := false, true
	for _, is := range permitted {
		some = some || is
		all = all && is
	}
	switch {
	case !some:
		return Rejected
	case all:
		return Accepted
	}
	return Chosen
}

func statusOf(permitted bool) Status {
	if permitted {
		return Granted
	}
	return Denied
}

// NoticeLetters is how many letters of a notice's digest counters have: enough to tell a
// site's notices apart.
const NoticeLetters = 8

func shortNotice(digest string) string { return digest[:min(NoticeLetters, len(digest))] }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
