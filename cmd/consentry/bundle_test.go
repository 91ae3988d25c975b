package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An auditor gets one file, and convinces themselves without the server: with the
// program, with a page of Python, and with openssl. What was erased is there as
// erased.
func TestAnAuditorChecksABundleOffline(t *testing.T) {
	dir := anchoredShop(t)
	replace(t, siteFile(dir), strings.Replace(content(t, siteFile(dir)), "name: ", "name: Ü & <b> ", 1))
	p := start(t, dir)
	p.waitSigned(1)
	one, gone := p.recorded(), p.recorded()
	wantCommand(t, exitOK, "1 record erased", "erase", gone.Record, "--yes", "--config", dir)
	key := strings.TrimSpace(strings.Split(ask(t, p.visitors, "GET", "/privacy/log/key", "").body, "\n")[0])
	p.stop() // which signs all of it
	file := filepath.Join(t.TempDir(), "shop.zip")
	wantCommand(t, exitOK, "1 record with", "bundle", "shop", "--out", file, "--config", dir)
	wantCommand(t, exitProblem, "there already", "bundle", "shop", "--out", file, "--config", dir)
	offline := t.TempDir() // no installation here
	wantCommand(t, exitOK, "1 erased", "verify-bundle", file, "--key", key, "--copy", outside(dir), "--config", offline)
	wantCommand(t, exitOK, "The key was the bundle's own", "verify-bundle", file)
	other := newShop(t, "https://shop.example", anyPorts)
	q := start(t, other)
	q.waitSigned(1)
	wantCommand(t, exitProblem, "not signed", "verify-bundle", file, "--key", strings.TrimSpace(strings.Split(ask(t, q.visitors, "GET", "/privacy/log/key", "").body, "\n")[0]))
	q.stop()

	folder := unzipped(t, file)
	if history := content(t, filepath.Join(folder, "history.txt")); !strings.Contains(history, "From now on visitors saw") || !strings.Contains(history, "Erased on request") {
		t.Errorf("the history says\n%s", history)
	}
	if readme := content(t, filepath.Join(folder, "README.txt")); !strings.Contains(readme, "How to check it") {
		t.Errorf("the README says\n%s", readme)
	}
	wantOpenSSL(t, folder)
	wantPython(t, folder, "")
	entries := filepath.Join(folder, "log", "entries", "000000000000.ndjson")
	whole := content(t, entries)
	for _, change := range [][2]string{{`\"granted\"`, `\"denied\"`}, {`"kind":"erased"`, `"kind":"purge"`}, {one.Record, gone.Record}} {
		replace(t, entries, strings.Replace(whole, change[0], change[1], 1))
		if content(t, entries) == whole {
			t.Fatalf("nothing to change: %s", change[0])
		}
		wantCommand(t, exitProblem, "", "verify-bundle", zipped(t, folder), "--key", key)
	}
	replace(t, entries, strings.Replace(whole, `\"granted\"`, `\"denied\"`, 1))
	wantPython(t, folder, "DIFFERENCE")
	lines := strings.SplitAfter(whole, "\n")
	replace(t, entries, strings.Join(append(lines[:3:3], lines[4:]...), ""))
	wantCommand(t, exitProblem, "entry 3 is missing", "verify-bundle", zipped(t, folder), "--key", key)
	wantCommand(t, exitProblem, "is no bundle", "verify-bundle", entries)
}

// Where visitors are treated by where they are, the history tells of every ruling.
func TestABundlesHistoryTellsOfEveryRuling(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts+"country_header: X-Country\nregion_header: X-Region\n")
	replace(t, siteFile(dir), content(t, siteFile(dir))+"\nregime: local\n")
	p := start(t, dir)
	p.waitSigned(1)
	p.stop()
	file := filepath.Join(t.TempDir(), "shop.zip")
	wantCommand(t, exitOK, "0 records with", "bundle", "shop", "--out", file, "--config", dir)
	history := content(t, filepath.Join(unzipped(t, file), "history.txt"))
	for _, want := range []string{"; opt-in.", " instead: opt-out, ", "analytics, shown as granted: ", "analytics, shown as denied: "} {
		if !strings.Contains(history, want) {
			t.Errorf("it does not say %q:\n%s", want, history)
		}
	}
}

// Chosen records come with a proof each; of the others only hashes are there, and
// the whole still verifies.
func TestABundleOfOneVisitorTellsNothingOfOthers(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	one, other := p.recorded(), p.recorded()
	key := strings.TrimSpace(strings.Split(ask(t, p.visitors, "GET", "/privacy/log/key", "").body, "\n")[0])
	p.stop() // which signs all of it
	file := filepath.Join(t.TempDir(), "one.zip")
	wantCommand(t, exitOK, "1 record with", "bundle", "shop", "--record", one.Receipt, "-o", file, "--config", dir)
	wantCommand(t, exitOK, "1 left out", "verify-bundle", file, "--key", key)
	folder := unzipped(t, file)
	wantCommand(t, exitOK, "The proof holds", "verify-receipt", filepath.Join(folder, "proofs", one.Record+".tlog-proof"), "--key", key)
	entries := content(t, filepath.Join(folder, "log", "entries", "000000000000.ndjson"))
	if !strings.Contains(entries, one.Record) || strings.Contains(entries, other.Record) {
		t.Error("the bundle shows another record than the chosen one")
	}
	wantCommand(t, exitOK, "0 records with", "bundle", "shop", "--to", "2020-01-01", "-o", filepath.Join(t.TempDir(), "none.zip"), "--config", dir)
	wantCommand(t, exitProblem, "no site", "bundle", "shoq", "--config", dir)
}

// A bundle in which people would read other than what the entries say differs, and so
// does one that has a file more.
func TestABundleShowsNothingButItsEntries(t *testing.T) {
	dir := newShop(t, "https://shop.example", anyPorts)
	p := start(t, dir)
	p.recorded()
	p.stop() // which signs all of it
	file := filepath.Join(t.TempDir(), "one.zip")
	wantCommand(t, exitOK, "1 record with", "bundle", "shop", "-o", file, "--config", dir)
	same := func(body []byte) []byte { return body }
	for name, test := range map[string]struct {
		part   string
		change func([]byte) []byte
		more   string
		want   string
	}{
		"as it is":                {"records/", same, "", "No difference"},
		"a table that was edited": {"records/", func(b []byte) []byte { return bytes.Replace(b, []byte("granted"), []byte("denied"), 1) }, "", "says something else"},
		"no table":                {"records/", func([]byte) []byte { return nil }, "", "is not in the bundle"},
		"a table more":            {"records/", same, "records/000000990000.csv", "no entry of the log stands for"},
		"a notice more":           {"records/", same, "artefacts/banner/forged", "no entry of the log stands for"},
		"a program more":          {"records/", same, "setup.exe", "which no bundle has"},
		"a file outside":          {"records/", same, "config/../../x", "which no bundle has"},
		"a checkpoint more":       {"records/", same, "log/checkpoint", "twice"},
	} {
		code := exitProblem
		if test.want == "No difference" {
			code = exitOK
		}
		t.Run(name, func(t *testing.T) {
			wantCommand(t, code, test.want, "verify-bundle", rezipped(t, file, test.part, test.change, test.more))
		})
	}
}

// rezipped is an archive with the files below a folder changed, or left out, and one
// more.
func rezipped(t *testing.T, file, folder string, change func([]byte) []byte, more string) string {
	t.Helper()
	from, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	var out bytes.Buffer
	to := zip.NewWriter(&out)
	add := func(name string, body []byte) {
		w, err := to.Create(name)
		if err == nil {
			_, err = w.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range from.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(f.Name, folder) {
			body = change(body)
		}
		if body != nil {
			add(f.Name, body)
		}
	}
	if more != "" {
		add(more, []byte("x"))
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "changed.zip")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func wantOpenSSL(t *testing.T, folder string) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Log("no openssl here")
		return
	}
	out, err := exec.Command("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", filepath.Join(folder, "log", "key.pem"), "-rawin",
		"-in", filepath.Join(folder, "log", "checkpoint.text"), "-sigfile", filepath.Join(folder, "log", "checkpoint.sig")).CombinedOutput()
	if err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

// wantPython runs the program in the bundle; words are in its complaint, empty for
// none.
func wantPython(t *testing.T, folder, words string) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Log("no python3 here")
		return
	}
	out, err := exec.Command("python3", filepath.Join(folder, "verify.py"), folder).CombinedOutput()
	if (err != nil) != (words != "") || !strings.Contains(string(out), words) {
		t.Errorf("verify.py: %v\n%s", err, out)
	}
}

func unzipped(t *testing.T, file string) (folder string) {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	folder = t.TempDir()
	if err := os.CopyFS(folder, r); err != nil {
		t.Fatal(err)
	}
	return folder
}

func zipped(t *testing.T, folder string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "again.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	if err := w.AddFS(os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
