package server_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/redisstore"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
	"github.com/consentry/consentry/templates"
)

const countedYAML = `
id: shop
name: Test shop
origins: [https://shop.example]
mode: path
prefix: /privacy
controller: {name: Shop Ltd, address: "1 Road, Town", contact: privacy@shop.example}
locales: [en, de]
counting:
  time_zone: Europe/Berlin
  sample: 50
  page_groups: [{id: goods, paths: [/goods/*]}]
categories:
  - {id: analytics, services: [ga4, matomo]}
  - {id: share, services: [youtube, addtoany]}
`

// person is a visitor's browser, as far as the server sees it.
type person struct {
	t             *testing.T
	r             *rig
	country, page string
	agent         string
	gpc           bool
	cookies       map[string]string
}

func (p *person) send(path, body string, want int) {
	p.t.Helper()
	request, err := http.NewRequest("POST", p.r.public.URL+"/privacy/"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Host = "shop.example"
	for name, value := range map[string]string{
		"Origin": "https://shop.example", "Content-Type": "application/json", "X-Country": p.country,
		"Referer": "https://shop.example" + p.page, "User-Agent": p.agent,
	} {
		request.Header.Set(name, value)
	}
	if p.gpc {
		request.Header.Set("Sec-Gpc", "1")
	}
	if path == "decisions" { // impressions are sent without cookies
		for name, value := range p.cookies {
			request.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	answer, text := p.r.do(p.t, request)
	if answer.StatusCode != want {
		p.t.Fatalf("%s: status %d, want %d: %s", path, answer.StatusCode, want, text)
	}
	for _, c := range answer.Cookies() {
		p.cookies[c.Name] = c.Value
	}
}

func (p *person) shown(again, webdriver bool, leaked ...string) {
	p.t.Helper()
	p.send("impressions", fmt.Sprintf(`{"rendering":%q,"locale":"en","layout":"bar","again":%t,"webdriver":%t,"leaked":[%s]}`,
		p.r.site(p.t, "shop").Rendering, again, webdriver, strings.Join(leaked, ",")), http.StatusNoContent)
}

// decides sends a decision; extra is the rest of its members. It returns the body.
func (p *person) decides(surface, control, extra string) string {
	p.t.Helper()
	body := fmt.Sprintf(`{"id":%q,"rendering":%q,"locale":"en","layout":"bar","surface":%q,"control":%q,"layer":1,%s}`,
		newID(p.t), p.r.site(p.t, "shop").Rendering, surface, control, extra)
	p.send("decisions", body, http.StatusCreated)
	return body
}

func (p *person) accepts(surface, control string) {
	p.t.Helper()
	p.decides(surface, control, `"scope":"keep","categories":{"analytics":"granted","share":"granted"}`)
}

func (p *person) rejects(surface, control string) string {
	p.t.Helper()
	return p.decides(surface, control, `"scope":"keep","categories":{"analytics":"denied","share":"denied"}`)
}

func (r *rig) set(now string) {
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		panic(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = at
}

// populate lets visitors come and go in Berlin over the night in which the clock
// is put forward. What each adds to the figures stands behind it.
func populate(t *testing.T, r *rig) {
	const phone, desktop = "Mozilla/5.0 (iPhone) Mobile Safari/604.1", "Mozilla/5.0 (X11; Linux x86_64) Firefox/153.0"
	person := func(country, page, agent string) *person {
		return &person{t: t, r: r, country: country, page: page, agent: agent, cookies: make(map[string]string)}
	}
	r.set("2027-03-27T22:58:00Z") // two minutes to midnight
	anna := person("DE", "/goods/teapot", phone)
	anna.shown(false, false) // day 0: shown
	r.set("2027-03-27T23:02:00Z")
	anna.accepts("banner", "accept-all") // day 1: accepted

	r.set("2027-03-28T00:30:00Z")
	ben := person("FR", "/about", desktop)
	ben.shown(false, false)                            // day 1: shown
	retried := ben.rejects("banner", "reject-all")     // day 1: rejected
	ben.send("decisions", retried, http.StatusCreated) // the same again: nothing

	r.set("2027-03-28T01:30:00Z") // half past three, for two o'clock was skipped
	carl := person("DE", "/goods/", phone)
	carl.shown(false, false, `"ga4"`, `"ga4"`, `"consentry"`, `"-"`) // day 1: shown, ignored, and one leak
	carl.shown(false, false, `"youtube"`, `"ga4"`)                   // on the next page: shown, ignored, and two
	dora := person("DE", "/about", desktop)
	dora.gpc = true
	dora.shown(false, false)             // day 1: shown
	dora.rejects("banner", "reject-all") // day 1: rejected
	emil := person("DE", "/about", desktop)
	emil.shown(false, false)                                                                                    // day 1: shown
	emil.decides("preferences", "save", `"scope":"keep","categories":{"analytics":"granted","share":"denied"}`) // day 1: chosen
	person("DE", "/about", "Googlebot/2.1").shown(false, false, `"ga4"`)                                        // day 1: automated, with a leak
	robot := person("DE", "/about", desktop)
	robot.shown(false, true) // day 1: automated
	robot.decides("banner", "accept-all", `"webdriver":true,"scope":"keep","categories":{"analytics":"granted","share":"granted"}`)
	hasty := person("DE", "/about", desktop)
	hasty.shown(false, false) // day 1: shown, ignored, for what follows is no person's
	hasty.decides("banner", "accept-all", `"after_ms":50,"scope":"keep","categories":{"analytics":"granted","share":"granted"}`)

	r.set("2027-03-28T21:59:00Z") // a minute to midnight, an hour earlier than the day before
	finn := person("DE", "/about", desktop)
	finn.shown(false, false)             // day 1: shown
	finn.accepts("banner", "accept-all") // day 1: accepted
	r.set("2027-03-28T22:01:00Z")
	anna.send("unasked?webdriver=false", "", http.StatusNoContent)                                                 // day 2: 50 pages
	anna.send("unasked?webdriver=undefined", "", http.StatusNoContent)                                             // day 2: 50 pages
	robot.send("unasked?webdriver=true", "", http.StatusNoContent)                                                 // day 2: 50 pages of programs
	person("", "/", "Googlebot/2.1").send("unasked", "", http.StatusNoContent)                                     // day 2: 50 pages of programs
	finn.rejects("preferences", "withdraw")                                                                        // day 2: withdrawn
	anna.accepts("preferences", "save")                                                                            // day 2: confirmed
	carl.decides("placeholder", "load-once", `"scope":"once","categories":{},"services":{"youtube":"granted"}`)    // day 2: loaded once
	ben.decides("placeholder", "allow-service", `"scope":"keep","categories":{},"services":{"youtube":"granted"}`) // day 2: one service

	writeSite(t, r.dir, "shop.yaml", strings.Replace(countedYAML, "addtoany", "addtoany, vimeo", 1))
	r.reload(t)
	anna.shown(true, false)              // day 2: shown again
	anna.accepts("banner", "accept-all") // day 2: accepted
}

// byHand is what the comments of populate add up to.
func byHand() (days []templates.Tally, total templates.Tally, by map[string]map[string]templates.Tally) {
	days = []templates.Tally{
		{Shown: 1, Ignored: 1},
		{
			Shown: 7, Accepted: 2, Rejected: 2, Chosen: 1, Ignored: 2, Deciders: 5, Events: 5, AutoShown: 2, AutoMade: 2,
			Status:   map[string]templates.Split{"analytics": {Granted: 3, Denied: 2}, "share": {Granted: 2, Denied: 3}},
			Services: map[string]templates.Split{"ga4": {Granted: 3, Denied: 2}, "matomo": {Granted: 3, Denied: 2}, "youtube": {Granted: 2, Denied: 3}, "addtoany": {Granted: 2, Denied: 3}},
		},
		{
			Shown: 1, Accepted: 1, Withdrawn: 1, Confirmed: 1, LoadedOnce: 1, OfOne: 1, Events: 5, Unasked: 100, AutoUnasked: 100, UnaskedSpread: 100 * 49, AutoUnaskedSpread: 100 * 49,
			Status:   map[string]templates.Split{"analytics": {Granted: 1}, "share": {Granted: 1}},
			Services: map[string]templates.Split{"ga4": {Granted: 1}, "matomo": {Granted: 1}, "youtube": {Granted: 1}, "addtoany": {Granted: 1}, "vimeo": {Granted: 1}},
		},
	}
	total = templates.Tally{
		Shown: 9, Accepted: 3, Rejected: 2, Chosen: 1, Ignored: 3, Withdrawn: 1, Confirmed: 1, LoadedOnce: 1, OfOne: 1,
		Deciders: 5, Events: 10, AutoShown: 2, AutoMade: 2, Unasked: 100, AutoUnasked: 100, UnaskedSpread: 100 * 49, AutoUnaskedSpread: 100 * 49,
		Status:   map[string]templates.Split{"analytics": {Granted: 4, Denied: 2}, "share": {Granted: 3, Denied: 3}},
		Services: map[string]templates.Split{"ga4": {Granted: 4, Denied: 2}, "matomo": {Granted: 4, Denied: 2}, "youtube": {Granted: 3, Denied: 3}, "addtoany": {Granted: 3, Denied: 3}, "vimeo": {Granted: 1}},
	}
	permit := func(analytics, share, answers int64) map[string]templates.Split {
		return map[string]templates.Split{"analytics": {Granted: analytics, Denied: answers - analytics}, "share": {Granted: share, Denied: answers - share}}
	}
	by = map[string]map[string]templates.Tally{
		"country": {"DE": {Shown: 8, Accepted: 3, Rejected: 1, Chosen: 1, Ignored: 3, Status: permit(4, 3, 5)}, "FR": {Shown: 1, Rejected: 1, Status: permit(0, 0, 1)}},
		"locale":  {"en": {Shown: 9, Accepted: 3, Rejected: 2, Chosen: 1, Ignored: 3, Status: permit(4, 3, 6)}},
		"device":  {"phone": {Shown: 4, Accepted: 2, Ignored: 2, Status: permit(2, 2, 2)}, "desktop": {Shown: 5, Accepted: 1, Rejected: 2, Chosen: 1, Ignored: 1, Status: permit(2, 1, 4)}},
		"group":   {"goods": {Shown: 4, Accepted: 2, Ignored: 2, Status: permit(2, 2, 2)}, "other": {Shown: 5, Accepted: 1, Rejected: 2, Chosen: 1, Ignored: 1, Status: permit(2, 1, 4)}},
		"gpc":     {"yes": {Shown: 1, Rejected: 1, Status: permit(0, 0, 1)}, "no": {Shown: 8, Accepted: 3, Rejected: 1, Chosen: 1, Ignored: 3, Status: permit(4, 3, 5)}},
	}
	return days, total, by
}

// Visitors before and after midnight, over both changes of the clock, repeats, a
// question asked anew, programs, GPC and withdrawals give on either store exactly
// the figures that one gets by hand.
func TestFiguresOfAPopulationAreThoseGotByHand(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (consent.Store, error){
		"embedded": func(t *testing.T) (consent.Store, error) {
			return sqlitestore.Open(filepath.Join(t.TempDir(), "counted.db"), sqlitestore.Options{})
		},
		"redis": func(t *testing.T) (consent.Store, error) {
			return redisstore.Open(t.Context(), storetest.StartRedis(t).URL(), redisstore.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			dir := t.TempDir()
			writeSite(t, dir, "shop.yaml", countedYAML)
			r := newRigWith(t, dir, func(consent.Store) consent.Store { return store }, slog.LevelDebug, 6000, 10*time.Second)
			populate(t, r)
			days, total, by := byHand()
			first := consent.DateOf(time.Date(2027, 3, 27, 0, 0, 0, 0, time.UTC), time.UTC)
			f := counted(t, store, first, total.Shown+total.AutoShown)
			for i, want := range days {
				if got := f.Days[i].Tally; !reflect.DeepEqual(got, want) {
					t.Errorf("day %d\ngot  %+v\nwant %+v", i, got, want)
				}
			}
			if !reflect.DeepEqual(f.Total, total) {
				t.Errorf("in all\ngot  %+v\nwant %+v", f.Total, total)
			}
			for dimension, want := range by {
				if got := f.By[dimension]; !reflect.DeepEqual(got, want) {
					t.Errorf("by %s\ngot  %+v\nwant %+v", dimension, got, want)
				}
			}
			if want := map[string]templates.Leak{"ga4": {People: 2, Automated: 1}, "youtube": {People: 1}}; !reflect.DeepEqual(f.Leaks, want) {
				t.Errorf("leaked %v, want %v", f.Leaks, want)
			}
			if len(f.Notices) != 2 {
				t.Errorf("notices since %v, want two", f.Notices)
			}
			hours, err := store.Counts(t.Context(), "shop", first.Time().Add(-time.Hour), first.Time().AddDate(0, 0, 4))
			if err != nil {
				t.Fatal(err)
			}
			again := make(map[string]int64)
			for _, c := range hours {
				again[fmt.Sprint(consent.DateOfHour(c.Hour, r.site(t, "shop").Counting.Location()), c.Key)] += c.N
			}
			daily, err := store.Days(t.Context(), "shop", first, first+3)
			if err != nil || len(daily.Cells) != len(again) {
				t.Fatalf("%d daily counters from hours, %d as such, %v", len(again), len(daily.Cells), err)
			}
			for _, c := range daily.Counts() {
				if again[fmt.Sprint(c.Day, c.Key)] != c.N {
					t.Errorf("%d %s: %d by hours, %d by day", c.Day, c.Key, again[fmt.Sprint(c.Day, c.Key)], c.N)
				}
			}
			populateAutumn(t, r)
			checkAutumn(t, store)
		})
	}
}
