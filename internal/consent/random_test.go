package consent_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// randomRequest draws a site, its notice and a valid decision on it, of a
// visitor who comes for the first time or with cookies.
func randomRequest(t *testing.T, r *rand.Rand) consent.Request {
	p := randomPolicy(r)
	f := consent.NewFrame(p, "rendering", "gate", []string{"en", "pt-BR", "zh-Hant"}, []string{"https://a.example", "http://localhost:8080"},
		consent.ServerVersion{Version: "dev", Key: "abcdefgh"})
	ruling := pick(r, p.Rulings()...)
	f = f.Under(ruling, "gate of "+ruling.ID())
	q := consent.Request{
		Asked: f, Policy: p, Ruling: ruling, Keys: shopKeys(t), Origin: pick(r, f.Origins...), JS: coin(r),
		UA:      consent.UAClass{Family: pick(r, "other", "safari", "bot"), Form: pick(r, "other", "desktop", "tablet")},
		Signals: consent.Signals{GPC: coin(r), DNT: coin(r), Source: pick(r, "none", "header", "script", "both")},
		Regime:  consent.RegimeRef{ID: pick(r, consent.OptIn, consent.OptOut, consent.NoticeOnly), Country: pick(r, "", "DE"), Source: pick(r, "", "config", "header")},
		Now:     time.UnixMilli(1_700_000_000_000 + r.Int64N(1e11)),
	}
	q.Decision = randomDecision(r, f)
	if coin(r) {
		first := q
		first.Decision = randomDecision(r, f)
		first.Decision.ID = consent.ID{1}
		first.Now = q.Now.Add(-time.Duration(r.Int64N(int64(2 * p.Memory))))
		q.Previous = decide(t, first).Sealed
	}
	if q.Previous != nil && coin(r) {
		hint := q.Previous.State()
		if coin(r) {
			hint.Categories[p.Categories[len(p.Categories)-1].ID] = consent.Choice{Status: consent.Denied, Digest: pick(r, "outdated", p.CategoryDigest(p.Categories[len(p.Categories)-1].ID))}
		}
		q.Hint = &hint
	}
	return q
}

func randomPolicy(r *rand.Rand) *consent.Policy {
	p := consent.Policy{Site: "shop", Retention: "standard",
		Memory:     time.Duration(1+r.IntN(390*24)) * time.Hour,
		Controller: consent.Controller{ID: "acme", Name: pick(r, everyKind...), Address: pick(r, everyKind...), Contact: "c"}}
	p.Regimes.Rules = map[string]consent.Rule{"US": {Regime: pick(r, consent.OptIn, consent.OptOut, consent.NoticeOnly), CoolDown: time.Duration(r.IntN(400*24)) * time.Hour}}
	p.Signals = consent.SignalRules{DNT: consent.DNTHonor, Override: coin(r)}
	service := 0
	for c := range r.IntN(6) {
		category := consent.Category{ID: fmt.Sprintf("c%d", c), Exempt: pick(r, nil, []string{"FR"}), SaleShare: pick(r, "", consent.SellsOrShares, consent.KeepsToItself)}
		for range r.IntN(4) {
			category.Services = append(category.Services, consent.Service{ID: fmt.Sprintf("s%d", service)})
			service++
		}
		p.Categories = append(p.Categories, category)
	}
	return consent.NewPolicy(p)
}

func randomDecision(r *rand.Rand, f *consent.Frame) consent.Decision {
	d := consent.Decision{
		ID: consent.ID{2, byte(r.IntN(256)), byte(r.IntN(256))}, Rendering: f.Rendering, Locale: pick(r, f.Locales...), Layout: pick(r, "bar", "card", "dialog", "page"),
		Surface: pick(r, "banner", "preferences", "placeholder", "page", "api"), Control: "save", Layer: 1 + r.IntN(2), Scope: consent.Keep,
		Categories: map[string]consent.Status{}, Services: map[string]consent.Status{}, WebDriver: r.IntN(9) == 0, AfterMS: new(r.IntN(9000)),
	}
	var services []string
	for _, c := range f.Optional() {
		d.Categories[c.ID] = pick(r, consent.Granted, consent.Denied)
		for _, s := range c.Services {
			services = append(services, s)
			if r.IntN(3) == 0 {
				d.Services[s] = pick(r, consent.Granted, consent.Denied)
			}
		}
	}
	if len(services) > 0 && r.IntN(3) == 0 {
		d.Control, d.Categories, d.Services = "allow-service", nil, map[string]consent.Status{pick(r, services...): consent.Granted}
		if coin(r) {
			d.Control, d.Scope = "load-once", consent.Once
		}
	}
	return d
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
func coin(r *rand.Rand) bool                { return r.IntN(2) == 0 }

// permits lists what a state permits of everything optional, by the public rules.
func permits(p *consent.Policy, s consent.State, now time.Time) map[string]bool {
	set := map[string]bool{}
	for _, c := range p.Optional() {
		set["category "+c.ID] = s.Permits(p, c.ID, now)
		for _, service := range c.Services {
			set["service "+service.ID] = s.PermitsService(p, service.ID, now)
		}
	}
	return set
}

func TestADecisionNeedsTheProofExactlyWhenItPermitsWhatTheCookiesDidNot(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	granting := 0
	for range 5000 {
		q := randomRequest(t, r)
		out := decide(t, q)
		var before map[string]bool
		if q.Previous != nil && q.Hint != nil {
			before = permits(q.Policy, consent.And(q.Previous.State(), *q.Hint), q.Now)
		}
		if slices.Contains(q.Ruling.Presumed, consent.Granted) {
			before = permits(q.Policy, q.Ruling.Standing(q.Policy, q.Previous, q.Hint, q.Now), q.Now)
		}
		want := false
		for id, now := range permits(q.Policy, out.Next, q.Now) {
			want = want || now && !before[id]
		}
		if out.Grants != want {
			t.Fatalf("grants %v, want %v: %+v", out.Grants, want, q.Decision)
		}
		if want {
			granting++
		}
	}
	if granting < 500 || granting > 4500 {
		t.Errorf("%d of 5000 requests grant something: the test is lopsided", granting)
	}
}

func TestTheCookieNeverPermitsWhatItsRecordDoesNotSay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		q := randomRequest(t, r)
		out := decide(t, q)
		if (out.Sealed == nil) != (q.Decision.Scope == consent.Once) {
			t.Fatalf("scope %s seals %+v", q.Decision.Scope, out.Sealed)
		}
		if out.Sealed == nil {
			continue
		}
		said := map[string]bool{}
		for _, d := range out.Record.Decisions {
			said[d.Category+" "+d.Service] = d.Status == consent.Granted && d.Scope == consent.Keep
		}
		for _, c := range q.Policy.Optional() {
			if out.Sealed.State().Permits(q.Policy, c.ID, q.Now) != said[c.ID+" "] {
				t.Fatalf("%s: sealed %+v, recorded %+v", c.ID, out.Sealed, out.Record.Decisions)
			}
			for _, s := range c.Services {
				own, chosen := said[c.ID+" "+s.ID]
				if out.Sealed.State().PermitsService(q.Policy, s.ID, q.Now) != (own || !chosen && said[c.ID+" "]) {
					t.Fatalf("%s: sealed %+v, recorded %+v", s.ID, out.Sealed, out.Record.Decisions)
				}
			}
		}
	}
}
