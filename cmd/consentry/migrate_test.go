package main

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/storetest"
)

// An installation moves from the embedded store to Redis and back, erased and
// purged records included, killed on the way; receipts and the signed log go on.
func TestAnInstallationMovesBetweenStores(t *testing.T) {
	redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	dir := anchoredShop(t)
	p := start(t, dir)
	p.waitSigned(1)
	kept, gone := p.recorded(), p.recorded()
	wantCommand(t, exitProblem, "stop it first", "migrate", redis.URL(), "--config", dir)
	wantCommand(t, exitOK, "1 record erased", "erase", gone.Record, "--yes", "--config", dir)
	p.stop()
	settings := content(t, filepath.Join(dir, configFile))

	killed := exec.Command("consentry", "migrate", redis.URL(), "--config", dir)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Process.Kill() // wherever it is
	_ = killed.Wait()
	wantCommand(t, exitOK, "the same in both stores", "migrate", redis.URL(), "--config", dir)
	wantCommand(t, exitOK, "the same in both stores", "migrate", redis.URL(), "--config", dir) // once more changes nothing
	wantCommand(t, exitOK, "the same in both stores", "migrate", redis.URL(), "--compare", "--config", dir)

	replace(t, filepath.Join(dir, configFile), settings+"store: "+redis.URL()+"\n")
	p = start(t, dir)
	if got := ask(t, p.visitors, "GET", kept.Receipt, ""); got.status != 200 {
		t.Errorf("a receipt got %d in the other store", got.status)
	}
	if got := ask(t, p.visitors, "GET", gone.Receipt, ""); got.status != 404 {
		t.Errorf("an erased record's receipt got %d in the other store", got.status)
	}
	p.wantReady()
	p.wantRecorded()
	p.stop()
	wantVerified(t, dir, exitOK, "1 erased", "no difference; signed", "agree outside the store")

	wantCommand(t, exitProblem, "first difference", "migrate", "file:data/consentry.db", "--compare", "--config", dir)
	wantCommand(t, exitOK, "the same in both stores", "migrate", "file:data/consentry.db", "--config", dir) // grown since
	replace(t, filepath.Join(dir, configFile), settings)
	p = start(t, dir)
	p.wantReady()
	p.wantRecorded()
	p.stop()
	wantVerified(t, dir, exitOK, "3 records", "no difference; signed")
}

// A store of another installation is not written into, nor one that promises too
// little, and mistakes are said without repeating a password.
func TestAStoreThatIsNotOursIsNotMigratedInto(t *testing.T) {
	dir, other := anchoredShop(t), anchoredShop(t)
	for _, d := range []string{dir, other} {
		p := start(t, d)
		p.recorded()
		p.stop()
	}
	theirs := "file:" + filepath.Join(other, "data", "consentry.db")
	wantCommand(t, exitProblem, "another installation's", "migrate", theirs, "--config", dir)
	wantVerified(t, other, exitOK, "1 record", "no difference; signed")
	weak := storetest.StartRedis(t)
	wantCommand(t, exitProblem, "require", "migrate", weak.URL(), "--config", dir)
	wantCommand(t, exitUsage, "configured store itself", "migrate", "file:data/consentry.db", "--config", dir)
	wantCommand(t, exitUsage, "written like store", "migrate", "elsewhere", "--config", dir)
	missing := filepath.Join(t.TempDir(), "missing.db")
	wantCommand(t, exitProblem, missing, "migrate", "file:"+missing, "--compare", "--config", dir)
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("a store that was to be compared is made: %v", err)
	}
	away := url.URL{Scheme: "redis", User: url.UserPassword("shop", "hush-hush"), Host: "127.0.0.1:1"}
	if status, out, errs := command(t, "migrate", away.String(), "--config", dir); status != exitProblem || strings.Contains(out+errs, "hush-hush") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// What the outbox keeps where Redis may fail over, and what Redis never got, is no
// obstacle: it is in both stores afterwards, once, and leaves the outbox when the
// server is started on the new one.
func TestAnInstallationMovesWithItsOutbox(t *testing.T) {
	redis := durableRedis(t)
	dir := redisShop(t, redis)
	replace(t, filepath.Join(dir, configFile), content(t, filepath.Join(dir, configFile))+"outbox: {first: always}\n")
	p := start(t, dir)
	kept := p.recorded()
	redis.Stop()
	waits := p.recorded()
	p.kill()
	if left, err := filepath.Glob(filepath.Join(dir, "data", "outbox", "*.outbox")); err != nil || len(left) == 0 {
		t.Fatalf("the outbox holds %v, %v", left, err)
	}
	wantCommand(t, exitProblem, "Redis", "migrate", "file:data/consentry.db", "--config", dir)
	redis.Restart()
	wantCommand(t, exitOK, "the same in both stores", "migrate", "file:data/consentry.db", "--config", dir)
	wantCommand(t, exitOK, "the same in both stores", "migrate", "file:data/consentry.db", "--compare", "--config", dir)
	if records := keptInRedis(t, redis); len(records) != 2 {
		t.Errorf("Redis has %v", records)
	}

	replace(t, filepath.Join(dir, configFile), anyPorts)
	p = start(t, dir)
	for _, receipt := range []string{kept.Receipt, waits.Receipt} {
		if got := ask(t, p.visitors, "GET", receipt, ""); got.status != 200 {
			t.Errorf("a receipt got %d in the other store", got.status)
		}
	}
	until(t, "the outbox is empty", func() bool {
		left, err := filepath.Glob(filepath.Join(dir, "data", "outbox", "*.outbox"))
		return err == nil && len(left) == 0
	})
	p.stop()
	wantVerified(t, dir, exitOK, "2 records", "no difference")
}
