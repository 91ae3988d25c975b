package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// snapshot copies what a whole machine holds: data folder and keys.
func snapshot(t *testing.T, dir string) (put func()) {
	t.Helper()
	kept := t.TempDir()
	copyFile(t, filepath.Join(dir, "keys.json"), filepath.Join(kept, "keys.json"))
	if err := os.CopyFS(filepath.Join(kept, "data"), os.DirFS(filepath.Join(dir, "data"))); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		copyFile(t, filepath.Join(kept, "keys.json"), filepath.Join(dir, "keys.json"))
		if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(filepath.Join(kept, "data"))); err != nil {
			t.Fatal(err)
		}
	}
}

// A whole machine is put back to an older state, and other visitors decide than
// did: store and own copy agree, and the anchor keeps the log from being signed a
// second time over as many entries. With the newer state it goes on; without, it is
// restarted.
func TestAMachineThatWasPutBackSignsNoSecondHistory(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.waitSigned(1)
	p.wantRecorded()
	p.stop()
	older := snapshot(t, dir)
	p = start(t, dir)
	p.wantRecorded()
	p.wantRecorded()
	p.stop()
	newer := snapshot(t, dir)
	anchored := content(t, outside(dir))

	older()
	p = start(t, dir)
	until(t, "/readyz says that nothing is signed", func() bool { return strings.Contains(p.ready(), "the log is not signed") })
	if ready := p.ready(); !strings.Contains(ready, "elsewhere.txt is newer than this store") || !strings.Contains(ready, "put back a newer backup") ||
		!strings.Contains(ready, "consentry log restart shop") {
		t.Errorf("/readyz says %s", ready)
	}
	if metrics := ask(t, p.operators, "GET", "/metrics", "").body; !strings.Contains(metrics, `consentry_log_problem{site="shop"} 1`) {
		t.Error("the metrics do not tell")
	}
	for range 5 { // until it has more entries than were signed
		p.wantRecorded()
	}
	p.stop()
	if now := content(t, outside(dir)); now != anchored {
		t.Errorf("to the anchor was appended:\n%s", strings.TrimPrefix(now, anchored))
	}
	fork := snapshot(t, dir)

	newer()
	p = start(t, dir)
	p.wantReady()
	p.wantRecorded()
	p.stop()
	wantVerified(t, dir, exitOK, "no difference; signed: shop.example/privacy/log,")

	fork()
	if status, stdout, stderr := command(t, "log", "restart", "shop", "--yes", "--config", dir); status != exitOK || !strings.Contains(stdout, "goes on as shop.example/privacy/log/2") {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	p = start(t, dir)
	until(t, "the new log is signed", func() bool { c, _ := p.signed(); return strings.HasSuffix(c.Origin, "/2") })
	p.wantReady()
	p.stop()
	wantVerified(t, dir, exitOK, "no difference; signed: shop.example/privacy/log/2")
}
