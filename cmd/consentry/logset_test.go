package main

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/storetest"
	"github.com/consentry/consentry/internal/translog"
)

// replaced is a store that another one can take the place of.
type replaced struct{ consent.Store }

func (e *replaced) by(t *testing.T, entries ...int) {
	t.Helper()
	store, err := sqlitestore.Open(filepath.Join(t.TempDir(), "store.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, n := range entries {
		storetest.MustAppend(t, store, storetest.Entry("shop", n))
	}
	e.Store = store
}

// A checkpoint over entries that the store has lost covers none of those that it has
// now, whose places were given before: the outbox keeps them.
func TestALogThatIsRefusedCoversNothing(t *testing.T) {
	config, err := serverConfig(newShop(t, "https://shop.example", anyPorts))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		t.Fatal(err)
	}
	store := &replaced{}
	store.by(t)
	logs, err := newLogSet(environment{now: time.Now}, config, ring, store, nil)
	if err != nil {
		t.Fatal(err)
	}
	site := &consent.Site{ID: "shop", Deployment: consent.Deployment{Mode: consent.ModeRemote}}
	if err := logs.begin(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		storetest.MustAppend(t, store, storetest.Entry("shop", n))
	}
	if err := logs.of(site).Sign(t.Context()); err != nil || logs.signed()["shop"] != 5 {
		t.Fatalf("signed %v: %v", logs.signed(), err)
	}
	store.by(t, 10, 11, 12)
	err = logs.of(site).Sign(t.Context())
	if size, served := logs.signed()["shop"]; !errors.Is(err, translog.ErrRefused) || size != 0 || !served {
		t.Errorf("of a store that lost its entries %d are taken for signed: %v", size, err)
	}
}
