package server_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
	"github.com/consentry/consentry/templates"
)

// populateAutumn lets visitors come and go in Berlin over the night in which the
// clock is put back and the day has 25 hours. It stands after populate.
func populateAutumn(t *testing.T, r *rig) {
	person := func() *person {
		return &person{t: t, r: r, country: "DE", page: "/about", agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0", cookies: make(map[string]string)}
	}
	ida, jan, kim, lea := person(), person(), person(), person()
	r.set("2027-10-30T21:59:00Z") // a minute to midnight
	ida.shown(false, false)       // day 0: shown
	r.set("2027-10-30T22:30:00Z")
	ida.rejects("banner", "reject-all") // day 1: rejected
	r.set("2027-10-31T00:30:00Z")       // half past two
	jan.shown(false, false)             // day 1: shown
	jan.accepts("banner", "accept-all") // day 1: accepted
	r.set("2027-10-31T01:30:00Z")       // half past two again
	kim.shown(false, false)             // day 1: shown
	kim.rejects("banner", "reject-all") // day 1: rejected
	jan.gpc = true
	jan.decides("signal", "signal", `"scope":"keep","categories":{"analytics":"denied","share":"denied"}`) // day 1: by signal
	r.set("2027-10-31T22:59:00Z")                                                                          // a minute to midnight, an hour later than the day before
	lea.shown(false, false)                                                                                // day 1: shown
	r.set("2027-10-31T23:01:00Z")
	lea.accepts("banner", "accept-all")    // day 2: accepted
	lea.rejects("preferences", "withdraw") // day 2: withdrawn
}

// autumnByHand is what the comments of populateAutumn add up to.
func autumnByHand() []templates.Tally {
	each := func(s templates.Split, ids ...string) map[string]templates.Split {
		all := make(map[string]templates.Split)
		for _, id := range ids {
			all[id] = s
		}
		return all
	}
	services := []string{"ga4", "matomo", "youtube", "addtoany", "vimeo"}
	some, one := templates.Split{Granted: 1, Denied: 2}, templates.Split{Granted: 1}
	return []templates.Tally{
		{Shown: 1, Ignored: 1},
		{
			Shown: 3, Accepted: 1, Rejected: 2, Deciders: 3, Events: 3, Signals: 1,
			Status: each(some, "analytics", "share"), Services: each(some, services...),
		},
		{Accepted: 1, Withdrawn: 1, Deciders: 1, Events: 2, Status: each(one, "analytics", "share"), Services: each(one, services...)},
	}
}

// checkAutumn holds the days around the long one against those got by hand.
func checkAutumn(t *testing.T, store consent.Store) {
	t.Helper()
	first := consent.DateOf(time.Date(2027, 10, 30, 0, 0, 0, 0, time.UTC), time.UTC)
	f := counted(t, store, first, 4)
	for i, want := range autumnByHand() {
		if got := f.Days[i].Tally; !reflect.DeepEqual(got, want) {
			t.Errorf("day %d of autumn\ngot  %+v\nwant %+v", i, got, want)
		}
	}
}

// counted reads three days' figures once as many banners are in them: impressions
// may be held back for a second.
func counted(t *testing.T, store consent.Store, first consent.Date, shown int64) (f *dashboard.Figures) {
	t.Helper()
	for range 200 {
		sheet, err := store.Days(t.Context(), "shop", first, first+3)
		if err != nil {
			t.Fatal(err)
		}
		if f = dashboard.Rates(sheet, first, first+3, templates.Filter{}); f.Total.Shown+f.Total.AutoShown >= shown {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return f
}
