package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/storetest"
)

// wantRefusal wants "consentry serve" to end with status 1 and to say why.
func wantRefusal(t *testing.T, dir string, reasons ...string) {
	t.Helper()
	status, _, stderr := command(t, "serve", "--config", dir)
	if status != exitProblem {
		t.Errorf("serve ended with status %d", status)
	}
	for _, reason := range reasons {
		if !strings.Contains(stderr, reason) {
			t.Errorf("serve does not say %q but\n%s", reason, stderr)
		}
	}
	if strings.Contains(stderr, "msg=serving") {
		t.Errorf("it served before it refused:\n%s", stderr)
	}
}

// usedShop is an installation whose store holds one record.
func usedShop(t *testing.T) (dir string) {
	t.Helper()
	dir = newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	if got := p.decide("accept-all"); got.status != 201 {
		t.Fatalf("a decision got %d: %s", got.status, got.body)
	}
	p.stop()
	return dir
}

// wantUntouched wants the one record of usedShop and no other.
func wantUntouched(t *testing.T, dir string) {
	t.Helper()
	if n := len(kept(t, dir)); n != 1 {
		t.Errorf("the store holds %d records, want the one that was there", n)
	}
}

// New keys over an existing store would void every choice and receipt: the
// server never makes any by itself.
func TestServeRefusesToStartWithoutKeys(t *testing.T) {
	dir := usedShop(t)
	path := filepath.Join(dir, "keys.json")
	original := content(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, dir, "there is no key file "+path, "consentry keys new", "restore it from your backup")
	if _, err := os.Stat(path); err == nil {
		t.Error("serve has written a key file")
	}
	replace(t, path, original[:len(original)/2])
	wantRefusal(t, dir, path, "unusable key file")
	wantUntouched(t, dir)
	replace(t, path, original)
	start(t, dir).stop()
}

// With another installation's keys nothing is served, not even a site that the
// store does not know yet: its records would be made under the wrong root.
func TestServeRefusesForeignKeys(t *testing.T) {
	dir := usedShop(t)
	path := filepath.Join(dir, "keys.json")
	original := content(t, path)
	replace(t, path, foreignKeys(t))
	wantRefusal(t, dir, api.ErrRoot.Error())

	// Read before the site that has records.
	another := strings.NewReplacer("id: \"shop\"", "id: \"another\"", "https://shop.example", "https://another.example").Replace(content(t, siteFile(dir)))
	replace(t, filepath.Join(dir, "sites", "another.yaml"), another)
	wantRefusal(t, dir, api.ErrRoot.Error())
	wantUntouched(t, dir)
	replace(t, path, original)
	p := start(t, dir)
	p.wantReady()
	p.stop()
}

// One process writes to an embedded store. The second is told who that is.
func TestServeRefusesAStoreInUse(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	wantRefusal(t, dir, "in use by another process", fmt.Sprintf("process %d", p.process.Process.Pid))
	if got := p.decide("accept-all"); got.status != 201 {
		t.Errorf("the first server then answers %d: %s", got.status, got.body)
	}
	p.stop()
	wantUntouched(t, dir)
}

func TestServeRefusesAPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	visitors := newShop(t, "https://shop.example", "listen: "+taken+"\nadmin_listen: 127.0.0.1:0\n")
	wantRefusal(t, visitors, "listen for visitors", taken, "--listen")
	operators := newShop(t, "https://shop.example", "listen: 127.0.0.1:0\nadmin_listen: "+taken+"\n")
	wantRefusal(t, operators, "listen for operators", taken, "--admin-listen")
}

// A Redis that promises less than require asks for is refused, and says what to
// set; what it promises is good enough once require says so.
func TestServeRefusesARedisThatPromisesTooLittle(t *testing.T) {
	everySec := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "everysec")
	dir := newShop(t, "https://shop.example", anyPorts+"store: "+everySec.URL()+"\nrequire: durable\n")
	wantRefusal(t, dir, `promises "everysec"`, `asks for "durable"`, "appendfsync always")
	replace(t, filepath.Join(dir, configFile), anyPorts+"store: "+everySec.URL()+"\nrequire: everysec\n")
	p := start(t, dir)
	if got := p.decide("accept-all"); got.status != 201 || decoded[decisionReply](t, got.body).Proof != "everysec" {
		t.Errorf("a decision got %d: %s", got.status, got.body)
	}
	p.stop()
}

// A Redis that does not say what it keeps is refused until its owner declares it.
func TestServeWantsAnUnknownPromiseDeclared(t *testing.T) {
	silent := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--rename-command", "CONFIG", "")
	file := anyPorts + "store: " + silent.URL() + "\n"
	dir := newShop(t, "https://shop.example", file)
	wantRefusal(t, dir, "does not say what it keeps", "+config|get", "declare: durable in consentry.yaml")
	replace(t, filepath.Join(dir, configFile), file+"declare: everysec\n")
	wantRefusal(t, dir, `promises "everysec"`)
	replace(t, filepath.Join(dir, configFile), file+"declare: durable\n")
	p := start(t, dir)
	if got := p.decide("accept-all"); got.status != 201 || decoded[decisionReply](t, got.body).Proof != "durable" {
		t.Errorf("a decision got %d: %s", got.status, got.body)
	}
	p.stop()
}

// A Valkey that syncs every second is durable, since it is waited for.
func TestServeWaitsForTheDisk(t *testing.T) {
	everySec := storetest.StartValkey(t, "--appendonly", "yes", "--appendfsync", "everysec")
	p := start(t, newShop(t, "https://shop.example", anyPorts+"store: "+everySec.URL()+"\n"))
	if got := p.decide("accept-all"); got.status != 201 || decoded[decisionReply](t, got.body).Proof != "durable" {
		t.Errorf("a decision got %d: %s", got.status, got.body)
	}
	p.stop()
}

// A mistake in the files is told with its place, and what is wrong with all
// sites leaves nothing to serve.
func TestServeRefusesFilesThatCannotBeUsed(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts+"listenn: x\n")
	wantRefusal(t, dir, "consentry.yaml:3:1: ")
	replace(t, filepath.Join(dir, configFile), anyPorts)
	replace(t, siteFile(dir), "id: shop\n")
	wantRefusal(t, dir, "sites/shop.yaml:", "no site can be served", "consentry check")
}
