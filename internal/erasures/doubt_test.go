package erasures

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

// shut is a store that erases nothing.
type shut struct{ consent.Store }

func (shut) Erase(context.Context, string, []consent.Erasure) error { return consent.ErrUnavailable }

// What was listed and could not be erased is erased once the store is back, without
// a restart.
func TestWhatCouldNotBeErasedIsErasedLater(t *testing.T) {
	dir := t.TempDir()
	s, l := openStore(t, filepath.Join(dir, "store.db")), opened(t, filepath.Join(dir, "erasures.log"))
	for n := range 3 {
		storetest.MustAppend(t, s, storetest.Entry("shop", n))
	}
	if err := (Store{s, l}).Erase(t.Context(), "shop", erased(0)); err != nil {
		t.Fatal(err)
	}
	wantSync(t, l, s, 0)
	if err := (Store{shut{s}, l}).Erase(t.Context(), "shop", erased(1)); !errors.Is(err, consent.ErrUnavailable) {
		t.Fatalf("erase with the store away: %v", err)
	}
	wantErased(t, s, map[int]bool{0: true, 1: false, 2: false})
	wantSync(t, l, s, 1)
	wantErased(t, s, map[int]bool{0: true, 1: true, 2: false})
	wantSync(t, l, s, 0)
}
