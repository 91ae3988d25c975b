package consent_test

import (
	"maps"
	"slices"
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

func TestADecisionCountsOnceAndOnceForEachAnsweredCategory(t *testing.T) {
	record := decide(t, shopRequest(t)).Record
	counts := record.Counts()
	if want := []string{
		"decided;auto=no;outcome=chosen;surface=preferences;locale=de;device=phone",
		"status;auto=no;category=analytics;status=granted",
		"status;auto=no;category=share;status=denied",
		"status;auto=no;category=marketing;status=denied",
	}; !slices.Equal(keysOf(counts), want) {
		t.Errorf("counted %q", keysOf(counts))
	}
	for _, c := range counts {
		if c.N != 1 || !c.Hour.Equal(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)) || c.Hour.Location() != time.UTC {
			t.Errorf("counted %+v", c)
		}
	}
}

func TestADecisionAboutOneServiceAnswersNoCategory(t *testing.T) {
	for control, scope := range map[string]consent.Scope{"allow-service": consent.Keep, "load-once": consent.Once} {
		for _, q := range []consent.Request{shopRequest(t), returning(t, shopRequest(t))} {
			record := decide(t, onlyYouTube(q, control, scope)).Record
			if keys := keysOf(record.Counts()); len(keys) != 1 {
				t.Errorf("%s counts %q", control, keys)
			}
		}
	}
}

func TestEveryEventHasItsOutcome(t *testing.T) {
	for event, want := range map[consent.Event]string{
		consent.Given: "accepted", consent.Refused: "rejected", consent.Partial: "chosen",
		consent.Withdrawn: "withdrawn", consent.Renewed: "renewed",
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

func TestAnImpressionCountsWithoutAnIdentifier(t *testing.T) {
	i := consent.Impression{Locale: "de", Layout: "bar", Regime: consent.OptIn, Form: "phone"}
	if got := keysOf(i.Counts(shopTime)); !slices.Equal(got, []string{"shown;auto=no;locale=de;layout=bar;regime=opt-in;device=phone;kind=new"}) {
		t.Errorf("counted %q", got)
	}
	i.Again, i.Automated = true, true
	if got := keysOf(i.Counts(shopTime)); !slices.Equal(got, []string{"shown;auto=yes;locale=de;layout=bar;regime=opt-in;device=phone;kind=again"}) {
		t.Errorf("counted %q", got)
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
