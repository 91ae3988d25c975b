package consent_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

func all(s consent.Status) map[string]consent.Status {
	return map[string]consent.Status{"analytics": s, "share": s, "marketing": s}
}

func about(d *consent.Decision, control string, scope consent.Scope, services map[string]consent.Status) {
	d.Control, d.Scope, d.Categories, d.Services = control, scope, nil, services
}

func only(service string, s consent.Status) map[string]consent.Status {
	return map[string]consent.Status{service: s}
}

func TestADecisionThatFitsItsNoticeIsValid(t *testing.T) {
	for name, change := range map[string]func(*consent.Decision){
		"saved with one service apart": func(d *consent.Decision) {},
		"everything accepted":          func(d *consent.Decision) { d.Control, d.Categories = "accept-all", all(consent.Granted) },
		"everything rejected": func(d *consent.Decision) {
			d.Control, d.Categories, d.Services = "reject-all", all(consent.Denied), nil
		},
		"everything withdrawn":        func(d *consent.Decision) { d.Control, d.Categories, d.Services = "withdraw", all(consent.Denied), nil },
		"necessary named and granted": func(d *consent.Decision) { d.Categories[consent.Necessary] = consent.Granted },
		"a necessary service granted": func(d *consent.Decision) { d.Services["basket"] = consent.Granted },
		"rejected, a necessary service named": func(d *consent.Decision) {
			d.Control, d.Categories, d.Services = "reject-all", all(consent.Denied), only("basket", consent.Granted)
		},
		"one service allowed":     func(d *consent.Decision) { about(d, "allow-service", consent.Keep, only("ga4", consent.Granted)) },
		"one service loaded once": func(d *consent.Decision) { about(d, "load-once", consent.Once, only("ga4", consent.Granted)) },
		"rejected, necessary named": func(d *consent.Decision) {
			d.Control, d.Services, d.Categories = "reject-all", nil, withNecessary(consent.Denied)
		},
		"decided by a program, layer one":  func(d *consent.Decision) { d.Surface, d.Control, d.Layer = "api", "api", 1 },
		"the time to click is not known":   func(d *consent.Decision) { d.AfterMS = nil },
		"the longest time to click":        func(d *consent.Decision) { d.AfterMS = new(1<<31 - 1) },
		"the other language of the notice": func(d *consent.Decision) { d.Locale = "en" },
	} {
		f := shopFrame(shopPolicy())
		d := shopDecision(f)
		change(&d)
		if err := d.Validate(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func withNecessary(s consent.Status) map[string]consent.Status {
	m := all(s)
	m[consent.Necessary] = consent.Granted
	return m
}

func TestADecisionThatDoesNotFitItsNoticeIsRefusedInWordsOfOurOwn(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*consent.Decision)
	}{
		{"id is missing", func(d *consent.Decision) { d.ID = consent.ID{} }},
		{"scope must be", func(d *consent.Decision) { d.Scope = "" }},
		{"scope must be", func(d *consent.Decision) { d.Scope = "hostile" }},
		{"layer must be", func(d *consent.Decision) { d.Layer = 0 }},
		{"layer must be", func(d *consent.Decision) { d.Layer = 3 }},
		{"after_ms", func(d *consent.Decision) { d.AfterMS = new(-1) }},
		{"after_ms", func(d *consent.Decision) { d.AfterMS = new(1 << 31) }},
		{"locale", func(d *consent.Decision) { d.Locale = "" }},
		{"locale", func(d *consent.Decision) { d.Locale = "hostile" }},
		{"layout", func(d *consent.Decision) { d.Layout = "hostile" }},
		{"surface", func(d *consent.Decision) { d.Surface = "hostile" }},
		{"a signal has", func(d *consent.Decision) { d.Surface = "signal" }},
		{"control", func(d *consent.Decision) { d.Control = "hostile" }},
		{"a signal has", func(d *consent.Decision) { d.Control = "signal" }},
		{"signal grants something", func(d *consent.Decision) { d.Surface, d.Control = "signal", "signal" }},
		{"a category is unknown", func(d *consent.Decision) { d.Categories["hostile"] = consent.Granted }},
		{"a category is unknown", func(d *consent.Decision) { d.Categories["youtube"] = consent.Granted }},
		{"necessary cannot be denied", func(d *consent.Decision) { d.Categories[consent.Necessary] = consent.Denied }},
		{"necessary cannot be denied", func(d *consent.Decision) { d.Categories[consent.Necessary] = "" }},
		{"the status of analytics", func(d *consent.Decision) { d.Categories["analytics"] = "hostile" }},
		{"share is not decided", func(d *consent.Decision) { delete(d.Categories, "share") }},
		{"analytics is not decided", func(d *consent.Decision) { d.Categories = nil }},
		{"a service is unknown", func(d *consent.Decision) { d.Services["hostile"] = consent.Granted }},
		{"a service is unknown", func(d *consent.Decision) { d.Services["analytics"] = consent.Granted }},
		{"basket belongs to necessary", func(d *consent.Decision) { d.Services["basket"] = consent.Denied }},
		{"the status of youtube", func(d *consent.Decision) { d.Services["youtube"] = "hostile" }},
		{"accept-all denies something", func(d *consent.Decision) { d.Control = "accept-all" }},
		{"accept-all denies something", func(d *consent.Decision) {
			d.Control, d.Categories, d.Services = "accept-all", all(consent.Granted), only("ga4", consent.Denied)
		}},
		{"reject-all grants something", func(d *consent.Decision) { d.Control, d.Services = "reject-all", nil }},
		{"reject-all grants something", func(d *consent.Decision) { d.Control, d.Categories = "reject-all", all(consent.Denied) }},
		{"withdraw grants something", func(d *consent.Decision) { d.Control, d.Categories = "withdraw", all(consent.Denied) }},
		{"allow-service grants exactly one", func(d *consent.Decision) { about(d, "allow-service", consent.Keep, nil) }},
		{"allow-service grants exactly one", func(d *consent.Decision) {
			about(d, "allow-service", consent.Keep, map[string]consent.Status{"ga4": consent.Granted, "youtube": consent.Granted})
		}},
		{"allow-service grants exactly one", func(d *consent.Decision) {
			about(d, "allow-service", consent.Keep, only("ga4", consent.Denied))
		}},
		{"allow-service grants exactly one", func(d *consent.Decision) {
			about(d, "allow-service", consent.Keep, only("basket", consent.Granted))
		}},
		{"allow-service grants exactly one", func(d *consent.Decision) { d.Control = "allow-service" }},
		{"load-once grants exactly one", func(d *consent.Decision) {
			about(d, "load-once", consent.Once, map[string]consent.Status{"ga4": consent.Granted, "basket": consent.Granted})
		}},
		{"scope once belongs to load-once", func(d *consent.Decision) { d.Scope = consent.Once }},
		{"scope once belongs to load-once", func(d *consent.Decision) {
			about(d, "load-once", consent.Keep, only("ga4", consent.Granted))
		}},
		{"scope once belongs to load-once", func(d *consent.Decision) {
			about(d, "allow-service", consent.Once, only("ga4", consent.Granted))
		}},
	} {
		f := shopFrame(shopPolicy())
		d := shopDecision(f)
		d.Categories, d.Services = maps.Clone(d.Categories), maps.Clone(d.Services)
		c.change(&d)
		err := d.Validate(f)
		if !errors.Is(err, consent.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v", c.want, err)
		} else if strings.Contains(err.Error(), "hostile") {
			t.Errorf("the error repeats what the client sent: %v", err)
		}
	}
}

func TestAServiceNamedNecessaryDoesNotHideBehindTheCategory(t *testing.T) {
	p := consent.NewPolicy(consent.Policy{Site: "shop", Categories: []consent.Category{{ID: "ads", Services: []consent.Service{{ID: consent.Necessary}}}}})
	f := shopFrame(p)
	d := shopDecision(f)
	d.Control, d.Categories = "reject-all", map[string]consent.Status{"ads": consent.Denied}
	d.Services = map[string]consent.Status{consent.Necessary: consent.Granted}
	if err := d.Validate(f); !errors.Is(err, consent.ErrInvalid) {
		t.Errorf("reject-all grants a service: %v", err)
	}
}
