package consent

import "time"

// Choice is the answer about one category and the digest of what was asked.
// A choice counts only while the category still has that digest.
type Choice struct {
	Status Status
	Digest string
}

// State is a whole answer: every optional category, and the services that were
// chosen one by one. A service's status overrides its category's.
type State struct {
	Categories map[string]Choice
	Services   map[string]Status
	Expires    time.Time
}

// Permits reports whether the state permits a category at the given time under
// policy p. Necessary is always permitted; anything unknown never.
func (s State) Permits(p *Policy, category string, now time.Time) bool {
	if category == Necessary {
		return true
	}
	return s.current(p, category, now) && s.Categories[category].Status == Granted
}

// PermitsService is Permits for one service.
func (s State) PermitsService(p *Policy, service string, now time.Time) bool {
	category := p.CategoryOf(service)
	if category == Necessary {
		return true
	}
	if !s.current(p, category, now) {
		return false
	}
	if status, ok := s.Services[service]; ok {
		return status == Granted
	}
	return s.Categories[category].Status == Granted
}

// current reports whether the state answers today's question about category.
func (s State) current(p *Policy, category string, now time.Time) bool {
	digest := p.CategoryDigest(category)
	choice, ok := s.Categories[category]
	return ok && digest != "" && choice.Digest == digest && now.Before(s.Expires)
}

// Asks lists the optional categories that the state leaves unanswered, which is
// what the banner has to ask about. It is empty when nothing is to be asked.
func (s State) Asks(p *Policy, now time.Time) []string {
	var ids []string
	for _, c := range p.Optional() {
		if !s.current(p, c.ID, now) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// And returns what both states permit: sealed is the authority, hint may only
// narrow it. A category that the hint lacks, or carries under another digest, is
// left out with its services, hence denied and to be asked again; so is every
// service denied that either of them does not grant.
func And(sealed, hint State) State {
	out := State{Categories: make(map[string]Choice), Services: make(map[string]Status), Expires: sealed.Expires}
	if hint.Expires.Before(out.Expires) {
		out.Expires = hint.Expires
	}
	for id, choice := range sealed.Categories {
		other, ok := hint.Categories[id]
		if !ok || other.Digest != choice.Digest {
			continue
		}
		if other.Status != Granted {
			choice.Status = Denied
		}
		out.Categories[id] = choice
	}
	for id, status := range sealed.Services {
		if hint.Services[id] != Granted {
			status = Denied
		}
		out.Services[id] = status
	}
	for id, status := range hint.Services {
		if _, ok := out.Services[id]; !ok && status != Granted {
			out.Services[id] = Denied
		}
	}
	return out
}
