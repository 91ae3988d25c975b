package siteconfig

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // one static binary knows the zones

	"github.com/consentry/consentry/internal/consent"
)

// countingSource is this file: its field comments are the manual.
//
//go:embed countingfile.go
var countingSource string

// CountingFile says how visits are counted. No counter holds an identifier.
type CountingFile struct {
	// The time zone of the dashboard's days, by its IANA name, such as
	// Europe/Berlin. Days that were counted keep the zone they were counted in.
	TimeZone string `yaml:"time_zone" jsonschema:"default=UTC" sample:"Europe/Berlin"`

	// Groups of pages whose rates are told apart. A page belongs to the first group
	// of which a path matches. Which page it is the browser's Referer header says,
	// where Consentry is on the pages' own origin; nothing but the group's id is
	// kept of it. Pages that match none are counted as other.
	PageGroups []PageGroupFile `yaml:"page_groups"`

	// The smallest number that the dashboard shows of a country, language, device or
	// group of pages: smaller ones are added up until the sum is large enough. 1 to
	// 1000.
	Smallest int `yaml:"smallest" jsonschema:"default=10"`

	// A page that has nothing to ask costs no request, so nobody knows how many
	// there are. Of these pages one in so many, chosen by chance, says so, without
	// any identifier, and the dashboard multiplies. 1 counts every one, 0 none: then
	// the gate carries no code for it. At most 10000.
	Sample int `yaml:"sample" jsonschema:"default=100,minimum=0,maximum=10000"`
}

// PageGroupFile is a group of pages.
type PageGroupFile struct {
	// Names the group on the dashboard: 1 to 32 small letters, digits and hyphens.
	ID string `yaml:"id" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]{0\\,31}$" sample:"shop"`

	// Paths, each exact or, with a * at its end, a beginning.
	Paths []string `yaml:"paths" jsonschema:"required,minItems=1" sample:"[/shop/*, /basket]"`
}

// maxGroups bounds how many counters page groups make.
const maxGroups = 20

func (b *builder) counting(policy *consent.Policy) consent.Counting {
	f := b.file.Counting
	zone, err := time.LoadLocation(f.TimeZone)
	if err != nil || f.TimeZone == "Local" || f.TimeZone == "" {
		b.doc.Fail("counting.time_zone", "time_zone must be an IANA name such as Europe/Berlin or UTC, not %q", f.TimeZone)
		zone = time.UTC
	}
	if f.Smallest < 1 || f.Smallest > 1000 {
		b.doc.Fail("counting.smallest", "smallest must be between 1 and 1000, not %d", f.Smallest)
	}
	if f.Sample < 0 || f.Sample > 10000 {
		b.doc.Fail("counting.sample", "sample must be between 1 and 10000, or 0 for none, not %d", f.Sample)
	}
	return consent.Counting{Zone: zone, Groups: b.pageGroups(), Smallest: int64(f.Smallest), Sample: f.Sample, Measures: b.measures(policy)}
}

// measures is the category called analytics or, without one, the first that may be
// refused and holds a service which the catalogue lists as such.
func (b *builder) measures(policy *consent.Policy) (category string) {
	for _, c := range policy.Categories {
		if c.ID == analytics {
			return c.ID
		}
		if category == "" && c.ID != consent.Necessary && slices.ContainsFunc(c.Services, func(s consent.Service) bool { return b.usual[s.ID] == analytics }) {
			category = c.ID
		}
	}
	return category
}

// analytics is the catalogue's category of services that measure visits.
const analytics = "analytics"

func (b *builder) pageGroups() (groups []consent.PageGroup) {
	if len(b.file.Counting.PageGroups) > maxGroups {
		b.doc.Fail("counting.page_groups", "there are %d page groups, at most %d", len(b.file.Counting.PageGroups), maxGroups)
	}
	for i, g := range b.file.Counting.PageGroups {
		at := fmt.Sprintf("counting.page_groups[%d]", i)
		b.checkID(at+".id", g.ID)
		if g.ID == consent.OtherPages || g.ID == consent.Unknown {
			b.doc.Fail(at+".id", "%q is what pages without a group are counted as; choose another id", g.ID)
		}
		if slices.ContainsFunc(groups, func(o consent.PageGroup) bool { return o.ID == g.ID }) {
			b.doc.Fail(at+".id", "there are two page groups %q", g.ID)
		}
		for _, path := range g.Paths {
			if !strings.HasPrefix(path, "/") || strings.Contains(strings.TrimSuffix(path, "*"), "*") || strings.ContainsAny(path, "?# ") {
				b.doc.Fail(at+".paths", "a path begins with / and may end with *, unlike %q", path)
			}
		}
		groups = append(groups, consent.PageGroup{ID: g.ID, Paths: g.Paths})
	}
	return groups
}
