package storetest

import (
	"strconv"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// VisitCounts are the counters that the n-th decision of a shop with three
// categories of four services each adds to, as the server makes them: visitors of
// 12 countries and 6 languages, on 3 devices and 5 groups of pages.
func VisitCounts(n int, at time.Time) []consent.Count {
	frame := &consent.Frame{Categories: []consent.FrameCategory{{ID: consent.Necessary}}}
	status := []consent.Status{consent.Granted, consent.Denied}[n%2]
	next := consent.State{Categories: make(map[string]consent.Choice)}
	for _, id := range []string{"analytics", "share", "marketing"} {
		c := consent.FrameCategory{ID: id, Digest: id}
		for s := range 4 {
			c.Services = append(c.Services, id+"-"+strconv.Itoa(s))
		}
		frame.Categories = append(frame.Categories, c)
		next.Categories[id] = consent.Choice{Status: status, Digest: id}
	}
	out := consent.Outcome{
		Kind: consent.First, Answer: []string{consent.Accepted, consent.Rejected}[n%2], Next: next,
		Record: consent.Record{
			Event: []consent.Event{consent.Given, consent.Refused}[n%2], Time: consent.At(at), Automated: "no",
			Action: consent.Action{Surface: "banner"}, Regime: consent.RegimeRef{ID: consent.OptIn},
			Notice:  consent.NoticeRef{Locale: "l" + strconv.Itoa(n%6), Layout: "bar", Digest: "notice-1"},
			UAClass: consent.UAClass{Form: []string{"phone", "desktop", "tablet"}[n%3]},
		},
	}
	return out.Counts(frame, consent.Moment{Zone: time.UTC, Country: "C" + strconv.Itoa(n%12), Group: "group-" + strconv.Itoa(n%5)})
}
