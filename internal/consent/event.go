package consent

// DeriveEvent is the one table that names an event: what was permitted before
// (nil: no valid decision), what is now, and all that could be. Each set holds
// the ids of categories and services that are permitted.
//
//	before   now          event
//	none     everything   given
//	none     nothing      refused
//	none     some         partial
//	any      lacks some   withdrawn
//	any      the same     renewed
//	any      more, all    given
//	any      more         partial
func DeriveEvent(before, now, all map[string]bool) Event {
	everything := len(now) == len(all)
	if before == nil {
		switch {
		case everything && len(all) > 0:
			return Given
		case len(now) == 0:
			return Refused
		}
		return Partial
	}
	for id := range before {
		if !now[id] {
			return Withdrawn
		}
	}
	switch {
	case len(now) == len(before):
		return Renewed
	case everything:
		return Given
	}
	return Partial
}

// permitted lists what a state permits of frame f: categories, and services
// under their own or their category's status.
func permitted(f *Frame, s State) map[string]bool {
	out := make(map[string]bool)
	for _, c := range f.Optional() {
		choice, ok := s.Categories[c.ID]
		if !ok || choice.Digest != c.Digest {
			continue
		}
		if choice.Status == Granted {
			out[c.ID] = true
		}
		for _, service := range c.Services {
			status, chosen := s.Services[service]
			if status == Granted || (!chosen && choice.Status == Granted) {
				out[service] = true
			}
		}
	}
	return out
}

func everything(f *Frame) map[string]bool {
	all := make(map[string]bool)
	for _, c := range f.Optional() {
		all[c.ID] = true
		for _, service := range c.Services {
			all[service] = true
		}
	}
	return all
}
