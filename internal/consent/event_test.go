package consent_test

import (
	"maps"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// The tube site asks two questions, the first about a service that bears its
// category's name: small enough to try every answer after every other one.
func tubePolicy() *consent.Policy {
	return consent.NewPolicy(consent.Policy{Site: "shop", Memory: time.Hour, Categories: []consent.Category{
		{ID: "tube", Services: []consent.Service{{ID: "tube"}}},
		{ID: "stats"},
	}})
}

// answer is one whole answer on the tube site; "" is no answer.
type answer struct{ tube, service, stats consent.Status }

func answers(statuses ...consent.Status) (all []answer) {
	for _, tube := range statuses {
		for _, service := range []consent.Status{"", consent.Granted, consent.Denied} {
			for _, stats := range statuses {
				if tube != "" || service == "" {
					all = append(all, answer{tube, service, stats})
				}
			}
		}
	}
	return all
}

func (a answer) permits() map[string]bool {
	set := map[string]bool{}
	if a.tube == consent.Granted {
		set["category tube"] = true
	}
	if a.service == consent.Granted || a.service == "" && a.tube == consent.Granted {
		set["service tube"] = true
	}
	if a.stats == consent.Granted {
		set["category stats"] = true
	}
	return set
}

func (a answer) sealed(p *consent.Policy) *consent.Sealed {
	s := &consent.Sealed{V: 1, Site: "shop", Visitor: consent.ID{9}, Record: consent.ID{8}, Expires: shopTime.Add(time.Hour).Unix(),
		Categories: map[string][2]string{}, Services: map[string]consent.Status{}}
	if a.tube != "" {
		s.Categories["tube"] = [2]string{string(a.tube), p.CategoryDigest("tube")}
	}
	if a.stats != "" {
		s.Categories["stats"] = [2]string{string(a.stats), p.CategoryDigest("stats")}
	}
	if a.service != "" {
		s.Services["tube"] = a.service
	}
	return s
}

func (a answer) request(t *testing.T, p *consent.Policy) consent.Request {
	q := shopRequest(t)
	q.Policy, q.Asked = p, shopFrame(p)
	q.Decision.Categories = map[string]consent.Status{"tube": a.tube, "stats": a.stats}
	q.Decision.Services = nil
	if a.service != "" {
		q.Decision.Services = map[string]consent.Status{"tube": a.service}
	}
	return q
}

func wantEvent(before, now map[string]bool) consent.Event {
	lost, gained := false, false
	for id := range before {
		lost = lost || !now[id]
	}
	for id := range now {
		gained = gained || !before[id]
	}
	switch {
	case lost:
		return consent.Withdrawn
	case before != nil && !gained:
		return consent.Renewed
	case len(now) == 0:
		return consent.Refused
	case len(now) == 3:
		return consent.Given
	}
	return consent.Partial
}

// after tries one decision after one earlier answer, with the hint that belongs
// to the earlier one; previous nil is a first visit.
func after(t *testing.T, p *consent.Policy, previous *answer, q consent.Request, next answer) {
	t.Helper()
	var before map[string]bool
	if previous != nil {
		before = previous.permits()
		q.Previous = previous.sealed(p)
		hint := q.Previous.State()
		q.Hint = &hint
	}
	out := decide(t, q)
	if want := wantEvent(before, next.permits()); out.Record.Event != want {
		t.Errorf("%s of %+v after %+v is %s, want %s", q.Decision.Control, next, previous, out.Record.Event, want)
	}
	gained := false
	for id := range next.permits() {
		gained = gained || !before[id]
	}
	if out.Grants != gained {
		t.Errorf("%s of %+v after %+v grants: %v, want %v", q.Decision.Control, next, previous, out.Grants, gained)
	}
	if out.Sealed == nil {
		return
	}
	want := next.sealed(p)
	if !maps.Equal(out.Sealed.Categories, want.Categories) || !maps.Equal(out.Sealed.Services, want.Services) {
		t.Errorf("%s of %+v after %+v seals %+v", q.Decision.Control, next, previous, out.Sealed)
	}
}

func TestEveryAnswerAfterEveryOtherHasTheEventOfTheTable(t *testing.T) {
	p := tubePolicy()
	decided := answers(consent.Granted, consent.Denied)
	for _, next := range decided {
		q := next.request(t, p)
		after(t, p, nil, q, next)
		for _, previous := range answers("", consent.Granted, consent.Denied) {
			after(t, p, &previous, q, next)
		}
	}
}

func TestPermittingOneServiceHasTheEventOfTheTableAndKeepsTheRest(t *testing.T) {
	p := tubePolicy()
	for control, scope := range map[string]consent.Scope{"allow-service": consent.Keep, "load-once": consent.Once} {
		q := answer{}.request(t, p)
		q.Decision.Control, q.Decision.Scope, q.Decision.Categories = control, scope, nil
		q.Decision.Services = map[string]consent.Status{"tube": consent.Granted}
		after(t, p, nil, q, answer{tube: consent.Denied, service: consent.Granted})
		for _, previous := range answers("", consent.Granted, consent.Denied) {
			next := previous
			next.service = consent.Granted
			if next.tube == "" {
				next.tube = consent.Denied
			}
			after(t, p, &previous, q, next)
		}
	}
}

func TestANoticeThatAsksNothingCanOnlyBeRefusedAndRenewed(t *testing.T) {
	p := consent.NewPolicy(consent.Policy{Site: "shop", Memory: time.Hour})
	q := answer{}.request(t, p)
	q.Decision.Categories = nil
	if out := decide(t, q); out.Record.Event != consent.Refused || out.Grants {
		t.Errorf("the first decision is %s, grants %v", out.Record.Event, out.Grants)
	}
	q.Previous = answer{}.sealed(p)
	if out := decide(t, q); out.Record.Event != consent.Renewed || out.Grants {
		t.Errorf("the second decision is %s, grants %v", out.Record.Event, out.Grants)
	}
}
