package consent

import "time"

// Answer is what a state says about one optional category of a notice.
type Answer struct {
	Category  string
	Answered  bool   // the state answers this question as it was asked
	Permitted bool   // the category itself
	Shown     Status // the switch before anybody touched it
	Services  []ServiceAnswer
}

// ServiceAnswer is what the state means for one service of the category.
type ServiceAnswer struct {
	ID        string
	Permitted bool
}

// Wholly reports whether the category is permitted with every service in it.
func (a Answer) Wholly() bool {
	for _, s := range a.Services {
		if !s.Permitted {
			return false
		}
	}
	return a.Permitted
}

// Answers lists what a state says at a time about everything that the frame
// asks, in its order. What the state answers under another digest is open.
func (f *Frame) Answers(s State, now time.Time) []Answer {
	list := make([]Answer, 0, len(f.Categories))
	for _, c := range f.Optional() {
		choice, ok := s.Categories[c.ID]
		a := Answer{Category: c.ID, Shown: c.Shown, Answered: ok && choice.Digest == c.Digest && now.Before(s.Expires)}
		a.Permitted = a.Answered && choice.Status == Granted
		for _, id := range c.Services {
			status, chosen := s.Services[id]
			if !chosen {
				status = choice.Status
			}
			a.Services = append(a.Services, ServiceAnswer{ID: id, Permitted: a.Answered && status == Granted})
		}
		list = append(list, a)
	}
	return list
}

// StateAfter returns what held once a record was made under frame f: its answers
// but for those of a single load.
func StateAfter(r *Record, f *Frame) State {
	s := State{Categories: make(map[string]Choice), Services: make(map[string]Status), Expires: r.Validity.Expires.Time}
	for _, d := range r.Decisions {
		i := f.category(d.Category)
		switch {
		case d.Category == Necessary || d.Scope == Once || i < 0:
		case d.Service == "":
			s.Categories[d.Category] = Choice{Status: d.Status, Digest: f.Categories[i].Digest}
		default:
			s.Services[d.Service] = d.Status
		}
	}
	return s
}

// Before returns what held when r was made under frame f, as far as records tell:
// what the previous one answered under its own frame, what f presumes about the
// rest, and a signal that the previous one did not know of, or under another setting.
// Both are nil where there is no previous one.
func (r *Record) Before(f *Frame, previous *Record, under *Frame) State {
	s := State{Categories: make(map[string]Choice), Services: make(map[string]Status), Expires: r.Validity.Expires.Time}
	despite := false
	if previous != nil {
		s, despite = StateAfter(previous, under), previous.Signals.Honoured && under.Override == f.Override
	}
	for _, c := range f.Optional() {
		choice, known := s.Categories[c.ID]
		switch {
		case known && choice.Digest == c.Digest || c.Shown != Granted:
		case known && choice.Status == Denied:
			s.Categories[c.ID] = Choice{Status: Denied, Digest: c.Digest}
		default:
			s.Categories[c.ID] = Choice{Status: Granted, Digest: c.Digest}
		}
	}
	if r.Signals.Honoured && !despite {
		s.denyAll()
	}
	return s
}
