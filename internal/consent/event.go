package consent

// DeriveEvent is the one table that names an event: what was permitted before
// (nil: no valid decision) and what is now. Both lists have one entry for each
// thing that the notice asks about, in its order.
//
//	before   now          event
//	none     everything   given
//	none     nothing      refused
//	none     some         partial
//	any      lacks some   withdrawn
//	any      the same     renewed
//	any      more, all    given
//	any      more         partial
func DeriveEvent(before, now []bool) Event {
	everything, nothing := len(now) > 0, true
	for _, is := range now {
		everything = everything && is
		nothing = nothing && !is
	}
	switch {
	case widens(now, before):
		return Withdrawn
	case before != nil && !widens(before, now):
		return Renewed
	case everything:
		return Given
	case nothing:
		return Refused
	}
	return Partial
}

// widens reports whether after permits something that before, which may be nil
// or of the same notice, does not.
func widens(before, after []bool) bool {
	for i, is := range after {
		if is && !(i < len(before) && before[i]) {
			return true
		}
	}
	return false
}

// permitted lists what a state permits of everything that frame f asks about:
// each optional category followed by its services, which stand under their own
// status or their category's. It is never nil.
func permitted(f *Frame, s State) []bool {
	out := make([]bool, 0, 16)
	for _, c := range f.Optional() {
		choice, ok := s.Categories[c.ID]
		asked := ok && choice.Digest == c.Digest
		out = append(out, asked && choice.Status == Granted)
		for _, service := range c.Services {
			status, chosen := s.Services[service]
			if !chosen {
				status = choice.Status
			}
			out = append(out, asked && status == Granted)
		}
	}
	return out
}
