package consent

import "time"

// SignalMark returns the id under which both cookies say that an answer was given,
// or taken back, with a signal in view. An answer that went before the signal is
// none of a site that lets no answer do that, nor the other way round: each has a
// mark of its own.
func (p *Policy) SignalMark() string {
	if p.Signals.Override {
		return overrideMark
	}
	return yieldMark
}

const (
	overrideMark = "gpc"
	yieldMark    = "gpc-kept"
)

// IsSignalMark reports whether an id is one of the marks. No category or service may
// have it.
func IsSignalMark(id string) bool { return id == overrideMark || id == yieldMark }

// Standing is what holds for a visitor under the ruling: what the cookies say, a
// signal that they do not know of, and what is presumed about the rest. hint may
// narrow sealed and never widens it; a category on which they disagree counts as
// refused. Either may be nil.
func (r Ruling) Standing(p *Policy, sealed *Sealed, hint *State, now time.Time) State {
	if p.ChildDirected {
		sealed, hint = nil, nil
	}
	s := remembered(sealed, hint, now)
	_, despite := s.Services[p.SignalMark()]
	delete(s.Services, overrideMark)
	delete(s.Services, yieldMark)
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
			s.forgetGrants(c.Services)
		}
	}
	if r.Signal && !despite {
		s.denyAll()
	} else if r.Signal {
		s.yield(p, s)
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
	for _, mark := range [...]string{overrideMark, yieldMark} {
		if sealed.Services[mark] == "" || hint.Services[mark] == "" {
			delete(both.Services, mark)
		}
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
		if status != Granted && !IsSignalMark(id) {
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

// yield denies what gives way to a signal, with all services in it but those that kept
// grants, under the same question, and that s does not deny. With a signal in view only a
// click on a service's own embed grants one: that is no sale and no sharing, since the
// visitor directs it, by Cal. Civ. Code 1798.140(ad)(2)(A) and (ah)(2)(A).
func (s State) yield(p *Policy, kept State) {
	for _, c := range p.Optional() {
		choice, answered := s.Categories[c.ID]
		if !answered || !p.Yields(c.ID) {
			continue
		}
		same := kept.Categories[c.ID].Digest == choice.Digest
		for _, service := range c.Services {
			status, chosen := s.Services[service.ID]
			switch {
			case status == Denied || !chosen && choice.Status == Denied:
			case same && kept.Services[service.ID] == Granted:
				s.Services[service.ID] = Granted
			case chosen:
				s.Services[service.ID] = Denied
			}
		}
		choice.Status = Denied
		s.Categories[c.ID] = choice
	}
}
