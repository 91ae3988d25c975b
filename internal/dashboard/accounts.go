package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// AccountsFile is the path of the file that holds who may log in: JSON, mode
// 0600, replaced as a whole. It is read at every login, so that removing it and
// starting again is the way out of a forgotten password.
type AccountsFile string

// accounts is the file's content.
type accounts struct {
	V        int       `json:"v"` // 1
	Accounts []account `json:"accounts"`
}

type account struct {
	Name     string    `json:"name"`
	Password string    `json:"password"` // PHC string
	Created  time.Time `json:"created"`
}

var (
	errAccounts = errors.New("unusable accounts file")
	errExists   = errors.New("a password is set already")
)

// read returns the accounts, none when there is no file.
func (f AccountsFile) read() (accounts, error) {
	b, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return accounts{V: 1}, nil
	}
	if err != nil {
		return accounts{}, fmt.Errorf("read accounts: %w", err)
	}
	var a accounts
	if err := json.Unmarshal(b, &a); err != nil {
		return accounts{}, fmt.Errorf("%w: %s: %w", errAccounts, f, err)
	}
	if a.V != 1 || len(a.Accounts) == 0 {
		return accounts{}, fmt.Errorf("%w: %s: want version 1 and an account", errAccounts, f)
	}
	for _, one := range a.Accounts {
		if _, _, _, err := parseHash(one.Password); err != nil || one.Name == "" {
			return accounts{}, fmt.Errorf("%w: %s: account %q: %w", errAccounts, f, one.Name, err)
		}
	}
	return a, nil
}

// create writes the first account. Errors: errExists when the file is there,
// whoever wrote it.
func (f AccountsFile) create(first account) error {
	b, err := json.MarshalIndent(accounts{V: 1, Accounts: []account{first}}, "", "  ")
	if err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	if err := f.writeOnce(append(b, '\n')); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	return nil
}

// writeOnce makes the file appear whole or not at all: written and synced under
// another name, then linked, which fails where a file is already.
func (f AccountsFile) writeOnce(b []byte) (err error) {
	dir := filepath.Dir(string(f))
	tmp, err := os.CreateTemp(dir, ".accounts-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), string(f)); errors.Is(err, fs.ErrExist) {
		return errExists
	} else if err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
