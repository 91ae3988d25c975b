package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
)

// An erasure that only the store's list tells of, as a kill leaves it or somebody who
// holds the file makes it, is said by verify, and stays told once the server has
// noted it.
func TestAnErasureThatTheLogDoesNotTellOfIsSaid(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.waitSigned(1)
	one, other := p.recorded(), p.recorded()
	p.stop()
	store, err := sqlitestore.Open(filepath.Join(dir, "data", "consentry.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	id, err := consent.ParseID(one.Record)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := store.Record(t.Context(), "shop", id)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Erase(t.Context(), "shop", []consent.Erasure{{Record: id, Time: stored.Time.AddDate(0, 0, -1)}}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	wantVerified(t, dir, exitOK, "1 of the erasures is listed, and the log has no note of it", "no difference")

	p = start(t, dir)
	until(t, "the server notes it", func() bool { return strings.Contains(p.log(), "noted in the log that it did not tell of") })
	wantCommand(t, exitOK, "1 record erased", "erase", other.Record, "--yes", "--config", dir)
	p.stop()
	wantVerified(t, dir, exitOK, "2 erased; ", "1 of the erasures was noted only afterwards", "no difference")
	if _, stdout, _ := command(t, "verify", "--config", dir); strings.Contains(stdout, "has no note of it") {
		t.Errorf("verify says still:\n%s", stdout)
	}
}
