package consent

import "time"

// SignalMark is the id under which both cookies say that an answer was given, or
// taken back, with a signal in view. No category or service may have it.
const SignalMark = "gpc"

// Standing is what holds for a visitor under the ruling: what the cookies say, a
// signal that they do not know of, and what is presumed about the rest. hint may
// narrow sealed and never widens it; a category on which they disagree counts as
// refused. Either may be nil.
func (r Ruling) Standing(p *Policy, sealed *Sealed, hint *State, now time.Time) State {
	if p.ChildDirected {
		sealed, hint = nil, nil
	}
	s := remembered(sealed, hint, now)
	_, despite := s.Services[SignalMark]
	delete(s.Services, SignalMark)
	for i, c := range p.Optional() {
		choice, known := s.Categories[c.ID]
		digest := p.CategoryDigest(c.ID)
		switch {
		case known && choice.Digest == digest:
		case known && choice.Status == Denied && r.Presumed[i] != "":
			s.Categories[c.ID] = Choice{Status: Denied, Digest: digest}
			s.forgetGrants(c.Services)
		case r.Presumed[i] == Granted || r.Presumed[i] == Denied:
			s.Categories[c.ID] = Choice{Status: r.Presumed[i], Digest: digest}
		}
	}
	if r.Signal && !despite {
		s.denyAll()
	}
	if s.Expires.IsZero() {
		s.Expires = now.Add(r.Memory)
	}
	return s
}

// remembered is what the cookies say together. Without a sealed one a hint can
// only refuse.
func remembered(sealed *Sealed, hint *State, now time.Time) State {
	if hint != nil && !now.Before(hint.Expires) {
		hint = nil
	}
	if sealed != nil && !now.Before(time.Unix(sealed.Expires, 0)) {
		sealed = nil
	}
	s := State{Categories: make(map[string]Choice), Services: make(map[string]Status)}
	if sealed == nil {
		if hint != nil {
			s.refuse(*hint)
		}
		return s
	}
	if hint == nil {
		hint = &State{Expires: time.Unix(sealed.Expires, 0).UTC()}
	}
	both := And(sealed.State(), *hint)
	for id, c := range sealed.Categories {
		if _, ok := both.Categories[id]; !ok && c[1] != "" {
			both.Categories[id] = Choice{Status: Denied} // an answer to no question
		}
	}
	if sealed.Services[SignalMark] == "" || hint.Services[SignalMark] == "" {
		delete(both.Services, SignalMark)
	}
	return both
}

func (s State) refuse(hint State) {
	for id, c := range hint.Categories {
		if c.Status != Granted {
			s.Categories[id] = c
		}
	}
	for id, status := range hint.Services {
		if status != Granted && id != SignalMark {
			s.Services[id] = status
		}
	}
}

// forgetGrants takes back what services were granted by themselves.
func (s State) forgetGrants(services []Service) {
	for _, service := range services {
		if s.Services[service.ID] == Granted {
			delete(s.Services, service.ID)
		}
	}
}

func (s State) denyAll() {
	for id, c := range s.Categories {
		c.Status = Denied
		s.Categories[id] = c
	}
	for id := range s.Services {
		s.Services[id] = Denied
	}
}
