package consent_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

func keysOf(counts []consent.Count) (keys []string) {
	for _, c := range counts {
		keys = append(keys, c.Key)
	}
	return keys
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func moment(t *testing.T) consent.Moment {
	return consent.Moment{Time: shopTime, Zone: berlin(t), Country: "DE", Group: "goods"}
}

func decidedKey(kind, answer, event, via, layout, notice string) string {
	return consent.CountKey("decided", "who", "human", "kind", kind, "answer", answer, "event", event, "via", via,
		"layout", layout, "regime", "opt-in", "variant", "", "notice", notice[:8])
}

func TestAnAnswerCountsOnceInEachBreakdownAndForAllThatWasAsked(t *testing.T) {
	q := shopRequest(t)
	out := decide(t, q)
	counts := out.Counts(q.Asked, moment(t))
	want := []string{
		decidedKey("first", "chosen", "partial", "banner", out.Record.Notice.Layout, out.Record.Notice.Digest),
		"answered-by;answer=chosen;permits=analytics;denies=share+marketing;country=DE", "answered-by;answer=chosen;permits=analytics;denies=share+marketing;locale=de",
		"answered-by;answer=chosen;permits=analytics;denies=share+marketing;device=phone", "answered-by;answer=chosen;permits=analytics;denies=share+marketing;group=goods",
		"answered-by;answer=chosen;permits=analytics;denies=share+marketing;gpc=no",
	}
	if got := keysOf(counts); !slices.Equal(got[:len(want)], want) {
		t.Errorf("counted %q\nwant    %q", got, want)
	}
	asked := 0
	for _, c := range q.Asked.Optional() {
		asked += 1 + len(c.Services)
	}
	if got := len(counts) - len(want); got != asked {
		t.Errorf("%d statuses, want %d", got, asked)
	}
	for _, c := range counts {
		if c.N != 1 || !c.Hour.Equal(shopTime.Truncate(time.Hour)) || c.Day != consent.DateOf(shopTime, berlin(t)) {
			t.Errorf("counted %+v", c)
		}
	}
}

func TestADecisionAboutOneServiceAnswersNothing(t *testing.T) {
	for control, scope := range map[string]consent.Scope{"allow-service": consent.Keep, "load-once": consent.Once} {
		for _, q := range []consent.Request{shopRequest(t), returning(t, shopRequest(t))} {
			q = onlyYouTube(q, control, scope)
			out := decide(t, q)
			if keys := keysOf(out.Counts(q.Asked, moment(t))); len(keys) != 1 {
				t.Errorf("%s counts %q", control, keys)
			}
		}
	}
}

func TestWhoComesBackToAllThatWasAnsweredChangesAndDoesNotAnswer(t *testing.T) {
	q := returning(t, shopRequest(t))
	q.Decision.Surface = "preferences"
	if out := decide(t, q); out.Kind != consent.Changed {
		t.Errorf("in the settings it is %s", out.Kind)
	}
	q.Decision.Surface, q.Decision.Control = "banner", "accept-all"
	for id := range q.Decision.Categories {
		q.Decision.Categories[id] = consent.Granted
	}
	for id := range q.Decision.Services {
		q.Decision.Services[id] = consent.Granted
	}
	if out := decide(t, q); out.Kind != consent.Again || out.Answer != consent.Accepted {
		t.Errorf("on the banner it is %s %s", out.Kind, out.Answer)
	}
}

func TestProgramsAreCountedOnceAndInNoBreakdown(t *testing.T) {
	q := shopRequest(t)
	q.Decision.WebDriver = true
	out := decide(t, q)
	if keys := keysOf(out.Counts(q.Asked, moment(t))); len(keys) != 1 || !slices.Contains(keys, "decided;who=automated"+keys[0][len("decided;who=automated"):]) {
		t.Errorf("counted %q", keys)
	}
	shown := consent.Impression{Moment: moment(t), Locale: "de", Layout: "bar", Regime: consent.OptIn, Form: "phone", Notice: "0123456789", Automated: true, Again: true}
	if got := keysOf(shown.Counts()); !slices.Equal(got, []string{"shown;who=automated;kind=again;layout=bar;regime=opt-in;variant=;notice=01234567"}) {
		t.Errorf("counted %q", got)
	}
}

func TestAnImpressionCountsWithoutAnIdentifier(t *testing.T) {
	i := consent.Impression{Moment: consent.Moment{Time: shopTime, Zone: time.UTC}, Locale: "de", Layout: "bar", Regime: consent.OptIn, Form: "phone", Notice: "0123456789"}
	want := []string{
		"shown;who=human;kind=first;layout=bar;regime=opt-in;variant=;notice=01234567",
		"shown-by;country=unknown", "shown-by;locale=de", "shown-by;device=phone", "shown-by;group=unknown", "shown-by;gpc=no",
	}
	if got := keysOf(i.Counts()); !slices.Equal(got, want) {
		t.Errorf("counted %q", got)
	}
}

func TestEveryEventHasItsOutcomeForMetrics(t *testing.T) {
	for event, want := range map[consent.Event]string{
		consent.Given: "accepted", consent.Refused: "rejected", consent.Partial: "chosen",
		consent.Withdrawn: "withdrawn", consent.Renewed: "renewed", consent.Objected: "withdrawn", consent.Signal: "signal",
	} {
		r := consent.Record{Event: event}
		if got := r.Outcome(); got != want {
			t.Errorf("%s counts as %s, want %s", event, got, want)
		}
		r.Action.Control = "load-once"
		if got := r.Outcome(); got != "once" {
			t.Errorf("a single load that is %s counts as %s", event, got)
		}
	}
}

func TestACounterKeyIsReadBack(t *testing.T) {
	for _, want := range []map[string]string{{}, {"a": "b"}, {"auto": "no", "outcome": "chosen", "locale": "zh-Hant"}, {"empty": ""}} {
		var dimensions []string
		for _, k := range slices.Sorted(maps.Keys(want)) {
			dimensions = append(dimensions, k, want[k])
		}
		if name, got := consent.ParseCountKey(consent.CountKey("name", dimensions...)); name != "name" || !maps.Equal(got, want) {
			t.Errorf("%v became %s %v", want, name, got)
		}
	}
	for _, odd := range []string{"", ";", "a;b", "a;=;c=d=e"} {
		consent.ParseCountKey(odd) // of a foreign store; must not panic
	}
}

// Every instant belongs to the hourly counter of its own local day, also where
// hours do not begin with UTC's and where the clock is changed.
func TestHoursNeverStraddleALocalMidnight(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Auckland", "America/St_Johns", "Africa/Cairo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(7 * time.Minute) {
			day := consent.DateOf(at, zone)
			if hour := consent.HourOf(at, zone); consent.DateOfHour(hour, zone) != day {
				t.Fatalf("%s: %s is on %s, its hour %s on %s", name, at.In(zone), day.Time(), hour, consent.DateOfHour(hour, zone).Time())
			}
			if begin := day.Begin(zone); consent.DateOf(begin, zone) != day || consent.DateOf(begin.Add(-time.Second), zone) != day-1 {
				t.Fatalf("%s: %s does not begin at %s", name, day.Time(), begin)
			}
		}
	}
}

func TestAPageBelongsToTheFirstGroupThatMatches(t *testing.T) {
	c := consent.Counting{Groups: []consent.PageGroup{{ID: "sale", Paths: []string{"/shop/sale"}}, {ID: "shop", Paths: []string{"/shop/*", "/basket"}}}}
	for path, want := range map[string]string{
		"/shop/sale": "sale", "/shop/sale/": "shop", "/shop/": "shop", "/shop": "other", "/basket": "shop", "/basket/x": "other", "/": "other", "": "unknown",
	} {
		if got := c.Group(path); got != want {
			t.Errorf("%q belongs to %q, want %q", path, got, want)
		}
	}
	if got := (consent.Counting{}).Group("/shop"); got != "" {
		t.Errorf("without groups a page belongs to %q", got)
	}
}

// A notice with hundreds of services asks for more counters than a store takes with
// one entry: they are counted by category then.
func TestAnAnswerAboutHundredsOfServicesCountsByCategory(t *testing.T) {
	for services, want := range map[int]bool{200: true, 300: false} {
		q := shopRequest(t)
		asked := *q.Asked
		asked.Categories = slices.Clone(asked.Categories)
		for n := range services {
			asked.Categories[2].Services = append(slices.Clip(asked.Categories[2].Services), "vendor-"+strconv.Itoa(n))
		}
		q.Asked = &asked
		out := decide(t, q)
		keys := keysOf(out.Counts(q.Asked, moment(t)))
		each := slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, "service=vendor-7;") })
		categories := 0
		for _, key := range keys {
			if strings.HasPrefix(key, "status;category=") {
				categories++
			}
		}
		if len(keys) > 255 || each != want || categories != len(asked.Optional()) {
			t.Errorf("%d services: %d counters, %d of categories, of services %t", services, len(keys), categories, each)
		}
	}
}

// A page's requests without a permission count by service, and those of programs apart.
func TestLeaksCountByServiceAndWho(t *testing.T) {
	for automated, who := range map[bool]string{false: "human", true: "automated"} {
		shown := consent.Impression{Moment: moment(t), Locale: "de", Layout: "bar", Regime: consent.OptIn, Form: "phone", Notice: "notice-1", Automated: automated}
		without := keysOf(shown.Counts())
		shown.Leaked = []string{"ga4", "youtube"}
		added := slices.DeleteFunc(keysOf(shown.Counts()), func(key string) bool { return slices.Contains(without, key) })
		if want := []string{"leak;who=" + who + ";service=ga4", "leak;who=" + who + ";service=youtube"}; !slices.Equal(added, want) {
			t.Errorf("leaks add %q, want %q", added, want)
		}
	}
}
