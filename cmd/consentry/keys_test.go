package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// testEnvironment is an environment of a fixed time whose secrets are the bytes
// of random.
func testEnvironment(random io.Reader) (environment, *bytes.Buffer) {
	var out bytes.Buffer
	now := func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }
	return environment{stdin: strings.NewReader(""), stdout: &out, stderr: &out, now: now, random: random}, &out
}

// A rotation keeps the root and every older key, so that records keep their
// names and cookies stay valid.
func TestRotationKeepsRootAndOlderKeys(t *testing.T) {
	env, _ := testEnvironment(strings.NewReader(strings.Repeat("r", 32) + strings.Repeat("1", 32) + strings.Repeat("2", 32)))
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := createKeys(env, path); err != nil {
		t.Fatal(err)
	}
	before, err := readKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := rotateKeys(env, path); err != nil {
		t.Fatal(err)
	}
	after, err := readKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.Root, after.Root) {
		t.Error("the root changed")
	}
	if len(after.Cookie) != 2 || string(after.Cookie[0].Secret) != strings.Repeat("2", 32) || after.Cookie[1].ID != before.Cookie[0].ID {
		t.Errorf("the cookie keys are %+v", after.Cookie)
	}
}

// Without enough randomness there is no key, and no file that looks like one.
func TestShortRandomnessMakesNoKeys(t *testing.T) {
	env, _ := testEnvironment(strings.NewReader("too short"))
	dir := t.TempDir()
	if err := createKeys(env, filepath.Join(dir, "keys.json")); err == nil {
		t.Error("keys were made of nine bytes")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("a file was left behind: %v", left)
	}
}

// A list is safe to show to anybody: no secret stands in it, in any encoding.
func TestListShowsNoSecret(t *testing.T) {
	env, out := testEnvironment(strings.NewReader(strings.Repeat("secret! ", 8)))
	ring, err := consent.NewKeyring(env.random, env.now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := ring.Format()
	if err != nil {
		t.Fatal(err)
	}
	if err := listKeys(env, ring); err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune("\" \n,:[]{}", r) }) {
		if len(word) > 20 && word != ring.RootCheck() && strings.Contains(out.String(), word) {
			t.Errorf("the list shows %s", word)
		}
	}
	if !strings.Contains(out.String(), "2026-05-01T12:00:00Z") || strings.Contains(out.String(), "secret!") {
		t.Errorf("the list is\n%s", out)
	}
}
