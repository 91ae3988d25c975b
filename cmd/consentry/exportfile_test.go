package main

import (
	"path/filepath"
	"testing"
)

// A file is gone on with by the command that began it alone: of another site, time
// or category it would lack what stands before its last line.
func TestAnExportGoesOnWithItsOwnFileAlone(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	blog := filepath.Join(t.TempDir(), "blog")
	wantCommand(t, exitOK, "", "init", blog, "--site", "blog", "--origin", "https://blog.example")
	replace(t, filepath.Join(dir, "sites", "blog.yaml"), content(t, filepath.Join(blog, "sites", "blog.yaml")))
	p := start(t, dir)
	for range 3 {
		p.wantRecorded()
	}
	p.stop()
	out := filepath.Join(t.TempDir(), "records.csv")
	wantCommand(t, exitOK, "3 records written", "export", "shop", "--config", dir, "-o", out)
	whole := content(t, out)
	for _, other := range [][]string{
		{"shop", "--category", "share"}, {"shop", "--from", "2020-01-01"}, {"shop", "--to", "2999-01-01"}, {"blog"},
	} {
		wantCommand(t, exitProblem, "was begun with: consentry export shop --format csv", append([]string{"export", "--config", dir, "-o", out}, other...)...)
	}
	wantCommand(t, exitOK, "going on after entry", "export", "shop", "--config", dir, "-o", out)
	if content(t, out) != whole {
		t.Error("the file was changed")
	}

	timed := filepath.Join(t.TempDir(), "timed.csv")
	wantCommand(t, exitOK, "3 records written", "export", "shop", "--from", "2020-01-01", "--config", dir, "-o", timed)
	wantCommand(t, exitOK, "going on after entry", "export", "shop", "--from", "2020-01-01T01:00:00+01:00", "--config", dir, "-o", timed)
	wantCommand(t, exitProblem, "was begun with: consentry export shop --format csv --from 2020-01-01T00:00:00Z", "export", "shop", "--config", dir, "-o", timed)
}

// Nobody can say of what a file is that lies there without the one beside it.
func TestAnExportOfUnknownFiltersIsLeftAlone(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.wantRecorded()
	p.stop()
	out := filepath.Join(t.TempDir(), "records.csv")
	wantCommand(t, exitOK, "", "export", "shop", "--config", dir, "-o", out)
	moved := filepath.Join(t.TempDir(), "moved.csv")
	replace(t, moved, content(t, out))
	wantCommand(t, exitProblem, "name another file", "export", "shop", "--config", dir, "-o", moved)
	if content(t, moved) != content(t, out) {
		t.Error("the file was changed")
	}
}
