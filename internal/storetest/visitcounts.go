package storetest

import (
	"slices"
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// Visit is one visitor of a shop with VisitCategories of four services each, as
// far as it is counted.
type Visit struct {
	consent.Moment
	Locale, Form, Notice string
	Accepts              bool     // everything, else nothing
	Chooses              []string // these categories alone, unless there are none
}

// VisitCategories are what the shop asks about.
func VisitCategories() []string { return []string{"analytics", "share", "marketing"} }

// Impression returns the counters that the banner adds to, as the server makes them.
func (v Visit) Impression() []consent.Count {
	i := consent.Impression{Moment: v.Moment, Locale: v.Locale, Layout: "bar", Regime: consent.OptIn, Form: v.Form, Notice: v.Notice}
	return i.Counts()
}

// Decision returns the counters that the answer to it adds to.
func (v Visit) Decision() []consent.Count {
	answer, event, status := consent.Rejected, consent.Refused, consent.Denied
	if v.Accepts {
		answer, event, status = consent.Accepted, consent.Given, consent.Granted
	}
	if len(v.Chooses) > 0 {
		answer, event = consent.Chosen, consent.Partial
	}
	frame := &consent.Frame{Categories: []consent.FrameCategory{{ID: consent.Necessary}}}
	next := consent.State{Categories: make(map[string]consent.Choice)}
	for _, id := range VisitCategories() {
		c := consent.FrameCategory{ID: id, Digest: id}
		for s := range 4 {
			c.Services = append(c.Services, id+"-"+strconv.Itoa(s))
		}
		frame.Categories = append(frame.Categories, c)
		next.Categories[id] = consent.Choice{Status: v.status(id, status), Digest: id}
	}
	out := consent.Outcome{
		Kind: consent.First, Answer: answer, Next: next,
		Record: consent.Record{
			Event: event, Time: consent.At(v.Time), Automated: "no",
			Action: consent.Action{Surface: "banner"}, Regime: consent.RegimeRef{ID: consent.OptIn},
			Notice:  consent.NoticeRef{Locale: v.Locale, Layout: "bar", Digest: v.Notice},
			UAClass: consent.UAClass{Form: v.Form},
		},
	}
	return out.Counts(frame, v.Moment)
}

// status is what the visitor decides about a category who, not choosing, would answer so.
func (v Visit) status(category string, otherwise consent.Status) consent.Status {
	switch {
	case len(v.Chooses) == 0:
		return otherwise
	case slices.Contains(v.Chooses, category):
		return consent.Granted
	}
	return consent.Denied
}

// VisitCounts are the counters of the n-th decision of visitors of 12 countries and
// 6 languages, on 3 devices and 5 groups of pages.
func VisitCounts(n int, at time.Time) []consent.Count {
	return Visit{
		Moment: consent.Moment{Time: at, Zone: time.UTC, Country: "C" + strconv.Itoa(n%12), Group: "group-" + strconv.Itoa(n%5)},
		Locale: "l" + strconv.Itoa(n%6), Form: []string{"phone", "desktop", "tablet"}[n%3], Notice: "notice-1", Accepts: n%2 == 0,
	}.Decision()
}
