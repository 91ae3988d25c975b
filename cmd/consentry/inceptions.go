package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/consent"
)

// youngKeys is for how long after its keys were made a new installation may begin
// logs without noting it in a key file that it cannot write.
const youngKeys = 7 * 24 * time.Hour

// keyFile notes in the key file which logs were begun with its root; it implements
// translog.Inceptions.
type keyFile struct {
	path string
	root string // consent.Keyring.RootCheck; another installation's file is left alone
	now  func() time.Time
	log  *slog.Logger
}

func (k keyFile) Begun(site string) (string, error) {
	ring, err := readKeyring(k.path)
	if err == nil {
		err = k.own(ring)
	}
	if err != nil {
		return "", err
	}
	return ring.Logs[site], nil
}

func (k keyFile) own(ring *consent.Keyring) error {
	if ring.RootCheck() != k.root {
		return fmt.Errorf("%s: %w", k.path, api.ErrRoot)
	}
	return nil
}

// Note writes the file. Where it cannot be written, as a secret that is mounted
// read-only, new keys vouch for a new installation.
func (k keyFile) Note(site, name string) error {
	var made time.Time // of the oldest key
	err := changeKeys(k.path, func(ring *consent.Keyring) error {
		if err := k.own(ring); err != nil {
			return err
		}
		made = ring.Cookie[len(ring.Cookie)-1].Created
		ring.NoteLog(site, name)
		return nil
	})
	if err == nil || made.IsZero() {
		return err
	}
	if k.now().Sub(made) < youngKeys {
		k.log.Warn("the key file cannot be written, and the keys are new: the log is begun without a note; that it is lost together with this server's data folder would be noticed from a week after the keys were made",
			"site", site, "error", err)
		return nil
	}
	return fmt.Errorf("note in the key file that the log is begun: %w; let the server write %s, or, if the log was never signed: consentry log adopt --never-signed %s", err, k.path, site)
}

// keepNoted notes a log that this server knows, for installations from before there
// were notes.
func (k keyFile) keepNoted(site, name string) {
	if noted, err := k.Begun(site); err != nil || noted == name {
		return
	}
	err := changeKeys(k.path, func(ring *consent.Keyring) error { ring.NoteLog(site, name); return k.own(ring) })
	if err != nil {
		k.log.Debug("that a log was begun is not noted in the key file", "site", site, "error", err)
	}
}

// changeKeys changes the key file, one program at a time.
func changeKeys(path string, change func(*consent.Keyring) error) (err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }() // which unlocks
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", dir.Name(), err)
	}
	ring, err := readKeyring(path)
	if err != nil {
		return err
	}
	if err := change(ring); err != nil {
		return err
	}
	text, err := ring.Format()
	if err != nil {
		return err
	}
	return writeWhole(path, text, secretMode, true)
}
