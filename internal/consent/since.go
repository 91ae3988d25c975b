package consent

import "slices"

// Change is one thing that is asked about otherwise than it was: added where Was is
// empty, removed where Is is. Both are words as the policy has them.
type Change struct {
	Service string // whose it is, by name; empty for a purpose or a whole service
	Entry   string // the entry in the browser that it is about; empty for the service itself
	Was, Is string
}

// Since lists what about a category is other than it was. Of what was asked by a
// version that kept no details the services' ids are all that is known.
func Since(was, is FrameCategory) []Change {
	if is.Details == nil {
		return nil
	}
	if was.Details == nil {
		return sinceIDs(was.Services, is.Details.Services)
	}
	list := turns("", "", was.Details.Purposes, is.Details.Purposes)
	for _, s := range is.Details.Services {
		if i := slices.IndexFunc(was.Details.Services, s.isSame); i >= 0 {
			list = append(list, s.since(was.Details.Services[i])...)
		} else {
			list = append(list, Change{Is: s.Name})
		}
	}
	for _, s := range was.Details.Services {
		if !slices.ContainsFunc(is.Details.Services, s.isSame) {
			list = append(list, Change{Was: s.Name})
		}
	}
	return list
}

func sinceIDs(was []string, is []FrameService) (list []Change) {
	for _, s := range is {
		if !slices.Contains(was, s.ID) {
			list = append(list, Change{Is: s.Name})
		}
	}
	for _, id := range was {
		if !slices.ContainsFunc(is, func(s FrameService) bool { return s.ID == id }) {
			list = append(list, Change{Was: id})
		}
	}
	return list
}

func (s FrameService) isSame(o FrameService) bool { return s.ID == o.ID }

func (s FrameService) recipient() string {
	if s.Country == "" {
		return s.Company
	}
	return s.Company + " (" + s.Country + ")"
}

func (s FrameService) since(was FrameService) []Change {
	list := turn(s.Name, "", was.recipient(), s.recipient())
	for _, k := range s.Cookies {
		i := slices.IndexFunc(was.Cookies, k.isSame)
		if i < 0 {
			list = append(list, Change{Service: s.Name, Is: k.Name})
			continue
		}
		old := was.Cookies[i]
		list = append(list, turn(s.Name, k.Name, old.Provider, k.Provider)...)
		list = append(list, turn(s.Name, k.Name, old.Purpose, k.Purpose)...)
		list = append(list, turn(s.Name, k.Name, old.Duration, k.Duration)...)
		list = append(list, turns(s.Name, k.Name, old.Recipients, k.Recipients)...)
	}
	for _, k := range was.Cookies {
		if !slices.ContainsFunc(s.Cookies, k.isSame) {
			list = append(list, Change{Service: s.Name, Was: k.Name})
		}
	}
	return list
}

func (k FrameCookie) isSame(o FrameCookie) bool { return k.Name == o.Name && k.Kind == o.Kind }

func turn(service, entry, was, is string) []Change {
	if was == is {
		return nil
	}
	return []Change{{Service: service, Entry: entry, Was: was, Is: is}}
}

// turns are what one list has more than the other, and the other way round.
func turns(service, entry string, was, is []string) (list []Change) {
	for _, one := range is {
		if !slices.Contains(was, one) {
			list = append(list, Change{Service: service, Entry: entry, Is: one})
		}
	}
	for _, one := range was {
		if !slices.Contains(is, one) {
			list = append(list, Change{Service: service, Entry: entry, Was: one})
		}
	}
	return list
}
