package api

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// What a visitor is told about our own cookies is what the browser then holds.
func TestOurOwnCookiesAreListedByTheirNames(t *testing.T) {
	s := siteOfMode(t, consent.GateMarked)
	own := s.OwnService("Remembers.")
	if len(own.Cookies) != 2 || own.Cookies[0].Name != s.jar.SealedName(true) || own.Cookies[1].Name != s.jar.HintName(true) || own.Cookies[0].Duration != "180 days" {
		t.Errorf("%+v", own.Cookies)
	}
	if listed := s.Listed(s.Policy.Categories[0], "Remembers."); listed[0].ID != own.ID {
		t.Errorf("necessary lists %+v", listed)
	}
	if listed := s.Listed(s.Policy.Optional()[0], ""); listed[0].ID == own.ID {
		t.Error("our own cookies stand under an optional category")
	}
}
