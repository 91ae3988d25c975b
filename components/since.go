package components

import "github.com/consentry/consentry/internal/consent"

// Since says in a language what about a category is other than it was, a line each:
// + before what was added, − before what was removed, an arrow between what was and
// what is.
func Since(site *consent.Site, locale string, changes []consent.Change) []string {
	v := viewOf(site, locale)
	lines := make([]string, len(changes))
	for i, c := range changes {
		for _, of := range [...]string{c.Service, c.Entry} {
			if of != "" {
				lines[i] += v.isolated(of) + ": "
			}
		}
		switch {
		case c.Was == "":
			lines[i] += "+\u00a0" + v.isolated(c.Is)
		case c.Is == "":
			lines[i] += "−\u00a0" + v.isolated(c.Was)
		default:
			lines[i] += v.isolated(c.Was) + " " + v.arrow() + " " + v.isolated(c.Is)
		}
	}
	return lines
}

// isolated keeps the direction of a name or phrase from turning its neighbours.
func (v view) isolated(text string) string {
	if text = v.phrase(text); v.lang.Direction() == "rtl" {
		return "\u2068" + text + "\u2069"
	}
	return text
}

func (v view) arrow() string {
	if v.lang.Direction() == "rtl" {
		return "←"
	}
	return "→"
}
