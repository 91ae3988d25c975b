package main

import (
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/storetest"
)

// recorded decides once and returns the answer.
func (p *program) recorded() decisionReply {
	p.t.Helper()
	got := p.decide("accept-all")
	if got.status != 201 {
		p.t.Fatalf("a grant got %d: %s", got.status, got.body)
	}
	return decoded[decisionReply](p.t, got.body)
}

// A backup is made while visitors decide, by the server itself, and restored when
// it is stopped; what was erased in between stays erased, and the log goes on.
func TestABackupIsMadeBesideTheServerAndRestored(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.waitSigned(1)
	gone, kept := p.recorded(), p.recorded()
	folder := t.TempDir()
	wantCommand(t, exitOK, "wrote "+folder, "backup", folder, "--config", dir)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the folder holds %v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != secretMode {
		t.Errorf("the backup: %v, %v", info, err)
	}
	wantCommand(t, exitProblem, "exists", "backup", files[0], "--config", dir)
	wantCommand(t, exitOK, "1 record erased", "erase", gone.Record, "--yes", "--config", dir)
	p.stop()

	wantCommand(t, exitProblem, "Nothing was changed", "restore", files[0], "--config", dir)
	wantCommand(t, exitOK, "restart shop", "restore", files[0], "--older", "--config", dir) // more was signed than the backup has
	p = start(t, dir)
	if got := ask(t, p.visitors, "GET", gone.Receipt, ""); got.status != 404 {
		t.Errorf("the erased record's receipt got %d after the backup was restored", got.status)
	}
	if got := ask(t, p.visitors, "GET", kept.Receipt, ""); got.status != 200 {
		t.Errorf("the kept record's receipt got %d", got.status)
	}
	until(t, "/readyz says that nothing is signed", func() bool { return strings.Contains(p.ready(), "the log is not signed") })
	p.stop()
	if left, err := filepath.Glob(files[0] + "*"); err != nil || len(left) != 1 {
		t.Errorf("beside the backup lie %v", left)
	}
}

// What is no backup, or a broken one, changes nothing.
func TestABrokenBackupIsNotRestored(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.recorded()
	p.stop()
	backup := filepath.Join(t.TempDir(), "shop.db")
	wantCommand(t, exitOK, "wrote", "backup", backup, "--config", dir) // no server runs
	wantCommand(t, exitOK, "the log goes on", "restore", backup, "--config", dir)
	text := filepath.Join(t.TempDir(), "text")
	replace(t, text, strings.Repeat("no store at all\n", 1000))
	cut := filepath.Join(t.TempDir(), "cut")
	replace(t, cut, content(t, backup)[:8192])
	store := filepath.Join(dir, "data", "consentry.db")
	before := content(t, store)
	for _, file := range []string{text, cut, filepath.Join(t.TempDir(), "missing")} {
		wantCommand(t, exitProblem, filepath.Base(file), "restore", file, "--older", "--config", dir)
	}
	if content(t, store) != before {
		t.Error("the store was changed")
	}
	p = start(t, dir)
	p.wantReady()
	p.wantRecorded()
}

// A backup from before the present schema is put back where that is asked for.
func TestABackupOfAnOlderProgramIsRestored(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.recorded()
	p.stop()
	backup := filepath.Join(t.TempDir(), "shop.db")
	wantCommand(t, exitOK, "wrote", "backup", backup, "--config", dir)
	db, err := sql.Open("sqlite", backup)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("ALTER TABLE sites DROP COLUMN unfolded; PRAGMA user_version = 3; PRAGMA journal_mode = delete")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	wantCommand(t, exitProblem, "--older", "restore", backup, "--config", dir)
	wantCommand(t, exitOK, "the log goes on", "restore", backup, "--older", "--config", dir)
	wantVerified(t, dir, exitOK, "1 record", "no difference")
}

// The socket is the server's own user's; one that a killed server left is no
// obstacle, and a second command waits for nobody.
func TestTheSocketIsPrivateAndOutlivesNothing(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	socket := filepath.Join(dir, "data", controlFile)
	p := start(t, dir)
	p.recorded()
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != secretMode {
		t.Fatalf("the socket: %v, %v", info, err)
	}
	p.kill()
	if _, err := os.Stat(socket); err != nil {
		t.Fatal("a killed server took its socket along")
	}
	wantCommand(t, exitOK, "wrote", "backup", filepath.Join(t.TempDir(), "shop.db"), "--config", dir)
	p = start(t, dir)
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, order := range []string{"nonsense\n", `{"version":"0","task":"backup"}` + "\n"} {
		other, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 1000)
		if _, err := other.Write([]byte(order)); err != nil {
			t.Fatal(err)
		}
		if n, err := other.Read(answer); err != nil || !strings.Contains(string(answer[:n]), `"error"`) {
			t.Errorf("%s got %s, %v", order, answer[:n], err)
		}
		_ = other.Close()
	}
	p.stop() // which does not wait for the connection that says nothing
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("a stopped server leaves its socket: %v", err)
	}
}

// A data folder whose path is longer than a socket's name may be.
func TestALongDataFolderHasASocketToo(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts+"data: "+strings.Repeat("long-", 40)+"\n")
	p := start(t, dir)
	p.recorded()
	wantCommand(t, exitOK, "wrote", "backup", filepath.Join(t.TempDir(), "shop.db"), "--config", dir)
}

// A visitor's records go by any of their names; under a legal hold they do not,
// and the log verifies and tells what was erased by its place.
func TestAnOperatorErasesAVisitor(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	first := p.decide("accept-all")
	one := decoded[decisionReply](t, first.body)
	later := decoded[decisionReply](t, p.decide("reject-all", "Cookie: "+first.cookies()).body)
	other := p.recorded()

	hold := content(t, siteFile(dir))
	replace(t, siteFile(dir), hold+"\nlegal_hold: They are evidence in a dispute.\n")
	wantCommand(t, exitProblem, "evidence in a dispute", "erase", one.Receipt, "--yes", "--config", dir)
	replace(t, siteFile(dir), hold+"\nnonsense: 1\n")
	wantCommand(t, exitProblem, "nonsense", "erase", one.Receipt, "--yes", "--config", dir)
	replace(t, siteFile(dir), hold)
	wantCommand(t, exitUsage, "neither a consent id", "erase", "nobody", "--config", dir)
	wantCommand(t, exitProblem, "no record", "erase", newDecisionID(), "--yes", "--config", dir)
	forged := one.Receipt[:len(one.Receipt)-8] + "AAAAAAAA"
	wantCommand(t, exitProblem, "the link is not the one", "erase", forged, "--yes", "--config", dir)
	wantCommand(t, exitOK, "2 records would be erased", "erase", one.Receipt, "--config", dir)
	if got := ask(t, p.visitors, "GET", one.Receipt, ""); got.status != 200 {
		t.Fatalf("the receipt got %d before anything was erased", got.status)
	}
	wantCommand(t, exitOK, "1 record erased", "erase", later.Record, "--only", "--yes", "--config", dir)
	wantCommand(t, exitOK, "1 record erased", "erase", "https://shop.example"+one.Receipt, "--yes", "--config", dir)
	wantCommand(t, exitOK, "erased already", "erase", one.Record, "--yes", "--config", dir)
	for link, want := range map[string]int{one.Receipt: 404, later.Receipt: 404, other.Receipt: 200} {
		if got := ask(t, p.visitors, "GET", link, ""); got.status != want {
			t.Errorf("a receipt got %d, want %d", got.status, want)
		}
	}
	p.stop()
	wantCommand(t, exitOK, "1 record erased", "erase", other.Record, "--yes", "--config", dir) // no server runs
	wantVerified(t, dir, exitOK, "3 erased", "no difference")
	if list := content(t, filepath.Join(dir, "data", erasuresFile)); strings.Count(list, "shop ") != 3 {
		t.Errorf("the list of erasures is\n%s", list)
	}
}

// The same beside servers on a Redis, with a server on this data folder and
// without.
func TestAnOperatorErasesOnRedis(t *testing.T) {
	redis := storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	dir := redisShop(t, redis)
	p := start(t, dir)
	one, two := p.recorded(), p.recorded()
	wantCommand(t, exitOK, "1 record erased", "erase", one.Record, "--yes", "--config", dir)
	wantCommand(t, exitProblem, "Redis", "backup", filepath.Join(t.TempDir(), "b"), "--config", dir)
	// Another machine's installation on the same Redis.
	elsewhere := newShop(t, "https://shop.example", anyPorts+"store: "+redis.URL()+"\n")
	replace(t, filepath.Join(elsewhere, "keys.json"), content(t, filepath.Join(dir, "keys.json")))
	wantCommand(t, exitOK, "1 record erased", "erase", two.Record, "--yes", "--config", elsewhere)
	for _, link := range []string{one.Receipt, two.Receipt} {
		if got := ask(t, p.visitors, "GET", link, ""); got.status != 404 {
			t.Errorf("an erased record's receipt got %d", got.status)
		}
	}
	p.stop()
	wantVerified(t, dir, exitOK, "2 erased", "no difference")
}

// A purge that cannot come to its end is a warning of /readyz and a metric; visitors
// are served all the same.
func TestAPurgeThatFailsIsSaid(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.recorded()
	p.stop()
	replace(t, filepath.Join(dir, configFile), anyPorts+"retention: {other: 400d}\n")
	p = start(t, dir)
	const why = `could not be purged: site shop: entry`
	until(t, "/readyz says that records could not be purged", func() bool {
		return strings.Contains(p.ready(), why)
	})
	if metrics := ask(t, p.operators, "GET", "/metrics", "").body; !strings.Contains(metrics, `consentry_purge_problem{site="shop"} 1`) {
		t.Error("the metrics do not tell that a purge failed")
	}
	p.recorded()
	p.stop()
}

// A backup of a log that was signed otherwise, by another installation under these keys,
// is put back where that is asked for, and nobody is told that the log goes on.
func TestABackupOfAnotherHistoryIsNotSaidToGoOn(t *testing.T) {
	dir := anchoredShop(t)
	other := newShop(t, "https://shop.example", anyPorts)
	replace(t, filepath.Join(other, "keys.json"), content(t, filepath.Join(dir, "keys.json")))
	for d, n := range map[string]int{dir: 1, other: 3} {
		p := start(t, d)
		for range n {
			p.recorded()
		}
		p.stop()
	}
	backup := filepath.Join(t.TempDir(), "shop.db")
	wantCommand(t, exitOK, "wrote", "backup", backup, "--config", other)
	if said := wantCommand(t, exitOK, "log restart shop", "restore", backup, "--older", "--config", dir); strings.Contains(said, "goes on") {
		t.Errorf("restore says %s", said)
	}
	p := start(t, dir)
	until(t, "/readyz says that nothing is signed", func() bool { return strings.Contains(p.ready(), "the log is not signed") })
	p.stop()
}
