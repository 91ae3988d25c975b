package main

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
)

// What an operator hands to an auditor about one visitor: the proof, which holds
// with the public key alone, and the notice as it was shown.
func TestOneRecordIsProvenAndItsNoticeShownAgain(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	answer := p.decide("accept-all")
	got := decoded[decisionReply](t, answer.body)
	p.wantRecorded()
	key := ask(t, p.visitors, "GET", "/privacy/log/key", "").body
	p.stop()

	proof := filepath.Join(t.TempDir(), "visitor.tlog-proof")
	wantCommand(t, exitOK, "", "prove", got.Receipt, "--config", dir, "-o", proof)
	offline := t.TempDir() // no installation here
	wantCommand(t, exitOK, "given", "verify-receipt", proof, "--key", strings.TrimSpace(strings.Split(key, "\n")[0]), "--config", offline)
	changed := filepath.Join(offline, "changed")
	replace(t, changed, strings.Replace(content(t, proof), "index ", "index 1", 1))
	wantCommand(t, exitProblem, "", "verify-receipt", changed, "--key", strings.TrimSpace(strings.Split(key, "\n")[0]))

	shown := filepath.Join(t.TempDir(), "notice")
	wantCommand(t, exitOK, "index.html", "reproduce", got.Record, "--config", dir, "--out", shown)
	page := content(t, filepath.Join(shown, "index.html"))
	for _, words := range []string{"Accept all", "Reject all", `<dialog open`, `shadowrootmode="open"`, ":host", got.Record} {
		if !strings.Contains(page, words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	if strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "<script") {
		t.Error("the page is not what was shown")
	}
	var record consent.Record
	if err := json.Unmarshal([]byte(content(t, filepath.Join(shown, "record.json"))), &record); err != nil {
		t.Fatal(err)
	}
	if consent.Digest([]byte(content(t, filepath.Join(shown, "gate.js")))) != record.Notice.Gate {
		t.Error("the gate is not the one that the record names")
	}

	cookie := ""
	for _, pair := range strings.Split(answer.cookies(), "; ") {
		if strings.HasPrefix(pair, "__Host-consentry=") {
			cookie = pair
		}
	}
	wantCommand(t, exitOK, got.Record, "verify-cookie", "shop", cookie, "--config", dir)
	wantCommand(t, exitProblem, "", "verify-cookie", "shop", cookie[:len(cookie)-4]+"AAAA", "--config", dir)
}

// wantCommand runs a command and wants its status and, somewhere, the words.
func wantCommand(t *testing.T, want int, words string, args ...string) string {
	t.Helper()
	status, stdout, stderr := command(t, args...)
	if status != want || !strings.Contains(stdout+stderr, words) {
		t.Errorf("%s: status %d, want %d and %q\n%s%s", strings.Join(args, " "), status, want, words, stdout, stderr)
	}
	return stdout
}

// A file that is no export is left as it is, and one line says so.
func TestAnExportLeavesAForeignFileAlone(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	start(t, dir).stop()
	out := filepath.Join(t.TempDir(), "letter.txt")
	replace(t, out, "Dear Sir,\nnothing else\n")
	status, _, stderr := command(t, "export", "shop", "--config", dir, "--out", out)
	if status != exitProblem || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "name another file") {
		t.Errorf("status %d: %s", status, stderr)
	}
	if got := content(t, out); got != "Dear Sir,\nnothing else\n" {
		t.Errorf("the file is now %q", got)
	}
	replace(t, out, `{"settings":"of another program, on one line"}`)
	wantCommand(t, exitProblem, "name another file", "export", "shop", "--format", "ndjson", "--config", dir, "--out", out)
	if got := content(t, out); got != `{"settings":"of another program, on one line"}` {
		t.Errorf("the file is now %q", got)
	}
}

// An export holds every record once, in the order of the log, goes on where it
// was cut off, and each line derives its leaf.
func TestAnExportGoesOnWhereItStopped(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	for range 3 {
		p.wantRecorded()
	}
	out := filepath.Join(t.TempDir(), "records.ndjson")
	export := []string{"export", "shop", "--format", "ndjson", "--config", dir, "-o", out}
	wantCommand(t, exitOK, "3 records", export...)
	whole := content(t, out)
	replace(t, out, whole[:len(whole)-20]) // a crash in the last line
	p.wantRecorded()
	wantCommand(t, exitOK, "2 records", export...)
	lines := strings.Split(strings.TrimSpace(content(t, out)), "\n")
	if len(lines) != 4 || !strings.HasPrefix(content(t, out), whole) {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		var e struct {
			Leaf, Salt string
			Record     json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		salt, err := hex.DecodeString(e.Salt)
		if err != nil {
			t.Fatal(err)
		}
		if leaf := consent.RecordLeaf([32]byte(salt), e.Record); hex.EncodeToString(leaf[:]) != e.Leaf {
			t.Errorf("a line does not derive its leaf: %s", line)
		}
	}
	p.stop()

	table := wantCommand(t, exitOK, "4 records", "export", "shop", "--config", dir)
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) != 5 || len(rows[0]) != len(rows[1]) {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	wantCommand(t, exitOK, "0 records", "export", "shop", "--to", "2020-01-01", "--config", dir)
	wantCommand(t, exitOK, "dpv:ConsentRecord", "export", "shop", "--format", "jsonld", "--config", dir)
	wantCommand(t, exitUsage, "2026-01-31", "export", "shop", "--from", "yesterday", "--config", dir)
	wantCommand(t, exitUsage, "is not after --from", "export", "shop", "--from", "2026-02-01", "--to", "2026-01-31", "--config", dir)
	wantCommand(t, exitProblem, `no record of this time decided about a category "analitics"; the site asks about analytics`, "export", "shop", "--category", "analitics", "--config", dir)
	wantCommand(t, exitProblem, "no site", "export", "shoq", "--config", dir)
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != secretMode {
		t.Errorf("the export can be read by others: %v %v", info.Mode(), err)
	}
}

// A visitor needs no operator: the link gives the proof, and erases what it
// shows; the log still verifies.
func TestAVisitorTakesTheProofAndErasesTheRecord(t *testing.T) {
	dir := anchoredShop(t)
	p := start(t, dir)
	answer := p.decide("accept-all")
	link := decoded[decisionReply](t, answer.body).Receipt
	var proof reply
	until(t, "the record is under a checkpoint", func() bool {
		p.wantRecorded()
		proof = ask(t, p.visitors, "GET", link+"?format=proof", "")
		return proof.status == 200
	})
	file := filepath.Join(t.TempDir(), "mine.tlog-proof")
	replace(t, file, proof.body)
	keys := filepath.Join(t.TempDir(), "key")
	replace(t, keys, ask(t, p.visitors, "GET", "/privacy/log/key", "").body)
	wantCommand(t, exitOK, "The proof holds", "verify-receipt", file, "--key", keys)

	if got := ask(t, p.visitors, "POST", link, "", "Origin: https://elsewhere.example"); got.status != 403 {
		t.Errorf("another site's form got %d", got.status)
	}
	erased := ask(t, p.visitors, "POST", link, "", "Origin: https://shop.example", "Cookie: "+answer.cookies(), "Content-Type: application/x-www-form-urlencoded")
	if erased.status != 200 || !strings.Contains(erased.body, "Everything under this link was erased.") || strings.Count(strings.Join(erased.header.Values("Set-Cookie"), ""), "Max-Age=0") != 2 {
		t.Errorf("erasing got %d, cookies %q\n%s", erased.status, erased.header.Values("Set-Cookie"), erased.body)
	}
	if got := ask(t, p.visitors, "GET", link, ""); got.status != 404 {
		t.Errorf("the receipt got %d after it was erased", got.status)
	}
	p.stop()
	wantVerified(t, dir, exitOK, "1 erased", "no difference")
	wantCommand(t, exitOK, "The proof holds", "verify-receipt", file, "--key", keys) // what was handed out stays true
}

// Under a legal hold nothing is erased, the visitor reads why, and what was asked for
// is settled by the erasure afterwards.
func TestALegalHoldKeepsTheRecordAndSaysWhy(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	replace(t, siteFile(dir), content(t, siteFile(dir))+"\nlegal_hold: They are evidence in a dispute.\n")
	p := start(t, dir)
	link := decoded[decisionReply](t, p.decide("accept-all").body).Receipt
	got := ask(t, p.visitors, "POST", link, "", "Origin: https://shop.example", "Content-Type: application/x-www-form-urlencoded")
	if got.status != 409 || !strings.Contains(got.body, "They are evidence in a dispute.") {
		t.Errorf("got %d\n%s", got.status, got.body)
	}
	if got := ask(t, p.visitors, "GET", link, ""); got.status != 200 {
		t.Errorf("the receipt got %d", got.status)
	}
	wantBacklog := func(n string) {
		t.Helper()
		until(t, n+" requests wait", func() bool {
			return strings.Contains(ask(t, p.operators, "GET", "/metrics", "").body, `consentry_visitor_requests_waiting{site="shop"} `+n)
		})
	}
	p.stop()
	p = start(t, dir)
	wantBacklog("1")
	p.stop()
	replace(t, siteFile(dir), strings.Split(content(t, siteFile(dir)), "\nlegal_hold")[0])
	p = start(t, dir)
	wantCommand(t, exitOK, "1 record erased", "erase", link, "--yes", "--config", dir)
	p.stop()
	p = start(t, dir)
	wantBacklog("0")
}

// A receipt link is taken with a slash behind it, as some programs write links.
func TestALinkMayEndInASlash(t *testing.T) {
	token := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("consent id and token, ", 3)[:48]))
	for _, link := range []string{"https://shop.example/privacy/receipts/" + token + "/", token + "/", "'" + token} {
		if id, err := namedRecord(link); err != nil || string(id[:]) != "consent id and t" {
			t.Errorf("%s is taken for %s, %v", link, id, err)
		}
	}
}
