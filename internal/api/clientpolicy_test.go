package api

import (
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// The gate refuses and deletes these names in the page's own jar and storage.
func TestOnlyWhatAPageCanReachIsRefusedThere(t *testing.T) {
	service := consent.Service{Cookies: []consent.Cookie{
		{Name: "_v", Kind: "cookie"},
		{Name: "_v", Kind: "cookie"},
		{Name: "lang", Kind: "cookie", ThirdParty: true},
		{Name: "id", Kind: "cookie", HTTPOnly: true},
		{Name: "v.*", Kind: "local"},
		{Name: "player", Kind: "session", ThirdParty: true},
		{Name: "v", Kind: "indexeddb"},
	}}
	if got := storedNames(service); got != "_v indexeddb:v local:v.*" {
		t.Errorf("got %q", got)
	}
}
