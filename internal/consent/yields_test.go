package consent_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// signalling is the shop, asked by a browser that sends a signal.
func signalling(t *testing.T, override bool) consent.Request {
	t.Helper()
	q := shopRequest(t)
	p := *q.Policy
	p.Signals.Override = override
	q.Policy = consent.NewPolicy(p)
	q.Asked = shopFrame(q.Policy)
	q.Ruling = q.Policy.Ruling("", true, false)
	q.Signals = consent.Signals{GPC: true, Source: "header"}
	q.Decision.Categories = map[string]consent.Status{"analytics": consent.Granted, "share": consent.Granted, "marketing": consent.Granted}
	q.Decision.Services = nil
	return q
}

// Whatever is clicked while a browser signals: what sells or shares is denied in the
// record, the cookie and the hint, and everything else is as it was clicked.
func TestWhatSellsOrSharesGivesWayToASignalWhateverIsClicked(t *testing.T) {
	for _, control := range []string{"accept-all", "save", "api"} {
		for _, override := range []bool{false, true} {
			q := signalling(t, override)
			q.Decision.Control = control
			if control == "save" {
				q.Decision.Categories["share"] = consent.Denied
				q.Decision.Services = map[string]consent.Status{"youtube": consent.Granted}
			}
			out := decide(t, q)
			want := consent.Denied
			if override {
				want = consent.Granted
			}
			recorded := status(t, out.Record, "marketing", "").Status
			if recorded != want || out.Sealed.Categories["marketing"][0] != string(want) || out.Next.Categories["marketing"].Status != want {
				t.Errorf("%s, override %v: recorded %s, sealed %v, answered %v", control, override, recorded, out.Sealed.Categories, out.Next.Categories)
			}
			if out.Next.PermitsService(q.Policy, "youtube", q.Now) != override || !out.Next.Permits(q.Policy, "analytics", q.Now) {
				t.Errorf("%s, override %v: %+v", control, override, out.Next)
			}
			if !out.Record.Signals.Honoured || !out.Record.Signals.GPC {
				t.Errorf("%s: the record does not tell of the signal: %+v", control, out.Record.Signals)
			}
		}
	}
}

// A click on an embed's own button directs the site to load that one: it is no sale. It
// permits nothing beside it, lasts under the signal, and is left alone by a later answer
// to everything that does not switch it off.
func TestASingleEmbedOpensWithASignalInView(t *testing.T) {
	q := signalling(t, false)
	refused := q
	refused.Decision.Categories = map[string]consent.Status{"analytics": consent.Denied, "share": consent.Denied, "marketing": consent.Denied}
	refused.Decision.Control = "reject-all"
	q = returning(t, refused)
	allows := onlyYouTube(q, "allow-service", consent.Keep)
	standing := func(out consent.Outcome) consent.State {
		hint := out.Sealed.State()
		return q.Ruling.Standing(q.Policy, out.Sealed, &hint, q.Now.Add(time.Hour))
	}
	if s := standing(decide(t, allows)); !s.PermitsService(q.Policy, "youtube", q.Now) || s.Permits(q.Policy, "share", q.Now) || s.PermitsService(q.Policy, "sharer", q.Now) {
		t.Errorf("allowed for good: %+v", s)
	}
	once := decide(t, onlyYouTube(q, "load-once", consent.Once))
	if status(t, once.Record, "share", "youtube").Status != consent.Granted || once.Sealed != nil {
		t.Errorf("loaded once: recorded %+v, remembered %+v", once.Record.Decisions, once.Sealed)
	}
	for _, keeps := range []bool{true, false} {
		later := returning(t, allows)
		later.Decision.Control = "save"
		later.Decision.Categories = map[string]consent.Status{"analytics": consent.Granted, "share": consent.Denied, "marketing": consent.Denied}
		later.Decision.Services = nil
		if keeps {
			later.Decision.Services = map[string]consent.Status{"youtube": consent.Granted, "sharer": consent.Granted}
		}
		hint := later.Previous.State()
		hint.Services["youtube"] = consent.Denied // as the page has it that denies all of share at once
		later.Hint = &hint
		out := decide(t, later)
		later.Previous = out.Sealed
		again := out.Sealed.State()
		later.Hint = &again // as a retry brings it whose answer arrived after all
		if retried := decide(t, later); !reflect.DeepEqual(retried.Next, out.Next) {
			t.Errorf("kept %v: %+v when it is sent again, and %+v before", keeps, retried.Next, out.Next)
		}
		if s := standing(out); s.PermitsService(q.Policy, "youtube", q.Now) != keeps || s.PermitsService(q.Policy, "sharer", q.Now) {
			t.Errorf("kept %v: %+v", keeps, s)
		}
	}
}

// Who accepts everything has not switched off the embed that they let open before, by
// its own button; a new question about its category voids that, as it voids all grants.
func TestAcceptingEverythingUnderASignalTakesNoEmbedBack(t *testing.T) {
	q := returning(t, onlyYouTube(signalling(t, false), "allow-service", consent.Keep))
	for _, control := range []string{"accept-all", "api"} {
		q.Decision.Control = control
		q.Decision.Services = nil
		q.Decision.Categories = map[string]consent.Status{"analytics": consent.Granted, "share": consent.Granted, "marketing": consent.Granted}
		out := decide(t, q)
		s := out.Sealed.State()
		if !s.PermitsService(q.Policy, "youtube", q.Now) || s.PermitsService(q.Policy, "sharer", q.Now) || s.Permits(q.Policy, "share", q.Now) || out.Record.Event != consent.Partial {
			t.Errorf("%s: %s leaves %+v", control, out.Record.Event, s)
		}
	}
	stale := *q.Previous
	stale.Categories = maps.Clone(stale.Categories)
	stale.Categories["share"] = [2]string{string(consent.Denied), "outdated"}
	hint := stale.State()
	q.Previous, q.Hint = &stale, &hint
	if out := decide(t, q); out.Next.PermitsService(q.Policy, "youtube", q.Now) {
		t.Errorf("what was allowed of another question: %+v", out.Next)
	}
}

// What a signal suspends is permitted no more, so that a click that permits it again
// needs its proof, whatever the cookies from before the signal say; nor does a mark in
// the hint alone, which any script can write, bring anything back.
func TestAGrantUnderASignalThatTheCookiesDoNotKnowNeedsTheProof(t *testing.T) {
	first := shopRequest(t)
	first.Decision.Services = nil
	q := returning(t, first)
	q.Ruling, q.Signals = q.Policy.Ruling("", true, false), consent.Signals{GPC: true, Source: "header"}
	if !decide(t, q).Grants {
		t.Error("the same answer again needs no proof under a signal that had suspended it")
	}
	q = onlyYouTube(q, "allow-service", consent.Keep)
	q.Hint.Services[q.Policy.SignalMark()] = consent.Denied
	if out := decide(t, q); out.Next.Permits(q.Policy, "analytics", q.Now) {
		t.Errorf("a mark that the hint alone has brings back what was suspended: %+v", out.Next)
	}
}

// A notice that did not say so lets no answer go before a signal, whatever the owner has
// set since; and of two notices that differ in it alone the older one is superseded.
func TestAnAnswerGoesBeforeASignalOnlyWhereItsNoticeSaidSo(t *testing.T) {
	said, unsaid := signalling(t, true), signalling(t, false)
	q := said
	q.Asked = unsaid.Asked
	out := decide(t, q)
	if out.Next.Permits(q.Policy, "marketing", q.Now) || status(t, out.Record, "marketing", "").Status != consent.Denied {
		t.Errorf("recorded %+v under a notice that said that the signal is followed", out.Record.Decisions)
	}
	hint := out.Sealed.State()
	if s := q.Ruling.Standing(q.Policy, out.Sealed, &hint, q.Now); !s.Permits(q.Policy, "analytics", q.Now) {
		t.Errorf("what sells nothing is not permitted: %+v", s)
	}
	if said.Policy.NoticeDigest() == unsaid.Policy.NoticeDigest() {
		t.Error("what is said of a click under a signal is no part of the notice")
	}
	for _, c := range said.Policy.Categories {
		if said.Policy.CategoryDigest(c.ID) != unsaid.Policy.CategoryDigest(c.ID) {
			t.Errorf("%s is asked about anew", c.ID)
		}
	}
}

// A signal takes back what was answered and answers nothing: what the notice asks anew,
// or has never asked, stays open.
func TestASignalAnswersNoQuestion(t *testing.T) {
	first := shopRequest(t)
	first.Decision.Services = nil
	q := returning(t, first)
	stale := *q.Previous
	stale.Categories = map[string][2]string{"analytics": stale.Categories["analytics"], "share": {string(consent.Granted), "outdated"}}
	hint := stale.State()
	q.Previous, q.Hint = &stale, &hint
	q.Ruling, q.Signals = q.Policy.Ruling("", true, false), consent.Signals{GPC: true, Source: "header"}
	q.Decision.Surface, q.Decision.Control, q.Decision.Layer = "signal", "signal", 1
	for _, lists := range []map[string]consent.Status{
		{"analytics": consent.Denied}, {"analytics": consent.Denied, "share": consent.Denied, "marketing": consent.Denied},
	} {
		q.Decision.Categories = lists
		out := decide(t, q)
		s := out.Sealed.State()
		if asks := s.Asks(q.Policy, q.Now); !slices.Equal(asks, []string{"share", "marketing"}) || s.Permits(q.Policy, "analytics", q.Now) {
			t.Errorf("%v: asked about %v, with %+v", lists, asks, s)
		}
		if got := status(t, out.Record, "share", ""); out.Record.Event != consent.Signal || got.Status != consent.Denied || got.Scope != consent.Once {
			t.Errorf("%v: %s is recorded with %+v", lists, out.Record.Event, got)
		}
	}
}

// A signal that denies what has changed since leaves no service of it permitted that was
// granted by itself beside its category, despite the signal.
func TestASignalDeniesServicesOfWhatHasChangedSince(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	p := policyOf(consent.Case{Regime: consent.OptOut})
	sealed := cookieOf(p, consent.Case{Answer: consent.WasGranted, Despite: true}, now)
	sealed.Services["counter"] = consent.Granted
	hint := sealed.State()
	if s := p.Ruling("FR", true, false).Standing(p, sealed, &hint, now); s.PermitsService(p, "counter", now) {
		t.Errorf("permitted by %+v", s)
	}
}

// What was permitted with a signal in view while the owner let that go before it is
// worth nothing, and to be taken back on record, once the owner lets it no more; nor
// the other way round, since nobody has read the other sentence.
func TestAnAnswerGoesBeforeASignalOnlyUnderTheSettingItWasGivenUnder(t *testing.T) {
	for _, override := range []bool{false, true} {
		given := signalling(t, override)
		sealed := decide(t, given).Sealed
		hint := sealed.State()
		for _, now := range []bool{override, !override} {
			q := signalling(t, now)
			later := q.Now.Add(time.Hour)
			s := q.Ruling.Standing(q.Policy, sealed, &hint, later)
			if got := s.Permits(q.Policy, "analytics", later); got != (now == override) {
				t.Errorf("given under override %v, read under %v: measurement is permitted: %v", override, now, got)
			}
			if got := s.Permits(q.Policy, "marketing", later); got != (now && override) {
				t.Errorf("given under override %v, read under %v: advertising is permitted: %v", override, now, got)
			}
			for id := range s.Services {
				if consent.IsSignalMark(id) {
					t.Errorf("the mark %s is taken for a service", id)
				}
			}
			if len(s.Asks(q.Policy, later)) > 0 {
				t.Errorf("given under override %v, read under %v: asked again", override, now)
			}
		}
	}
}

// Which categories are taken to sell or share, without the owner's word and with it.
func TestWhichCategoriesSellOrShare(t *testing.T) {
	for _, c := range []struct {
		category consent.Category
		want     bool
	}{
		{consent.Category{ID: consent.Necessary}, false},
		{consent.Category{ID: "analytics"}, false},
		{consent.Category{ID: "share"}, true},
		{consent.Category{ID: "marketing"}, true},
		{consent.Category{ID: "own"}, true},
		{consent.Category{ID: "own", Exempt: []string{"FR"}}, false},
		{consent.Category{ID: "analytics", SaleShare: consent.SellsOrShares}, true},
		{consent.Category{ID: "share", SaleShare: consent.KeepsToItself}, false},
	} {
		p := consent.NewPolicy(consent.Policy{Categories: []consent.Category{c.category}})
		if c.category.Sold() != c.want || p.Yields(c.category.ID) != c.want {
			t.Errorf("%+v: sold %v", c.category, c.category.Sold())
		}
		p.Signals.Override = true
		if p.Yields(c.category.ID) {
			t.Errorf("%+v gives way although the owner lets answers go before signals", c.category)
		}
	}
}

// The owner's word asks again; its absence is what it always was.
func TestTheOwnersWordOnSaleAsksAgain(t *testing.T) {
	digest := func(word consent.SaleShare) string {
		p := consent.NewPolicy(consent.Policy{Categories: []consent.Category{{ID: "share", SaleShare: word}}})
		return p.CategoryDigest("share")
	}
	if digest("") == digest(consent.SellsOrShares) || digest("") == digest(consent.KeepsToItself) || digest(consent.SellsOrShares) == digest(consent.KeepsToItself) {
		t.Error("two words have one digest")
	}
}
