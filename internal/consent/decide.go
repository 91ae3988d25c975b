package consent

import "time"

// Request is everything that the server knows about one decision.
type Request struct {
	Decision Decision
	Asked    *Frame  // the notice that the client answered
	Policy   *Policy // today's
	Previous *Sealed // nil without a valid sealed cookie
	Hint     *State  // nil when there is none: then whatever is permitted counts as widened
	Keys     IdentityKeys
	Origin   string // checked by the caller, one of the frame's
	UA       UAClass
	Signals  Signals
	Regime   RegimeRef
	Ruling   Ruling // what is presumed of the visitor
	JS       bool
	Now      time.Time // not before the newest record of this server
}

// Outcome is what follows from a decision once its record is durable.
type Outcome struct {
	Record  Record
	Visitor ID
	Sealed  *Sealed // nil when nothing changes (scope once)
	Next    State   // what the visitor answered, as the hint carries it
	Grants  bool    // more is permitted than sealed AND hint did: needs the proof first
	Kind    string  // what it is to the banner: First, Again, Changed, OfOne or LoadOnce
	Answer  string  // Accepted, Rejected or Chosen, by what is permitted now
}

// Decide validates a request and derives its record and the visitor's new
// state. The caller has made sure that the notice is within its grace. Only
// categories that today's policy still asks in the same way take effect.
func Decide(q Request) (Outcome, error) {
	d := &q.Decision
	if err := d.Validate(q.Asked); err != nil {
		return Outcome{}, err
	}
	if err := q.admit(); err != nil {
		return Outcome{}, err
	}
	now := At(q.Now)
	embeds := q.embeds(now)
	visitor := q.settlePrevious(now)
	kept, before, effective := q.earlier(now)
	next := d.answer(q.Asked, kept, now.Add(time.Duration(q.Asked.Memory)*time.Second))
	if q.Ruling.Signal && !forOne(q.Decision.Control) {
		next.yield(q.told(), embeds)
	}
	after := permitted(q.Asked, next)
	out := Outcome{
		Visitor: visitor, Next: next, Grants: widens(effective, after), Kind: q.kindOf(kept), Answer: answerOf(after),
	}
	out.Record = q.record(visitor, now, recordDecisions(q.Asked, kept, next, d))
	switch {
	case d.Control == "signal":
		out.Record.Event = Signal
	case q.objects(next, now):
		out.Record.Event = Objected
	default:
		out.Record.Event = DeriveEvent(before, after)
	}
	if q.Ruling.Signal {
		next.Services[q.Policy.SignalMark()] = Denied
	}
	out.Sealed = Seal(&out.Record, visitor, q.Asked, q.Policy)
	return out, nil
}

// admit refuses what no visitor of this site can decide: anything where it is for
// children, and a signal that was not sent or has nothing to narrow.
func (q *Request) admit() error {
	if q.Policy.ChildDirected {
		return invalid("the site is for children and asks nothing")
	}
	if q.Decision.Control == "signal" && (!q.Ruling.Signal || q.Previous == nil) {
		return invalid("there is no signal, or no choice that it could narrow")
	}
	return nil
}

// objects reports whether all that the decision changes is that measurement which
// needs no consent has to stop.
func (q *Request) objects(next State, now Timestamp) bool {
	control := q.Decision.Control
	if q.Ruling.Regime != OptIn || q.presumed(now) == nil || (control != "save" && control != "api") {
		return false
	}
	standing := q.Ruling.Standing(q.Policy, q.Previous, nil, now.Time) // the page has narrowed the hint by this very decision
	objected := false
	for i, c := range q.Policy.Optional() {
		was, is := standing.Categories[c.ID].Status == Granted, next.Categories[c.ID].Status == Granted
		switch {
		case was && !is && q.Ruling.Presumed[i] == Granted:
			objected = true
		case was != is:
			return false
		}
	}
	return objected
}

// answer applies the decision to what held before. A decision about one service
// leaves the other categories as they were, unanswered ones included; a signal leaves
// those unanswered.
func (d *Decision) answer(f *Frame, previous State, expires time.Time) State {
	next := State{Categories: make(map[string]Choice), Services: make(map[string]Status), Expires: expires}
	switch {
	case d.Control == "signal":
		next.takeBack(f, previous)
		return next
	case forOne(d.Control):
		carryOver(next, f, previous)
	}
	for id, status := range d.Categories {
		if i := f.category(id); i > 0 {
			next.Categories[id] = Choice{Status: status, Digest: f.Categories[i].Digest}
		}
	}
	for id, status := range d.Services {
		home := f.Categories[f.home(id)]
		if home.ID == Necessary {
			continue
		}
		next.Services[id] = status
		if _, ok := next.Categories[home.ID]; !ok {
			next.Categories[home.ID] = Choice{Status: Denied, Digest: home.Digest}
		}
	}
	return next
}

// takeBack denies what a state answers of the frame's questions.
func (s State) takeBack(f *Frame, previous State) {
	for _, c := range f.Optional() {
		if choice, ok := previous.Categories[c.ID]; ok && choice.Digest == c.Digest {
			s.Categories[c.ID] = Choice{Status: Denied, Digest: c.Digest}
		}
	}
}

func carryOver(next State, f *Frame, previous State) {
	for _, c := range f.Optional() {
		choice, ok := previous.Categories[c.ID]
		if !ok || choice.Digest != c.Digest {
			continue
		}
		next.Categories[c.ID] = choice
		for _, service := range c.Services {
			if status, chosen := previous.Services[service]; chosen {
				next.Services[service] = status
			}
		}
	}
}

func (q *Request) record(visitor ID, now Timestamp, decisions []RecordDecision) Record {
	d, f := &q.Decision, q.Asked
	r := Record{
		Schema: RecordSchema, ID: q.Keys.Record(d.ID), Site: f.Site, Controller: f.Controller,
		Subject: q.Keys.Subject(visitor), Time: now,
		Decisions:      decisions,
		Action:         Action{Surface: d.Surface, Control: d.Control, Layer: d.Layer, JS: q.JS},
		Signals:        q.Signals,
		Notice:         NoticeRef{Digest: f.Notice, Rendering: f.Rendering, Locale: d.Locale, Layout: d.Layout, Gate: f.Gate},
		Regime:         q.Regime,
		Validity:       Validity{Expires: At(now.Add(time.Duration(f.Memory) * time.Second))},
		Origin:         q.Origin,
		UAClass:        q.UA,
		Automated:      d.automated(q.UA),
		RetentionClass: f.Retention,
		Server:         f.Server,
	}
	r.Signals.Honoured = q.Ruling.Signal
	r.DefaultsShown = f.defaults()
	if q.Previous != nil {
		id := q.Previous.Record
		r.Previous = &id
	}
	return r
}

// defaults lists the switches whose state is known.
func (f *Frame) defaults() []RecordDefault {
	out := make([]RecordDefault, 0, len(f.Categories))
	for _, c := range f.Categories {
		if c.Shown != "" {
			out = append(out, RecordDefault{Category: c.ID, Status: c.Shown})
		}
	}
	return out
}

// recordDecisions lists every category and each service that was chosen by
// itself. A category that nobody answered yet is denied with scope once: for
// now, and still to be asked. kept holds the answers from before.
func recordDecisions(f *Frame, kept, next State, d *Decision) []RecordDecision {
	list := make([]RecordDecision, 1, 2*len(f.Categories))
	list[0] = RecordDecision{Category: Necessary, Status: Granted, Scope: Keep}
	for _, c := range f.Optional() {
		choice, answered := next.Categories[c.ID]
		category := RecordDecision{Category: c.ID, Status: choice.Status, Scope: Keep}
		if !answered || (d.Scope == Once && kept.Categories[c.ID].Digest != c.Digest) {
			category.Status, category.Scope = Denied, Once
		}
		list = append(list, category)
		if !answered {
			continue
		}
		for _, service := range c.Services {
			if status, ok := next.Services[service]; ok {
				scope := Keep
				if _, now := d.Services[service]; now {
					scope = d.Scope
				}
				list = append(list, RecordDecision{Category: c.ID, Service: service, Status: status, Scope: scope})
			}
		}
	}
	return list
}

// tooFast is less than a person needs to read a heading and click.
const tooFast = 250

func (d *Decision) automated(ua UAClass) string {
	switch {
	case d.WebDriver || ua.Family == "bot":
		return "yes"
	case d.Untrusted || d.AfterMS != nil && *d.AfterMS < tooFast:
		return "suspect"
	}
	return "no"
}
