package consent_test

import (
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// One category with one service is all that the rule "sealed AND hint" can
// depend on, so its states are tried exhaustively.
type half struct {
	category consent.Status // "" is absent
	digest   string
	service  consent.Status // "" is absent
	expires  time.Duration  // from now
}

func halves(p *consent.Policy) (all []half) {
	statuses := []consent.Status{"", consent.Granted, consent.Denied, "maybe"}
	for _, category := range statuses {
		for _, digest := range []string{p.CategoryDigest("share"), "outdated", ""} {
			for _, service := range statuses {
				for _, expires := range []time.Duration{-time.Second, 0, time.Hour} {
					all = append(all, half{category, digest, service, expires})
				}
			}
		}
	}
	return all
}

func (h half) state() consent.State {
	s := consent.State{Categories: map[string]consent.Choice{}, Services: map[string]consent.Status{}, Expires: shopTime.Add(h.expires)}
	if h.category != "" {
		s.Categories["share"] = consent.Choice{Status: h.category, Digest: h.digest}
	}
	if h.service != "" {
		s.Services["youtube"] = h.service
	}
	return s
}

// permits is the rule in plain words, for a test to hold the code against.
func (h half) permits(p *consent.Policy) (category, service bool) {
	asked := h.category != "" && h.digest == p.CategoryDigest("share") && h.expires > 0
	category = asked && h.category == consent.Granted
	service = asked && (h.service == consent.Granted || h.service == "" && category)
	return category, service
}

func TestAStatePermitsOnlyWhatItGrantsUnderTodaysDigestAndBeforeItExpires(t *testing.T) {
	p := shopPolicy()
	for _, h := range halves(p) {
		s := h.state()
		category, service := h.permits(p)
		if got := s.Permits(p, "share", shopTime); got != category {
			t.Errorf("%+v permits the category: %v, want %v", h, got, category)
		}
		if got := s.PermitsService(p, "youtube", shopTime); got != service {
			t.Errorf("%+v permits the service: %v, want %v", h, got, service)
		}
		if asks := len(s.Asks(p, shopTime)) == 3; asks != (h.category == "" || h.digest != p.CategoryDigest("share") || h.expires <= 0) {
			t.Errorf("%+v asks about the category: %v", h, asks)
		}
	}
}

func TestSealedAndHintNeverPermitMoreThanEitherOfThem(t *testing.T) {
	p := shopPolicy()
	all := halves(p)
	granted := 0
	for _, sealed := range all {
		sealedCategory, sealedService := sealed.permits(p)
		for _, hint := range all {
			hintCategory, hintService := hint.permits(p)
			both := consent.And(sealed.state(), hint.state())
			category, service := both.Permits(p, "share", shopTime), both.PermitsService(p, "youtube", shopTime)
			if category != (sealedCategory && hintCategory) {
				t.Errorf("the category is %v under sealed %+v and hint %+v", category, sealed, hint)
			}
			if service && !(sealedService && hintService) {
				t.Errorf("the service is permitted under sealed %+v and hint %+v", sealed, hint)
			}
			if service {
				granted++
			}
		}
	}
	if granted == 0 {
		t.Error("no combination permits the service, so nothing was tested")
	}
}

func TestAHintThatSaysTheSameAsTheSealedStateChangesNothing(t *testing.T) {
	p := shopPolicy()
	for _, h := range halves(p) {
		both := consent.And(h.state(), h.state())
		category, service := h.permits(p)
		if both.Permits(p, "share", shopTime) != category || both.PermitsService(p, "youtube", shopTime) != service {
			t.Errorf("%+v AND itself permits something else", h)
		}
	}
}

func TestAndLeavesBothOfItsStatesAsTheyWere(t *testing.T) {
	sealed := half{consent.Granted, "d", consent.Granted, time.Hour}.state()
	hint := half{consent.Denied, "d", consent.Denied, time.Minute}.state()
	consent.And(sealed, hint)
	if sealed.Categories["share"].Status != consent.Granted || sealed.Services["youtube"] != consent.Granted || hint.Expires != shopTime.Add(time.Minute) {
		t.Error("And wrote to its input")
	}
}

func TestNecessaryIsAlwaysPermittedAndTheUnknownNever(t *testing.T) {
	p := shopPolicy()
	zero := consent.State{}
	if !zero.Permits(p, consent.Necessary, shopTime) || !zero.PermitsService(p, "basket", shopTime) {
		t.Error("necessary is denied")
	}
	everything := consent.State{Expires: shopTime.Add(time.Hour), Services: map[string]consent.Status{"unknown": consent.Granted},
		Categories: map[string]consent.Choice{"unknown": {Status: consent.Granted}, "": {Status: consent.Granted}}}
	if everything.Permits(p, "unknown", shopTime) || everything.PermitsService(p, "unknown", shopTime) || everything.PermitsService(p, "", shopTime) {
		t.Error("something unknown is permitted")
	}
}
