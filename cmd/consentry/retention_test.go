package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Records go when their class says so: shown first, by command, and by the server
// itself; the log still verifies and tells why. The site has another class by then.
func TestRecordsArePurgedWhenTheirTimeIsOver(t *testing.T) {
	const outside = "anchors: [{file: ../elsewhere.txt}]\n"
	dir := newShop(t, "https://shop.example", anyPorts+outside)
	site := content(t, siteFile(dir))
	forEver := func() {
		replace(t, filepath.Join(dir, configFile), anyPorts+outside)
		replace(t, siteFile(dir), site)
	}
	forASecond := func(more string) {
		time.Sleep(1100 * time.Millisecond)
		replace(t, filepath.Join(dir, configFile), anyPorts+"retention: {standard: 1s, long: 1095d}\n"+outside)
		replace(t, siteFile(dir), site+"\nretention: long\n"+more)
	}
	p := start(t, dir)
	one := p.recorded()
	wantCommand(t, exitProblem, "names no retention", "prune", "--config", dir)
	p.stop()
	forASecond("")
	wantCommand(t, exitOK, "1 due, 0 kept", "prune", "--dry-run", "--config", dir)
	wantCommand(t, exitOK, "1 purged, 0 kept", "prune", "--config", dir)
	wantCommand(t, exitOK, "no records", "prune", "--config", dir)
	forEver()
	p = start(t, dir)
	if got := ask(t, p.visitors, "GET", one.Receipt, ""); got.status != 404 {
		t.Errorf("a purged record's receipt got %d", got.status)
	}
	two := p.recorded()
	p.stop()
	forASecond("legal_hold: They are evidence in a dispute.\n")
	p = start(t, dir)
	wantCommand(t, exitOK, "left alone, under a legal hold", "prune", "--config", dir)
	if got := ask(t, p.visitors, "GET", two.Receipt, ""); got.status != 200 {
		t.Errorf("the receipt of a record under a legal hold got %d", got.status)
	}
	forASecond("")
	wantCommand(t, exitOK, "class standard, kept for 1s: 1 purged", "prune", "--config", dir) // beside the server
	if got := ask(t, p.visitors, "GET", two.Receipt, ""); got.status != 404 {
		t.Errorf("a purged record's receipt got %d", got.status)
	}
	p.stop()
	forEver()
	p = start(t, dir)
	three := p.recorded()
	p.stop()
	forASecond("")
	p = start(t, dir)
	until(t, "the server purges by itself", func() bool {
		return ask(t, p.visitors, "GET", three.Receipt, "").status == 404
	})
	p.stop()
	wantVerified(t, dir, exitOK, "3 erased", "3 of the erased entries were purged", "no difference")
}

// A site's records are never to go while the choices that they prove hold: neither
// the server nor a purge takes such a configuration, and no change of a site's file
// brings one about.
func TestAProofThatWouldGoBeforeItsChoiceIsRefused(t *testing.T) {
	const why = "gone before the choice"
	dir := newShop(t, "https://shop.example", anyPorts)
	site := content(t, siteFile(dir))
	p := start(t, dir)
	p.recorded()
	p.stop()
	replace(t, filepath.Join(dir, configFile), anyPorts+"retention: {standard: 30d, long: 1095d}\n")
	for _, line := range [][]string{{"check"}, {"serve"}, {"prune"}, {"prune", "--dry-run"}} {
		status, stdout, stderr := command(t, append(line, "--config", dir)...)
		if status != exitProblem || !strings.Contains(stdout+stderr, why) || !strings.Contains(stdout+stderr, "lengthen it under retention") {
			t.Errorf("%v: status %d\n%s%s", line, status, stdout, stderr)
		}
	}
	replace(t, siteFile(dir), site+"\nretention: long\n")
	p = start(t, dir)
	replace(t, siteFile(dir), site)
	until(t, "/readyz says what is wrong with the site's file", func() bool { return strings.Contains(p.ready(), why) })
	wantCommand(t, exitProblem, why, "prune", "--config", dir)
	p.recorded() // under the file as it was
	p.stop()
	replace(t, siteFile(dir), site+"\nretention: long\n")
	wantCommand(t, exitOK, "class long, kept for 1095d: 0 purged, 1 kept", "prune", "--config", dir)
}
