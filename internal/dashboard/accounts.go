package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// accountsVersion is of the file's form. 1 had one owner and no roles.
const accountsVersion = 2

// AccountsFile holds who may log in: JSON, mode 0600, replaced as a whole. It is
// read at every request, so that what is changed holds at once, and removing it and
// starting again is the way out of a forgotten password. One process at a time may
// change it; that process shares one AccountsFile. Safe for concurrent use.
type AccountsFile struct {
	path string
	mu   sync.Mutex // of changes
}

// NewAccountsFile names the file. It touches nothing.
func NewAccountsFile(path string) *AccountsFile { return &AccountsFile{path: path} }

// accounts is the file's content.
type accounts struct {
	V        int       `json:"v"`
	Accounts []account `json:"accounts"`
	Tokens   []token   `json:"tokens,omitempty"` // of the JSON API
}

type account struct {
	Name     string    `json:"name"`
	Email    string    `json:"email,omitempty"`   // by which an identity provider names it
	Subject  string    `json:"subject,omitempty"` // hash of whom the provider named by it first
	Role     Role      `json:"role"`
	Scope    Scope     `json:"scope"`
	Password string    `json:"password,omitempty"` // PHC string; none: nobody logs in with one
	Created  time.Time `json:"created"`
	Since    time.Time `json:"since"`          // sessions from before have ended
	Mark     string    `json:"mark,omitempty"` // random, another with every change: sessions of another have ended, whatever the clock says
	Disabled bool      `json:"disabled,omitempty"`
	Invite   *invite   `json:"invite,omitempty"`
}

// invite is a one-time link under which the account's password is set.
type invite struct {
	Hash    string    `json:"hash"` // of its token, see hashToken
	Expires time.Time `json:"expires"`
}

var (
	errAccounts = errors.New("unusable accounts file")
	errExists   = errors.New("a password is set already")
)

// read returns the accounts, none when there is no file.
func (f *AccountsFile) read() (accounts, error) {
	b, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return accounts{V: accountsVersion}, nil
	}
	if err != nil {
		return accounts{}, fmt.Errorf("read accounts: %w", err)
	}
	var a accounts
	if err := json.Unmarshal(b, &a); err != nil {
		return accounts{}, fmt.Errorf("%w: %s: %w", errAccounts, f.path, err)
	}
	if a.V < 1 || a.V > accountsVersion || len(a.Accounts) == 0 {
		return accounts{}, fmt.Errorf("%w: %s: want version 1 to %d and an account", errAccounts, f.path, accountsVersion)
	}
	for i := range a.Accounts {
		if err := a.Accounts[i].check(a.V); err != nil {
			return accounts{}, fmt.Errorf("%w: %s: account %q: %w", errAccounts, f.path, a.Accounts[i].Name, err)
		}
	}
	return a, nil
}

// check holds an account against what an account must be; one of version 1 becomes
// what it was: an owner of everything.
func (a *account) check(version int) error {
	if version == 1 {
		a.Role, a.Scope, a.Since = Owner, Scope{All: true}, a.Created
	}
	if a.Name == "" || !a.Role.opens(seeRates) {
		return errors.New("no name, or no role that there is")
	}
	if a.Password == "" && version > 1 {
		return nil
	}
	_, _, _, err := parseHash(a.Password)
	return err
}

// find returns the account of a name, nil without one.
func (a *accounts) find(name string) *account {
	for i := range a.Accounts {
		if a.Accounts[i].Name == name {
			return &a.Accounts[i]
		}
	}
	return nil
}

// create writes the first account. Errors: errExists when the file is there,
// whoever wrote it.
func (f *AccountsFile) create(first account) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	tmp, err := f.draft(accounts{V: accountsVersion, Accounts: []account{first}})
	if err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	err = os.Link(tmp, f.path) // fails where a file is already
	if errors.Is(err, fs.ErrExist) {
		err = errExists
	}
	if err = errors.Join(err, os.Remove(tmp), syncDir(filepath.Dir(f.path))); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	return nil
}

// change replaces the file by what edit makes of it. An error of edit is returned
// as it is, and nothing is changed. A file of an older form is kept beside it.
func (f *AccountsFile) change(edit func(*accounts) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := f.read()
	if err != nil {
		return err
	}
	was := a.V
	if err := edit(&a); err != nil {
		return err
	}
	if was < accountsVersion {
		old := fmt.Sprintf("%s.v%d", f.path, was)
		if err := os.Link(f.path, old); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("keep the accounts as they were: %w", err)
		}
	}
	a.V = accountsVersion
	tmp, err := f.draft(a)
	if err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	if err := os.Rename(tmp, f.path); err != nil {
		return fmt.Errorf("write accounts: %w", errors.Join(err, os.Remove(tmp)))
	}
	return syncDir(filepath.Dir(f.path))
}

// draft writes and syncs the content under another name.
func (f *AccountsFile) draft(a accounts) (name string, err error) {
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(filepath.Dir(f.path), ".accounts-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = tmp.Write(append(b, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return tmp.Name(), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
