package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/sqlitestore"
	"github.com/consentry/consentry/internal/translog"
)

const checkpointAddress = "/privacy/log/checkpoint"

// signed returns the checkpoint that a server shows.
func (p *program) signed() (c translog.Checkpoint, raw string) {
	p.t.Helper()
	got := ask(p.t, p.visitors, "GET", checkpointAddress, "")
	if got.status != http.StatusOK {
		p.t.Fatalf("the checkpoint got %d: %s", got.status, got.body)
	}
	c, err := translog.ReadCheckpoint([]byte(got.body))
	if err != nil {
		p.t.Fatal(err)
	}
	return c, got.body
}

// waitSigned waits until a server shows a checkpoint over at least size entries.
func (p *program) waitSigned(size int64) {
	p.t.Helper()
	untilWithin(p.t, patience+time.Duration(size)*time.Millisecond/5, "the log is signed", func() bool {
		got := ask(p.t, p.visitors, "GET", checkpointAddress, "")
		c, err := translog.ReadCheckpoint([]byte(got.body))
		return got.status == http.StatusOK && err == nil && c.Size >= size
	})
}

// wantVerified runs "consentry verify" and wants the status, and the words.
func wantVerified(t *testing.T, dir string, want int, words ...string) {
	t.Helper()
	status, stdout, stderr := command(t, "verify", "--config", dir)
	if status != want {
		t.Errorf("verify: status %d\n%s%s", status, stdout, stderr)
	}
	for _, w := range words {
		if !strings.Contains(stdout, w) {
			t.Errorf("verify does not say %q:\n%s%s", w, stdout, stderr)
		}
	}
}

// outside is where a test's checkpoints are kept beside the installation.
func outside(dir string) string { return filepath.Join(filepath.Dir(dir), "elsewhere.txt") }

func anchoredShop(t *testing.T) string {
	t.Helper()
	return newShop(t, "https://shop.example", anyPorts+"anchors: [{file: ../elsewhere.txt}]\n")
}

// From the first start on the log is signed, what came last included, and every
// part of the installation agrees with every other.
func TestTheLogIsSignedFromTheFirstStartOn(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	p.waitSigned(1)
	for range 5 {
		p.wantRecorded()
	}
	wantVerified(t, dir, exitOK, "5 records", "no difference") // beside the server
	p.stop()
	wantVerified(t, dir, exitOK, "5 records", "no difference; signed: shop.example/privacy/log,", "agree outside the store")

	p = start(t, dir)
	p.wantReady()
	c, raw := p.signed()
	if own := content(t, filepath.Join(dir, "data", "checkpoints", "shop.checkpoint")); own != raw {
		t.Errorf("the server's own copy is\n%s\nthe log shows\n%s", own, raw)
	}
	status, stdout, stderr := command(t, "log", "show", "--config", dir)
	if status != exitOK || !strings.Contains(stdout, raw) || !strings.Contains(stdout, "Key "+c.Origin+"+") {
		t.Errorf("log show: status %d\n%s%s", status, stdout, stderr)
	}
	p.stop()
	if notes := translog.ReadNotes([]byte(content(t, outside(dir)))); len(notes) < 1 || string(notes[len(notes)-1]) != raw {
		t.Errorf("outside are %d checkpoints", len(notes))
	}
}

// copyFile puts a file's bytes elsewhere.
// An old backup of the store is served, and never signed: everything goes on but
// the checkpoints, and the server says what to do. With the right store it goes on.
func TestARestoredOldBackupIsServedAndNotSigned(t *testing.T) {
	dir := anchoredShop(t)
	store := filepath.Join(dir, "data", "consentry.db")
	p := start(t, dir)
	p.waitSigned(1)
	p.wantRecorded()
	p.stop()
	copyFile(t, store, store+".old")
	p = start(t, dir)
	p.wantRecorded()
	p.wantRecorded()
	p.stop()
	copyFile(t, store, store+".new")
	copyFile(t, store+".old", store)

	p = start(t, dir)
	until(t, "/readyz says that nothing is signed", func() bool { return strings.Contains(p.ready(), "the log is not signed") })
	if ready := p.ready(); !strings.Contains(ready, "older backup was restored") || !strings.Contains(ready, "consentry log restart shop") {
		t.Errorf("/readyz says %s", ready)
	}
	if metrics := ask(t, p.operators, "GET", "/metrics", "").body; !strings.Contains(metrics, `consentry_log_problem{site="shop"} 1`) {
		t.Error("the metrics do not tell")
	}
	before, _ := p.signed()
	for range 4 {
		p.wantRecorded()
	}
	p.stop()
	if !strings.Contains(p.log(), "the log is not signed") {
		t.Errorf("the log says\n%s", p.log())
	}
	wantVerified(t, dir, exitProblem, "DIFFERENCE in checkpoint")

	copyFile(t, store+".new", store)
	p = start(t, dir)
	p.wantReady()
	if after, _ := p.signed(); after.Size <= before.Size {
		t.Errorf("signed %v after %v", after, before)
	}
	p.stop()
	wantVerified(t, dir, exitOK, "no difference")
}

// The store and the data folder are lost, the keys are not: nothing is signed, since
// that would be a second history under one name, until the owner lets the log go on
// under another one.
func TestASecondHistoryIsNotSigned(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.waitSigned(1)
	first, _ := p.signed()
	p.stop()
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir)
	until(t, "/readyz says that nothing is signed", func() bool { return strings.Contains(p.ready(), "begun before under these keys") })
	p.wantRecorded()
	if status, _, stderr := command(t, "log", "adopt", "--never-signed", "shop", "--config", dir); status != exitProblem || !strings.Contains(stderr, "begun before") {
		t.Errorf("never signed, on its owner's word: status %d, %s", status, stderr)
	}
	p.stop()
	status, stdout, stderr := command(t, "log", "restart", "shop", "--yes", "--config", dir)
	if status != exitOK || !strings.Contains(stdout, first.Origin+"/2") {
		t.Fatalf("restart: status %d\n%s%s", status, stdout, stderr)
	}
	p = start(t, dir)
	p.waitSigned(1)
	if c, _ := p.signed(); c.Origin != first.Origin+"/2" {
		t.Errorf("signed %v", c)
	}
	p.stop()
	wantVerified(t, dir, exitOK, "1 record", "no difference")
}

// An installation that kept records before there were checkpoints.
func TestALogFromBeforeCheckpointsIsBegunByItsOwner(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := sqlitestore.Open(filepath.Join(dir, "data", "consentry.db"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	old := consent.Artefact{Kind: "note", Body: []byte("from before"), Digest: consent.Digest([]byte("from before"))}
	old.Leaf = consent.ArtefactLeaf(old)
	if err := store.PutArtefact(t.Context(), "shop", old); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir)
	until(t, "/readyz says what to do", func() bool { return strings.Contains(p.ready(), "consentry log adopt --never-signed shop") })
	p.wantRecorded()
	status, stdout, stderr := command(t, "log", "adopt", "--never-signed", "shop", "--config", dir)
	if status != exitOK || !strings.Contains(stdout, "shop.example/privacy/log") {
		t.Fatalf("adopt: status %d\n%s%s", status, stdout, stderr)
	}
	p.stop() // which signs
	wantVerified(t, dir, exitOK, "1 record", "no difference; signed")
	if status, _, stderr := command(t, "log", "adopt", "--never-signed", "shop", "--config", dir); status != exitProblem || !strings.Contains(stderr, "was signed before") {
		t.Errorf("a second time: status %d, %s", status, stderr)
	}
}

// A new key is announced in the log and signs beside the old one.
func TestALogsKeyIsRotatedByCommand(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.waitSigned(1)
	status, first, stderr := command(t, "log", "rotate-key", "shop", "--config", dir) // beside the server
	if status != exitOK {
		t.Fatalf("status %d, %s", status, stderr)
	}
	first, _, _ = strings.Cut(first, "\n")
	until(t, "the new key signs", func() bool {
		_, raw := p.signed()
		return strings.Count(raw, "— ") == 2 && strings.Contains(ask(t, p.visitors, "GET", "/privacy/log/key", "").body, first)
	})
	p.stop()
	status, key, stderr := command(t, "log", "rotate-key", "shop", "--config", dir)
	if status != exitOK {
		t.Fatalf("status %d, %s", status, stderr)
	}
	key, _, _ = strings.Cut(key, "\n")
	p = start(t, dir)
	until(t, "the new key signs", func() bool {
		_, raw := p.signed()
		return strings.Count(raw, "— ") == 2
	})
	if keys := ask(t, p.visitors, "GET", "/privacy/log/key", "").body; !strings.HasPrefix(keys, key+"\n"+first+"\n") || strings.Count(keys, "\n") != 3 {
		t.Errorf("the log's keys are %q, the new one %q", keys, key)
	}
	p.stop()
	wantVerified(t, dir, exitOK, "no difference")
}

// A second server on one Redis signs nothing until it has a copy from elsewhere;
// then either of them goes on when the other dies.
func TestASecondServerNeedsACopyAndGoesOnAlone(t *testing.T) {
	redis := durableRedis(t)
	dir, second := redisShop(t, redis), redisShop(t, redis)
	copyFile(t, filepath.Join(dir, "keys.json"), filepath.Join(second, "keys.json"))
	p := start(t, dir)
	p.wantRecorded()
	p.waitSigned(5)
	q := start(t, second)
	until(t, "the second server says what it needs", func() bool { return strings.Contains(q.ready(), "consentry log adopt FILE") })
	before, raw := p.signed()
	file := filepath.Join(t.TempDir(), "checkpoint")
	replace(t, file, raw)
	if status, stdout, stderr := command(t, "log", "adopt", file, "--config", second); status != exitOK || !strings.Contains(stdout, "site shop: kept in") {
		t.Fatalf("adopt: status %d\n%s%s", status, stdout, stderr)
	}
	p.kill()
	q.wantRecorded()
	q.wantReady()
	q.waitSigned(before.Size + 1)
	q.stop()
	wantVerified(t, second, exitOK, "2 records", "no difference")
	wantVerified(t, dir, exitOK, "no difference") // the first server's copy agrees too
}

// Signed entries are lost for good: the owner says so, and the log goes on under
// a name that tells. A checkpoint that somebody kept shows what was lost.
func TestABrokenLogIsRestartedByCommand(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	store := filepath.Join(dir, "data", "consentry.db")
	p := start(t, dir)
	p.waitSigned(1)
	p.wantRecorded()
	p.stop()
	copyFile(t, store, store+".old")
	p = start(t, dir)
	p.wantRecorded()
	p.stop()
	kept := filepath.Join(t.TempDir(), "kept")
	copyFile(t, filepath.Join(dir, "data", "checkpoints", "shop.checkpoint"), kept)
	if status, _, stderr := command(t, "log", "restart", "shop", "--yes", "--config", dir); status != exitProblem || !strings.Contains(stderr, "can go on as it is") {
		t.Errorf("a healthy log: status %d, %s", status, stderr)
	}
	copyFile(t, store+".old", store)
	if status, _, stderr := command(t, "log", "restart", "shop", "--config", dir); status != exitUsage {
		t.Errorf("without --yes: status %d, %s", status, stderr)
	}
	status, stdout, stderr := command(t, "log", "restart", "shop", "--yes", "--config", dir)
	if status != exitOK || !strings.Contains(stdout, "goes on as shop.example/privacy/log/2") {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	p = start(t, dir)
	until(t, "the new log is signed", func() bool { c, _ := p.signed(); return strings.HasSuffix(c.Origin, "/2") })
	p.wantReady()
	p.stop()
	wantVerified(t, dir, exitOK, "no difference; signed: shop.example/privacy/log/2")
	if status, _, stderr := command(t, "verify", "--config", dir, "--copy", kept); status != exitOK {
		t.Errorf("with a copy of the log before: status %d, %s", status, stderr)
	}
}

// Somebody kept a checkpoint, and whoever runs the server restored an old backup
// together with its copies: only the one that was kept shows it.
func TestACopyThatSomebodyKeptShowsWhatIsMissing(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.waitSigned(1)
	p.stop()
	old := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(old, os.DirFS(filepath.Join(dir, "data"))); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir)
	p.wantRecorded()
	p.stop()
	kept := filepath.Join(t.TempDir(), "kept")
	copyFile(t, filepath.Join(dir, "data", "checkpoints", "shop.checkpoint"), kept)
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(old)); err != nil {
		t.Fatal(err)
	}
	wantVerified(t, dir, exitOK, "no difference")
	status, stdout, stderr := command(t, "verify", "--config", dir, "--copy", kept)
	if status != exitProblem || !strings.Contains(stdout, "DIFFERENCE in checkpoint") || !strings.Contains(stdout, kept) {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	if status, _, stderr := command(t, "verify", "--config", dir, "--copy", siteFile(dir)); status != exitProblem || !strings.Contains(stderr, "holds no checkpoint") {
		t.Errorf("a file without checkpoints: status %d, %s", status, stderr)
	}
}

// An anchor that cannot be reached is shown and holds nothing up.
func TestAnAnchorThatFailsHoldsNothingUp(t *testing.T) {
	witness := httptest.NewServer(http.NotFoundHandler())
	defer witness.Close()
	const key = "witness.example+2f6d70a4+BDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
	dir := newShop(t, "https://shop.example", anyPorts+"anchors:\n  - {witness: "+witness.URL+", key: "+key+"}\n  - {file: no/such/folder/file}\n")
	p := start(t, dir)
	p.waitSigned(1)
	until(t, "/readyz tells", func() bool {
		ready := p.ready()
		return strings.Contains(ready, "does not know the log shop.example/privacy/log") && strings.Contains(ready, "no/such/folder")
	})
	p.wantRecorded()
	if metrics := ask(t, p.operators, "GET", "/metrics", "").body; !strings.Contains(metrics, `consentry_log_anchor_problem{anchor="witness witness.example",site="shop"} 1`) {
		t.Error("the metrics do not tell")
	}
	p.stop()
	wantVerified(t, dir, exitOK, "1 record", "no difference; signed")
}

// A hidden log is signed all the same, and nobody sees it.
func TestAHiddenLogIsSignedAllTheSame(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	replace(t, siteFile(dir), content(t, siteFile(dir))+"\nlog: {public: false}\n")
	p := start(t, dir)
	p.wantRecorded()
	for _, path := range []string{"checkpoint", "key", "tile/0/000.p/1"} {
		if got := ask(t, p.visitors, "GET", "/privacy/log/"+path, ""); got.status != http.StatusNotFound {
			t.Errorf("log/%s got %d", path, got.status)
		}
	}
	p.stop()
	wantVerified(t, dir, exitOK, "1 record", "no difference; signed")
}

func TestAnchorsAreChecked(t *testing.T) {
	const settings = `anchors:
  - {}
  - {file: a, git: b}
  - {file: a, push: origin}
  - {file: a, key: k}
  - {git: a, every: 90d}
  - {witness: "http://witness.example", key: k}
  - {witness: "https://witness.example"}
  - {file: a, every: 1h}
`
	dir := newShop(t, "https://shop.example", settings)
	_, problems := loadServerConfig(dir)
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	got := strings.Join(lines, "\n")
	for _, want := range []string{
		"consentry.yaml:2:5: an anchor is a file, a Git repository or a witness", "consentry.yaml:3:5: an anchor is", "consentry.yaml:4:15: push belongs to a Git repository",
		"consentry.yaml:5:15: key belongs to a witness", "consentry.yaml:6:14: every must be between", "consentry.yaml:7:6: witness must be an https address",
		"a witness's key is written NAME+HASH+BASE64",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the problems lack %q", want)
		}
	}
	if len(lines) != 7 {
		t.Errorf("%d problems:\n%s", len(lines), got)
	}
}
