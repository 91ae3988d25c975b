package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// A checkpoint that was taken out of the store, and a bit of the server's own copy or
// of one that was given, are differences and no silence.
func TestACheckpointThatWasTakenAwayOrAlteredIsFound(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.waitSigned(1)
	p.wantRecorded()
	p.stop()
	own := filepath.Join(dir, "data", "checkpoints", "shop.checkpoint")
	good := content(t, own)
	wantVerified(t, dir, exitOK, "1 copy agrees outside the store")
	for _, altered := range []string{
		strings.Replace(good, "shop.example", "shop.axample", 1), strings.Replace(good, "\n\n— ", "\n\n— x", 1),
	} {
		replace(t, own, altered)
		wantVerified(t, dir, exitProblem, "DIFFERENCE in checkpoint: "+own)
		kept := filepath.Join(t.TempDir(), "kept")
		copyFile(t, own, kept)
		replace(t, own, good)
		if status, stdout, stderr := command(t, "verify", "--config", dir, "--copy", kept); status != exitProblem || !strings.Contains(stdout+stderr, kept) {
			t.Errorf("given with --copy: status %d\n%s%s", status, stdout, stderr)
		}
	}

	db, err := sql.Open("sqlite", filepath.Join(dir, "data", "consentry.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("DELETE FROM checkpoints"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantVerified(t, dir, exitProblem, "DIFFERENCE in checkpoint", own, "and the store has none")
	p = start(t, dir) // which signs anew what continues its own copy
	p.wantReady()
	p.wantRecorded()
	p.stop()
	wantVerified(t, dir, exitOK, "no difference; signed")
}

// A store that was emptied is no store without a difference, also where the file of its
// site has a mistake: this server keeps a checkpoint of it.
func TestVerifyMissesALogThatNothingElseNames(t *testing.T) {
	redis := durableRedis(t)
	dir := redisShop(t, redis)
	p := start(t, dir)
	p.recorded()
	p.waitSigned(1)
	p.stop()
	wantVerified(t, dir, exitOK, "no difference")
	redis.MustDo("FLUSHALL")
	replace(t, siteFile(dir), content(t, siteFile(dir))+"\nnonsense: 1\n")
	wantVerified(t, dir, exitProblem, "shop", "the store was emptied", filepath.Join("checkpoints", "shop.checkpoint"))
	wantCommand(t, exitProblem, "no site", "verify", "--site", "shop", "--config", dir)
}
