package sqlitestore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrLocked is a store that another process writes to.
var ErrLocked = errors.New("the store is in use by another process")

// takeLock makes this process the only one that writes to path. The lock is the
// kernel's, on a file beside the store: it ends with the process however that
// dies, and a file that was left behind is no obstacle.
func takeLock(path string) (lock, error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return lock{}, fmt.Errorf("lock store: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close()
		return lock{}, fmt.Errorf("%w: %s is held by %s; stop that server first, or give this one a store of its own", ErrLocked, path, holder(f))
	}
	if err == nil {
		err = sign(f)
	}
	if err != nil {
		f.Close()
		return lock{}, fmt.Errorf("lock store: %w", err)
	}
	return lock{f}, nil
}

// lock is held until it is closed.
type lock struct{ file *os.File }

// Close ends the lock at once: a child that this process is just starting may
// hold the file for a moment longer.
func (l lock) Close() error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 20))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return "process " + pid
	}
	return "a process that did not leave its id"
}

// createPrivate makes an empty file for its owner alone, unless it is there. It
// has to come before SQLite opens the file: closing any other descriptor of an
// open database drops SQLite's locks.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// syncFile makes a closed file, or a directory's entries, durable.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
