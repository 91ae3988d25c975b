package templates

import (
	"fmt"
	"strings"
)

// Needs is what of a site waits for whoever looks; the zero value but for its names
// is nothing.
type Needs struct {
	ID, Name string
	Waiting  int  // visitors' requests
	Overdue  int  // of these, longer than the law gives
	Unread   bool // nobody knows how many wait
	Unsigned int  // logs that are not signed
	Leaks    []string
	Unlisted int
}

// need is one of them in words, and where it is seen to.
type need struct{ text, at, link string }

func (n Needs) list() (list []need) {
	switch requests := fmt.Sprintf("%d %s of visitors %s for an answer", n.Waiting, plural(n.Waiting, "request", "requests"), plural(n.Waiting, "waits", "wait")); {
	case n.Unread:
		list = append(list, need{"Visitors’ requests cannot be read now.", "/admin/requests", "Requests"})
	case n.Overdue > 0:
		list = append(list, need{fmt.Sprintf("%s, %d overdue.", requests, n.Overdue), "/admin/requests", "Requests"})
	case n.Waiting > 0:
		list = append(list, need{requests + ".", "/admin/requests", "Requests"})
	}
	if n.Unsigned > 0 {
		list = append(list, need{"The log is not signed.", "/admin/state", "Keeping"})
	}
	if len(n.Leaks) > 0 {
		list = append(list, need{"Requested in this period although nobody had permitted it: " + strings.Join(n.Leaks, ", ") + ".", "/admin/sites/" + n.ID + "/installation", "Installation"})
	}
	if n.Unlisted > 0 {
		list = append(list, need{fmt.Sprintf("%d %s seen that the site file does not list.", n.Unlisted, plural(n.Unlisted, "host, cookie or store was", "hosts, cookies or stores were")), "/admin/sites/" + n.ID + "/unlisted", "Unlisted"})
	}
	return list
}

// things is how many wait on all sites.
func (p OverviewPage) things() (n int) {
	for _, one := range p.Needs {
		n += len(one.list())
	}
	return n
}

// waits reports whether anything of any site does.
func (p OverviewPage) waits() bool { return p.things() > 0 }

// waiting says so above the figures, and leads to what it is.
func (p OverviewPage) waiting() string {
	return fmt.Sprintf("%d %s you", p.things(), plural(p.things(), "thing needs", "things need"))
}
