package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
	"github.com/consentry/consentry/internal/translog"
)

// spreadShop is a shop of three logs on a Redis that has taken decisions: six
// visitors' or more, the first of whom changed their mind three times, and one that is erased
// again. It is stopped.
func spreadShop(t *testing.T) (dir string, redis *storetest.Redis, first, others []decisionReply) {
	t.Helper()
	redis = durableRedis(t)
	dir = redisShop(t, redis)
	replace(t, siteFile(dir), content(t, siteFile(dir))+"\nshards: 3\n")
	replace(t, filepath.Join(dir, configFile), content(t, filepath.Join(dir, configFile))+"retention: {standard: 1095d}\n")
	p := start(t, dir)
	cookies := ""
	for n := range 4 {
		got := p.decide([]string{"accept-all", "reject-all"}[n%2], "Cookie: "+cookies)
		cookies = got.cookies()
		first = append(first, decoded[decisionReply](t, got.body))
	}
	body := decisionBody(newDecisionID(), p.rendering(), "reject-all")
	for range 3 { // what is sent again is there once
		got := ask(t, p.visitors, "POST", "/privacy/decisions", body, fromPage()...)
		again := decoded[decisionReply](t, got.body)
		if others = append(others, again); again.Record != others[0].Record || again.Proof != "durable" {
			t.Errorf("a decision sent again got %s", got.body)
		}
	}
	others = others[:1]
	for logs := make(map[byte]bool); len(others) < 5 || len(logs) < 3; { // each holds one
		one := p.recorded()
		others = append(others, one)
		id, err := consent.ParseID(one.Record)
		if err != nil {
			t.Fatal(err)
		}
		logs[id[len(id)-1]%3] = true
	}
	gone := p.recorded()
	wantCommand(t, exitOK, "1 record erased", "erase", gone.Record, "--yes", "--config", dir) // by the server
	if got := ask(t, p.visitors, "GET", gone.Receipt, ""); got.status != http.StatusNotFound {
		t.Errorf("an erased record's receipt got %d", got.status)
	}
	receipt := ask(t, p.visitors, "GET", first[3].Receipt, "", "Accept: application/json").body
	at := 0
	for n := range first { // the newest comes first
		next := strings.Index(receipt, `"record_id": "`+first[3-n].Record)
		if next < at {
			t.Errorf("the receipt does not list record %d of 4 in its place: %s", 4-n, receipt)
		}
		at = next
	}
	p.stop()
	return dir, redis, first, others
}

// A site of three logs is served, signed, proven, exported, moved and verified as one
// of one log is, and each log by itself.
func TestASiteOfThreeLogs(t *testing.T) {
	dir, redis, first, others := spreadShop(t)
	settings := filepath.Join(dir, configFile)
	wantCommand(t, exitOK, "site shop~2: ", "migrate", "file:data/consentry.db", "--config", dir)
	onRedis := content(t, settings)
	replace(t, settings, strings.Replace(onRedis, "store: ", "#store: ", 1)) // whose logs are signed without a pause
	p := start(t, dir)
	keys := make([]string, 3)
	for n, log := range []string{"log", "log~1", "log~2"} {
		until(t, log+" is signed", func() bool {
			got := ask(t, p.visitors, "GET", "/privacy/"+log+"/checkpoint", "")
			c, err := translog.ReadCheckpoint([]byte(got.body))
			return got.status == http.StatusOK && err == nil && c.Size > 0 && c.Origin == "shop.example/privacy/"+log
		})
		keys[n] = strings.TrimSpace(ask(t, p.visitors, "GET", "/privacy/"+log+"/key", "").body)
	}
	for _, log := range []string{"log~3", "log~0", "log~01", "log~x"} {
		if got := ask(t, p.visitors, "GET", "/privacy/"+log+"/checkpoint", ""); got.status != http.StatusNotFound {
			t.Errorf("%s got %d", log, got.status)
		}
	}
	proof := filepath.Join(t.TempDir(), "visitor.tlog-proof")
	for _, one := range append(first[2:], others[:3]...) {
		got := ask(t, p.visitors, "GET", one.Receipt+"?format=proof", "")
		replace(t, proof, got.body)
		wantCommand(t, exitOK, one.Record, "verify-receipt", proof, "--key", keys[0], "--key", keys[1], "--key", keys[2])
	}
	p.wantReady()
	p.stop()
	wantVerified(t, dir, exitOK, "shop: ", "shop~1: ", "shop~2: ", "signed: shop.example/privacy/log~2,")
	wantCommand(t, exitOK, "c2sp.org/tlog-proof", "prove", first[0].Record, "--config", dir)
	wantCommand(t, exitOK, "index.html", "reproduce", first[1].Record, "--config", dir, "--out", filepath.Join(t.TempDir(), "notice"))
	wantCommand(t, exitOK, "site shop~1, class standard", "prune", "--dry-run", "--config", dir)
	wantExportedByParts(t, dir, len(first)+len(others))
	bundle := filepath.Join(t.TempDir(), "bundle.zip")
	wantCommand(t, exitOK, "wrote", "bundle", "shop~2", "--config", dir, "-o", bundle)
	wantCommand(t, exitOK, "log~2", "verify-bundle", bundle, "--key", keys[2])
	wantBundleOfEach(t, dir, keys)

	named := content(t, siteFile(dir))
	replace(t, siteFile(dir), strings.Replace(named, "\nshards: 3", "\nshards: 2", 1))
	wantCommand(t, exitProblem, "write shards: 3 or more", "serve", "--config", dir)
	replace(t, siteFile(dir), strings.Replace(named, "\nshards: 3", "\nshards: 4", 1))
	wantCommand(t, exitProblem, "several logs of a site gain nothing: write shards: 1", "serve", "--config", dir)
	replace(t, siteFile(dir), named)

	replace(t, settings, onRedis)
	lose(t, redis, "shop~1")
	wantVerified(t, dir, exitProblem, "shop~1: 0 entries", "this one is missing")
}

// A running server spreads its site when the file says so, and refuses to gather it
// again; what is sent again meanwhile is there once.
func TestASiteIsSpreadWhileItIsServed(t *testing.T) {
	redis := durableRedis(t)
	dir := redisShop(t, redis)
	p := start(t, dir)
	body := decisionBody(newDecisionID(), p.rendering(), "accept-all")
	first := decoded[decisionReply](t, ask(t, p.visitors, "POST", "/privacy/decisions", body, fromPage()...).body)
	file := content(t, siteFile(dir))
	replace(t, siteFile(dir), file+"\nshards: 2\n")
	until(t, "the second log is served", func() bool {
		return ask(t, p.visitors, "GET", "/privacy/log~1/key", "").status == http.StatusOK
	})
	again := ask(t, p.visitors, "POST", "/privacy/decisions", body, fromPage()...)
	if got := decoded[decisionReply](t, again.body); got.Record != first.Record || got.Proof != "durable" {
		t.Errorf("a decision that is sent again after the site grew got %s", again.body)
	}
	p.wantRecorded()
	replace(t, siteFile(dir), file)
	until(t, "/readyz says that the site cannot be gathered again", func() bool {
		return strings.Contains(p.ready(), "write shards: 2 or more")
	})
	p.wantRecorded() // it goes on as it was
	p.stop()
	if records := keptInRedis(t, redis); len(records) != 3 || records[first.Record] != 1 {
		t.Errorf("Redis has %v, want 3 records, each once", records)
	}
	wantVerified(t, dir, exitOK, "shop: ", "shop~1: ")
}

// wantExportedByParts exports a site, cuts the file off in its second log and goes on.
func wantExportedByParts(t *testing.T, dir string, records int) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "records.csv")
	export := []string{"export", "shop", "--config", dir, "-o", out}
	wantCommand(t, exitOK, fmt.Sprintf("%d records written", records), export...)
	whole := content(t, out)
	replace(t, out, whole[:len(whole)-len(lastLine(whole))-3])
	wantCommand(t, exitOK, "2 records written", export...)
	if content(t, out) != whole {
		t.Errorf("an export that goes on is\n%s\nwant\n%s", content(t, out), whole)
	}
}

func lastLine(text string) string {
	text = strings.TrimRight(text, "\r\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// lose removes all that a Redis holds of one log.
func lose(t *testing.T, redis *storetest.Redis, log string) {
	t.Helper()
	script := `local n = 0 for _, k in ipairs(redis.call('KEYS', '*{` + log + `}*')) do n = n + redis.call('DEL', k) end return n`
	if got := redis.Ask(`EVAL "` + script + `" 0`); !strings.HasPrefix(got, ":") || got == ":0" {
		t.Fatalf("removing %s: %s", log, got)
	}
}

// wantBundleOfEach bundles the site, which gives a file for each of its logs.
func wantBundleOfEach(t *testing.T, dir string, keys []string) {
	t.Helper()
	wantCommand(t, exitUsage, "each gets a file of its own", "bundle", "shop", "--config", dir, "-o", "one.zip")
	t.Run("in a folder", func(t *testing.T) {
		t.Chdir(t.TempDir())
		wantCommand(t, exitOK, "wrote shop~2-", "bundle", "shop", "--config", dir)
		for n, name := range []string{"shop-", "shop~1-", "shop~2-"} {
			files, err := filepath.Glob(name + "2*.zip")
			if err != nil || len(files) != 1 {
				t.Fatalf("%s: %v, %v", name, files, err)
			}
			wantCommand(t, exitOK, "No difference", "verify-bundle", files[0], "--key", keys[n])
		}
	})
}
