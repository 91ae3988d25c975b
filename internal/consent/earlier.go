package consent

import (
	"slices"
	"time"
)

// settlePrevious tells who decides, and forgets a previous decision that does
// not count: an expired one, another site's, or this very one, whose cookie a
// retry may bring.
func (q *Request) settlePrevious(now Timestamp) (visitor ID) {
	if p := q.Previous; p == nil || p.Site != q.Asked.Site || !now.Before(time.Unix(p.Expires, 0)) {
		q.Previous = nil
		return q.Keys.Visitor(q.Decision.ID)
	}
	visitor = q.Previous.Visitor
	if q.Previous.Record == q.Keys.Record(q.Decision.ID) {
		q.Previous = nil
	}
	return visitor
}

// told is the policy as the notice told of it: no answer goes before a signal that was
// not said to.
func (q *Request) told() *Policy {
	if q.Asked.Override {
		return q.Policy
	}
	p := *q.Policy
	p.Signals.Override = false
	return &p
}

// embeds is what was granted with a signal in view, of which single services are left:
// by the sealed cookie from before, or by that of this very decision, which a retry may
// bring. The hint has been narrowed by the page already, as far as it knew.
func (q *Request) embeds(now Timestamp) State {
	p := q.Previous
	if p == nil || p.Site != q.Asked.Site || !now.Before(time.Unix(p.Expires, 0)) {
		return State{}
	}
	if s := p.State(); s.Services[q.Policy.SignalMark()] != "" {
		return s
	}
	return State{}
}

// earlier tells what holds from before: the answers that a decision about one
// service leaves as they were, what the sealed cookie permits, and what both cookies
// together do, under a signal that they may not know of.
func (q *Request) earlier(now Timestamp) (kept State, before, effective []bool) {
	if q.Previous == nil {
		return kept, nil, q.presumed(now)
	}
	kept = q.Previous.State()
	before = permitted(q.Asked, kept)
	mark := q.Policy.SignalMark()
	despite := kept.Services[mark] != "" && (q.Hint == nil || q.Hint.Services[mark] != "")
	if q.Hint != nil {
		kept = And(kept, *q.Hint)
	}
	if q.Ruling.Signal && !despite {
		kept.denyAll()
	}
	if q.Hint != nil && now.Before(kept.Expires) {
		effective = permitted(q.Asked, kept)
	}
	if presumed := q.presumed(now); presumed != nil {
		effective = presumed
	}
	return kept, before, effective
}

// presumed is what holds before the decision under a ruling that permits
// something unasked.
func (q *Request) presumed(now Timestamp) []bool {
	if !slices.Contains(q.Ruling.Presumed, Granted) {
		return nil
	}
	return permitted(q.Asked, q.Ruling.Standing(q.Policy, q.Previous, q.Hint, now.Time))
}
