package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/storetest"
)

const oldDecisions = `time,visitor,analytics,share,notice,locale
2026-01-31T12:00:00Z,visitor-one@old.example,denied,no,,
2026-01-31 12:00:01,visitor-two,granted,denied,old.html,en
2026-02-01T12:00:00+01:00,visitor-two,denied,denied,old.html,
`

// oldNotices is a folder with the notice of another tool.
func oldNotices(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	replace(t, filepath.Join(folder, "old.html"), "<p>May we?</p>")
	return folder
}

// Refusals are taken over, and grants with the notice that they were given on,
// marked as imported; once, however often the command is given, also when it was
// killed. Nothing tells what the other tool called the visitor.
func TestDecisionsOfAnotherToolAreTakenOver(t *testing.T) {
	for _, where := range []string{"embedded", "redis"} {
		t.Run(where, func(t *testing.T) {
			dir := anchoredShop(t)
			if where == "redis" {
				dir = redisShop(t, storetest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always"))
			}
			p := start(t, dir)
			p.wantRecorded()
			file := filepath.Join(t.TempDir(), "old.csv")
			replace(t, file, oldDecisions)
			give := []string{"import", "shop", file, "--notices", oldNotices(t), "--config", dir}
			killed := exec.Command("consentry", give...)
			if err := killed.Start(); err != nil {
				t.Fatal(err)
			}
			_ = killed.Process.Kill() // wherever it is
			_ = killed.Wait()
			until(t, "the command is taken", func() bool {
				status, _, stderr := command(t, give...)
				if status != exitOK && !strings.Contains(stderr, "busy") {
					t.Fatal(stderr)
				}
				return status == exitOK
			})
			wantCommand(t, exitOK, "0 records imported, 3 were there already", give...)
			table := wantCommand(t, exitOK, "4 records", "export", "shop", "--config", dir)
			if strings.Count(table, ",imported,") != 3 || strings.Count(table, "2026-01-31T12:00:01.000Z") != 1 {
				t.Errorf("the records are\n%s", table)
			}
			p.stop()
			wantVerified(t, dir, exitOK, "4 records", "no difference")
			wantNoTrace(t, dir, "old.example", "visitor-two")
			if where == "embedded" { // which signs all before it ends
				wantImported(t, dir, table)
			}
		})
	}
}

// wantImported reproduces what an imported grant was given on, and bundles all.
func wantImported(t *testing.T, dir, table string) {
	t.Helper()
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, ","); cells[2] == "2026-01-31T12:00:01.000Z" {
			shown := filepath.Join(t.TempDir(), "shown")
			wantCommand(t, exitOK, "shows", "reproduce", cells[1], "--out", shown, "--config", dir)
			if got := content(t, filepath.Join(shown, "notice")); got != "<p>May we?</p>" {
				t.Errorf("the notice is %q", got)
			}
			var r consent.Record
			if err := json.Unmarshal([]byte(content(t, filepath.Join(shown, "record.json"))), &r); err != nil || r.Event != consent.Imported || r.Notice.Digest != consent.Digest([]byte("<p>May we?</p>")) {
				t.Errorf("the record is %+v, %v", r, err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "shop.zip")
	wantCommand(t, exitOK, "4 records with", "bundle", "shop", "-o", file, "--config", dir)
	wantCommand(t, exitOK, "No difference", "verify-bundle", file)
	wantPython(t, unzipped(t, file), "")
}

func wantNoTrace(t *testing.T, dir string, texts ...string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "data", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			continue // a folder
		}
		for _, text := range texts {
			if strings.Contains(string(body), text) {
				t.Errorf("%s stands in %s", text, filepath.Base(name))
			}
		}
	}
}

// With one bad line nothing is written, and every one is named with its number and
// what is wrong.
func TestBadLinesAreReportedAndNothingIsWritten(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.wantRecorded()
	notices := oldNotices(t)
	file := filepath.Join(t.TempDir(), "old")
	for text, words := range map[string]string{
		"time,visitor,analytics\n2026-01-31T12:00:00Z,v,granted\n":                                ":2: it cannot be taken over: analytics was granted",
		"time,visitor,analytics\n2026-01-31T12:00:00Z,v,denied\nyesterday,v,denied\n":             ":3: its time must be written like",
		"time,visitor,analytics\n2999-01-31T12:00:00Z,v,denied\n":                                 ":2: it cannot be taken over: its time is not in the past",
		"time,visitor,analytics\n2026-01-31T12:00:00Z,,denied\n":                                  "names no visitor",
		"time,visitor,analytics\n2026-01-31T12:00:00Z,v,perhaps\n":                                "must be granted or denied",
		"time,visitor,analytics\n2026-01-31T12:00:00Z,v\n":                                        ":2: wrong number of fields",
		"time,visitor,analytics\n2026\"01,v,denied\n":                                             ":2: bare \" in non-quoted",
		"time,visitor,analytics,notice\n2026-01-31T12:00:00Z,v,granted,missing.html\n":            "missing.html",
		"time,visitor,analytics,notice\n2026-01-31T12:00:00Z,v,granted,../../etc/passwd\n":        "not in the folder",
		"time,visitor,email\n2026-01-31T12:00:00Z,v,a@b.example\n":                                `line 1: the column "email"`,
		"visitor,analytics\nv,denied\n":                                                           "the column time is missing",
		"time,visitor,analytics,analytics\n2026-01-31T12:00:00Z,v,denied,granted\n":               "a column is there twice",
		`{"time":"2026-01-31T12:00:00Z","visitor":"v","decisions":{"analytics":"no"}}{"time":""}`: ":1: something follows the object",
		"time;visitor;analytics;locale\n2026-01-31T12:00:00Z;v;denied;xx\n":                       `no language "xx"`,
		"{\"time\":\"2026-01-31T12:00:00Z\",\"visitor\":\"v\",\"decisions\":{\"nope\":\"no\"}}\n": `no category "nope"`,
		"{\"time\":\"2026-01-31T12:00:00Z\",\"visitor\":\"v\",\"ip\":\"192.0.2.1\"}\n":            `unknown field "ip"`,
		"\n": "neither CSV nor NDJSON",
	} {
		replace(t, file, text)
		wantCommand(t, exitProblem, words, "import", "shop", file, "--notices", notices, "--config", dir)
	}
	wantCommand(t, exitOK, "1 record written", "export", "shop", "--format", "ndjson", "-o", filepath.Join(t.TempDir(), "x"), "--config", dir)
	replace(t, file, "{\"time\":\"2026-01-31T12:00:00Z\",\"visitor\":\"v\",\"decisions\":{\"analytics\":\"no\"}}\nnonsense\n")
	wantCommand(t, exitOK, "1 record imported", "import", "shop", file, "--skip", "--config", dir)
	p.stop()
	wantVerified(t, dir, exitOK, "2 records", "no difference")
}

// What a running server would break off half-read is not sent to it, and what to do is
// said.
func TestAnOrderThatIsTooLargeIsNotSent(t *testing.T) {
	if err := fits(maxOrder-1, maxOrder); err != nil {
		t.Error(err)
	}
	if err := fits(300<<20, maxOrder); err == nil || !strings.Contains(err.Error(), "takes 300.0 MB, and a running server takes 256.0 MB at once: cut the file") {
		t.Errorf("300 MB: %v", err)
	}
}
