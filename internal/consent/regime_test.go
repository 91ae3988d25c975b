package consent_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

var (
	bools   = []bool{false, true}
	regimes = []consent.Regime{consent.OptIn, consent.OptOut, consent.NoticeOnly}
	stored  = []consent.Remembered{consent.NoAnswer, consent.IsGranted, consent.IsDenied, consent.WasGranted, consent.WasDenied}
)

// everyCase calls back for every case that there is.
func everyCase(each func(consent.Case)) {
	for _, child := range bools {
		for _, regime := range regimes {
			for _, exempt := range bools {
				for _, coolDown := range bools {
					for _, signal := range bools {
						for _, answer := range stored {
							for _, despite := range bools {
								for _, yields := range bools {
									each(consent.Case{Child: child, Regime: regime, Exempt: exempt, CoolDown: coolDown, Signal: signal, Answer: answer, Despite: despite, Yields: yields})
								}
							}
						}
					}
				}
			}
		}
	}
}

// The decision table as a lawyer reads it. Where a column makes no difference it
// says so; that it makes none is checked.
func TestTheTableOfRegimes(t *testing.T) {
	var b strings.Builder
	b.WriteString("What holds for one category, before and after a visitor's answer. Each line is a\n" +
		"case; \"any\" means that it makes no difference. \"despite\": the answer was given,\n" +
		"or narrowed, with the signal in view. \"yields\": the category sells or\n" +
		"shares, and the owner lets no answer go before a signal. A refusal is remembered at\n" +
		"least as long as the cool-down of the place.\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "for children\tregime\texempt\tcool-down\tsignal\tstored answer\tdespite\tyields\t=>\tholds\tasked\tshown\tsaid")
	seen := make(map[string]bool)
	everyCase(func(c consent.Case) {
		line := row(c)
		if !seen[line] {
			seen[line] = true
			fmt.Fprintln(w, line)
		}
	})
	w.Flush()
	got := strings.ReplaceAll(b.String(), " \n", "\n")
	const name = "testdata/regimes.golden"
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the table differs from %s:\n%s", name, got)
	}
}

func row(c consent.Case) string {
	j := consent.Judge(c)
	if c.Child {
		return "yes\tany\tany\tany\tany\tany\tany\tany\t=>\t" + outcome(j)
	}
	flips := []func(*consent.Case){
		func(c *consent.Case) { c.Exempt = !c.Exempt },
		func(c *consent.Case) { c.CoolDown = !c.CoolDown },
		func(c *consent.Case) { c.Despite = !c.Despite },
		func(c *consent.Case) { c.Yields = !c.Yields },
		func(c *consent.Case) { c.Signal = !c.Signal },
	}
	column := func(on bool, column int) string {
		for others := range 1 << 4 {
			one := c
			for i, flip := range flips[:4] {
				if i != column && others>>i&1 > 0 {
					flip(&one)
				}
			}
			other := one
			if flips[column](&other); consent.Judge(one) != consent.Judge(other) {
				return map[bool]string{true: "yes", false: "no"}[on]
			}
		}
		return "any"
	}
	return strings.Join([]string{"no", string(c.Regime),
		column(c.Exempt, 0), column(c.CoolDown, 1), column(c.Signal, 4), string(c.Answer), column(c.Despite, 2), column(c.Yields, 3),
		"=>", outcome(j)}, "\t")
}

func outcome(j consent.Judgement) string {
	asked, said := "no", "-"
	if j.Ask {
		asked = "yes"
	}
	if j.Honoured {
		said = "signal honoured"
	}
	return strings.Join([]string{string(j.Status), asked, string(j.Show), said}, "\t")
}

// What must be true whatever the table says.
func TestNoCaseTurnsASignalOrARefusalIntoAGrant(t *testing.T) {
	everyCase(func(c consent.Case) {
		j := consent.Judge(c)
		refused := c.Answer == consent.IsDenied || c.Answer == consent.WasDenied
		quiet := c
		quiet.Signal = false
		switch granted := j.Status == consent.Granted; {
		case granted && (c.Child || refused):
			t.Errorf("%+v is granted", c)
		case granted && c.Signal && (c.Answer != consent.IsGranted || !c.Despite || c.Yields):
			t.Errorf("%+v is granted under a signal", c)
		case granted && consent.Judge(quiet).Status != consent.Granted:
			t.Errorf("%+v: the signal is what grants", c)
		case granted && c.Regime == consent.OptIn && !c.Exempt && c.Answer != consent.IsGranted:
			t.Errorf("%+v is granted without an answer", c)
		case j.Ask && (granted || refused && c.CoolDown || c.Regime != consent.OptIn):
			t.Errorf("%+v is asked about", c)
		case j.Ask != (j.Show == consent.ShowBanner):
			t.Errorf("%+v: asked %v, shown %s", c, j.Ask, j.Show)
		}
	})
}

// What cookies, signals and presumptions make of a category together is what the
// table says, in every case.
func TestWhatCookiesAndSignalsMakeOfACategoryIsWhatTheTableSays(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	everyCase(func(c consent.Case) {
		if c.Despite && (c.Answer != consent.IsGranted || !c.Signal) {
			return // of an answer that is worth nothing anyway
		}
		p := policyOf(c)
		sealed := cookieOf(p, c, now)
		var hint *consent.State
		if sealed != nil {
			parsed, err := consent.ParseHint(consent.FormatHint(sealed.State()))
			if err != nil {
				t.Fatal(err)
			}
			hint = &parsed
		}
		s := p.Ruling("FR", c.Signal, false).Standing(p, sealed, hint, now)
		want := consent.Judge(c)
		if got := s.Permits(p, "measure", now); got != (want.Status == consent.Granted) {
			t.Errorf("%+v: permitted %v", c, got)
		}
		if got := len(s.Asks(p, now)) > 0; got != want.Ask {
			t.Errorf("%+v: asked %v", c, got)
		}
	})
}

func policyOf(c consent.Case) *consent.Policy {
	rule := consent.Rule{Regime: c.Regime}
	share := map[bool]consent.SaleShare{true: consent.SellsOrShares, false: consent.KeepsToItself}[c.Yields]
	if c.CoolDown {
		rule.CoolDown = 365 * 24 * time.Hour
	}
	category := consent.Category{ID: "measure", Services: []consent.Service{{ID: "counter"}}, SaleShare: share}
	if c.Exempt {
		category.Exempt = []string{"FR"}
	}
	return consent.NewPolicy(consent.Policy{
		Site: "shop", Memory: 180 * 24 * time.Hour, ChildDirected: c.Child, Categories: []consent.Category{category},
		Regimes: consent.Regimes{Rules: map[string]consent.Rule{"FR": rule}},
	})
}

func cookieOf(p *consent.Policy, c consent.Case, now time.Time) *consent.Sealed {
	status, digest := consent.Granted, p.CategoryDigest("measure")
	switch c.Answer {
	case consent.NoAnswer:
		return nil
	case consent.WasGranted:
		digest = "outdated"
	case consent.WasDenied:
		status, digest = consent.Denied, "outdated"
	case consent.IsDenied:
		status = consent.Denied
	}
	s := &consent.Sealed{Site: "shop", Expires: now.Add(time.Hour).Unix(), Categories: map[string][2]string{"measure": {string(status), digest}}, Services: map[string]consent.Status{}}
	if c.Despite {
		s.Services[p.SignalMark()] = consent.Denied
	}
	return s
}

// The two cookies may disagree, or one of them be gone: nothing is permitted that
// either does not permit, whatever is presumed.
func TestAPresumptionNeverOutweighsACookie(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	c := consent.Case{Regime: consent.OptOut, Answer: consent.IsDenied}
	p := policyOf(c)
	ruling := p.Ruling("FR", false, false)
	denied, granted := cookieOf(p, c, now), cookieOf(p, consent.Case{Answer: consent.IsGranted}, now)
	hintOf := func(s *consent.Sealed) *consent.State { h := s.State(); return &h }
	old := hintOf(granted)
	old.Expires = now
	other := hintOf(granted)
	other.Categories["measure"] = consent.Choice{Status: consent.Granted, Digest: "outdated"}
	for _, of := range []struct {
		what   string
		sealed *consent.Sealed
		hint   *consent.State
		want   bool
	}{
		{"nothing is stored", nil, nil, true},
		{"both permit", granted, hintOf(granted), true},
		{"the sealed cookie refuses", denied, hintOf(granted), false},
		{"the hint refuses", granted, hintOf(denied), false},
		{"the sealed cookie is alone", granted, nil, false},
		{"the hint has run out", granted, old, false},
		{"the hint is of another notice", granted, other, false},
		{"the hint alone refuses", nil, hintOf(denied), false},
		{"the hint alone permits", nil, hintOf(granted), true}, // as without it
	} {
		if got := ruling.Standing(p, of.sealed, of.hint, now).Permits(p, "measure", now); got != of.want {
			t.Errorf("%s: permitted %v", of.what, got)
		}
	}
}

// A refusal outlives a change of the notice where nobody may be asked again; what
// was granted within it, to one service, was granted under the old notice alone.
func TestARefusalThatGoesOnTakesTheGrantsWithinItAlong(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	c := consent.Case{Regime: consent.OptIn, CoolDown: true, Answer: consent.WasDenied}
	p := policyOf(c)
	for digest, want := range map[string]bool{p.CategoryDigest("measure"): true, "outdated": false} {
		sealed := cookieOf(p, c, now)
		sealed.Categories["measure"] = [2]string{string(consent.Denied), digest}
		sealed.Services["counter"] = consent.Granted
		hint := sealed.State()
		s := p.Ruling("FR", false, false).Standing(p, sealed, &hint, now)
		if got := s.PermitsService(p, "counter", now); got != want || len(s.Asks(p, now)) > 0 {
			t.Errorf("notice %s: permitted %v, want %v; asked %v", digest, got, want, s.Asks(p, now))
		}
	}
}

// A place has its own rule, its country's, or that of the unknown.
func TestTheRuleOfAPlace(t *testing.T) {
	r := consent.Regimes{Rules: map[string]consent.Rule{"US": {Regime: consent.OptOut, GPC: true}, "US-UT": {Regime: consent.NoticeOnly}}}
	for _, c := range []struct {
		country, region, place string
		want                   consent.Regime
	}{
		{"", "", "", consent.OptIn}, {"", "CA", "", consent.OptIn}, {"FR", "IDF", "FR", consent.OptIn},
		{"US", "", "US", consent.OptOut}, {"US", "CA", "US-CA", consent.OptOut}, {"US", "UT", "US-UT", consent.NoticeOnly}, {"CA", "QC", "CA", consent.OptIn},
	} {
		if place := consent.Place(c.country, c.region); place != c.place || r.At(place).Regime != c.want {
			t.Errorf("%s %s is %s with %s", c.country, c.region, place, r.At(place).Regime)
		}
	}
}

// Which signals count, and where.
func TestWhichSignalsAreHonoured(t *testing.T) {
	bound, free := consent.Rule{GPC: true}, consent.Rule{}
	for _, c := range []struct {
		rules    consent.SignalRules
		rule     consent.Rule
		gpc, dnt bool
		want     bool
	}{
		{consent.SignalRules{}, free, true, false, true},
		{consent.SignalRules{GPCBinding: true}, free, true, false, false},
		{consent.SignalRules{GPCBinding: true}, bound, true, false, true},
		{consent.SignalRules{DNT: consent.DNTHonor}, free, false, true, true},
		{consent.SignalRules{DNT: consent.DNTIgnore}, bound, false, true, false},
		{consent.SignalRules{DNT: consent.DNTDisclose}, bound, false, true, false},
		{consent.SignalRules{DNT: consent.DNTHonor}, bound, false, false, false},
	} {
		if got := c.rules.Honours(c.rule, c.gpc, c.dnt); got != c.want {
			t.Errorf("%+v is %v", c, got)
		}
	}
}
