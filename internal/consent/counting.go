package consent

import (
	"strings"
	"time"
)

// Counting is how a site's visits are counted.
type Counting struct {
	Zone     *time.Location // of its days; UTC when nil
	Groups   []PageGroup
	Smallest int64 // number that is shown of a breakdown's value
	Sample   int   // one page in so many of those that ask nothing is counted; 0: none is
	// Measures is the category whose services measure visits, "" for none: what the
	// site does not learn without it is estimated.
	Measures string
}

// PageGroup is a set of pages whose rates are told apart.
type PageGroup struct {
	ID    string
	Paths []string // exact, or a beginning that ends in *
}

// OtherPages is the group of pages that belong to none.
const OtherPages = "other"

// Group returns the id of the first group that a path belongs to, OtherPages when
// it belongs to none. It is Unknown without a path and "" where there are no groups.
func (c Counting) Group(path string) string {
	switch {
	case len(c.Groups) == 0:
		return ""
	case path == "":
		return Unknown
	}
	for _, g := range c.Groups {
		for _, pattern := range g.Paths {
			if start, open := strings.CutSuffix(pattern, "*"); path == pattern || open && strings.HasPrefix(path, start) {
				return g.ID
			}
		}
	}
	return OtherPages
}

// Location is the zone of the site's days.
func (c Counting) Location() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// named is another counter of the same hour and day, which need not be reckoned anew.
func (c Count) named(key string) Count {
	c.Key = key
	return c
}
