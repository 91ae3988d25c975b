package dashboard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAPasswordIsKeptAsASaltedArgon2idHash(t *testing.T) {
	const password = "correct horse battery"
	one, two := hashPassword(password), hashPassword(password)
	if one == two {
		t.Error("two hashes share a salt")
	}
	if !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash reads %q", one)
	}
	for given, want := range map[string]bool{password: true, "correct horse batterz": false, "": false, password + " ": false} {
		if got, err := checkPassword(one, given); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", given, got, err, want)
		}
	}
}

// The hash is a test vector of the reference implementation: "password" and
// "somesalt" at 64 KiB, two passes, one lane.
func TestAHashWithAnotherCostStillVerifies(t *testing.T) {
	const cheap = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$Bo1ismRVk2qm6+YAYLCmWHDb+j3fjUH3"
	for given, want := range map[string]bool{"password": true, "passwore": false} {
		if ok, err := checkPassword(cheap, given); err != nil || ok != want {
			t.Errorf("%q: %v, %v; want %v", given, ok, err, want)
		}
	}
}

func TestAnUnreadableHashIsAnErrorAndNeverAMatch(t *testing.T) {
	for _, phc := range []string{
		"", "$", "plain", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA", "$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA", "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=64,t=1,p=1$!$c29tZXNhbHRzb21lc2FsdA",
	} {
		if ok, err := checkPassword(phc, ""); ok || !errors.Is(err, errPasswordHash) {
			t.Errorf("%q: %v, %v", phc, ok, err)
		}
	}
}

func TestTheAccountsFileIsPrivateAndWrittenOnce(t *testing.T) {
	file := NewAccountsFile(filepath.Join(t.TempDir(), "accounts.json"))
	if a, err := file.read(); err != nil || len(a.Accounts) != 0 {
		t.Fatalf("no file: %v, %v", a, err)
	}
	first := account{Name: "admin", Role: Owner, Scope: Scope{All: true}, Password: hashPassword("first password"), Created: time.Now().UTC()}
	if err := file.create(first); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	second := first
	second.Password = hashPassword("second password")
	if err := file.create(second); !errors.Is(err, errExists) {
		t.Errorf("a second password: %v", err)
	}
	if a, err := file.read(); err != nil || a.Accounts[0].Password != first.Password {
		t.Errorf("the first password is gone: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file.path), ".accounts-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Neither may be taken for "no password is set", which would let in whoever
// opens the set-up link.
func TestABrokenAccountsFileIsNotTakenForAMissingOne(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "no json": "{", "a newer version": `{"v":3,"accounts":[{"name":"admin","role":"owner"}]}`,
		"no role": `{"v":2,"accounts":[{"name":"admin"}]}`, "a role of ours that is none": `{"v":2,"accounts":[{"name":"admin","role":"root"}]}`,
		"no account": `{"v":1,"accounts":[]}`, "no hash": `{"v":1,"accounts":[{"name":"admin","password":"secret"}]}`,
	} {
		file := NewAccountsFile(filepath.Join(t.TempDir(), "accounts.json"))
		if err := os.WriteFile(file.path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := file.read(); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Before there were roles there was one owner. The file of then still opens, and is
// kept beside the new one when something changes.
func TestAnAccountsFileWithoutRolesHasAnOwner(t *testing.T) {
	file := NewAccountsFile(filepath.Join(t.TempDir(), "accounts.json"))
	old := fmt.Sprintf(`{"v":1,"accounts":[{"name":"admin","password":%q,"created":"2026-01-02T03:04:05Z"}]}`, nobodysHash())
	if err := os.WriteFile(file.path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := file.read()
	if err != nil || a.Accounts[0].Role != Owner || !a.Accounts[0].Scope.All || !a.Accounts[0].Since.Equal(a.Accounts[0].Created) {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := file.Invite(Person{Name: "mira", Role: Marketer, Scope: Scope{Sites: []string{"shop"}}}, time.Now(), func(Scope) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if a, err := file.read(); err != nil || a.V != 2 || len(a.Accounts) != 2 || a.Accounts[0].Role != Owner {
		t.Errorf("%+v, %v", a, err)
	}
	if kept, err := os.ReadFile(file.path + ".v1"); err != nil || string(kept) != old {
		t.Errorf("the old file: %s, %v", kept, err)
	}
}
