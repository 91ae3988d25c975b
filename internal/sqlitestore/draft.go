package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Draft is a copy of a backup beside the store whose place it is to take. The store
// is in use until TakePlace.
type Draft struct{ path string }

// Prepare reads a backup whole, as Restore does, and copies it beside the store at
// path, which may be in use.
func Prepare(ctx context.Context, from, path string, progress Progress) (*Draft, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	d, err := prepare(ctx, from, path, progress)
	if err != nil {
		return nil, fmt.Errorf("restore %s to %s: %w", from, path, err)
	}
	return d, nil
}

func prepare(ctx context.Context, from, path string, progress Progress) (*Draft, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return nil, err
	}
	if err := checkBackup(ctx, from); err != nil {
		return nil, err
	}
	d := &Draft{path}
	if err := copyBytes(ctx, from, d.partial(), progress); err != nil {
		return nil, errors.Join(err, d.Discard())
	}
	return d, nil
}

// partial is the copy. What a restore that was killed has left of it has secrets that may
// be erased later, and goes when the store is opened.
func (d *Draft) partial() string { return d.path + ".partial" }

// previous is the store that was there, under a name that no erasure removes.
func previous(path string) string { return path + ".previous" }

// TakePlace puts the copy in the place of the store, which no process may have open,
// durably, and keeps that as Restore does. Errors: ErrLocked.
func (d *Draft) TakePlace(ctx context.Context) error {
	return d.locked("put the backup in the place of", func() error {
		err := d.put(ctx)
		if _, missing := os.Stat(previous(d.path)); err == nil || missing != nil {
			return err
		}
		return errors.Join(err, d.putBack())
	})
}

func (d *Draft) put(ctx context.Context) error {
	if err := errors.Join(DropPrevious(d.path), clearAside(d.path)); err != nil {
		return err
	}
	if err := os.Link(d.path, previous(d.path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := setAside(ctx, d.path); err != nil {
		return err
	}
	return publish(d.partial(), d.path)
}

// PutBack undoes TakePlace. Nothing may have been written for good to what took the
// place. Errors: ErrLocked.
func (d *Draft) PutBack() error {
	return d.locked("put back", d.putBack)
}

func (d *Draft) putBack() error {
	before, err := os.Stat(previous(d.path))
	if err != nil {
		return err
	}
	if now, err := os.Stat(d.path); err != nil || !os.SameFile(before, now) { // the backup is there, whose WAL goes with it
		err := errors.Join(removeIfThere(d.path+"-wal"), removeIfThere(d.path+"-shm"), os.Rename(previous(d.path), d.path))
		if err != nil {
			return err
		}
	}
	// A command that reads the store may have kept its newest entries in its WAL.
	if err := os.Rename(asideOf(d.path)+"-wal", d.path+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(clearAside(d.path), DropPrevious(d.path), syncFile(filepath.Dir(d.path)))
}

// Discard removes what Prepare and TakePlace have left; there is no way back then.
func (d *Draft) Discard() error {
	return errors.Join(removeIfThere(d.partial()), DropPrevious(d.path))
}

// DropPrevious removes what an exchange that a crash has broken off has left of the
// store before. It may hold what is erased.
func DropPrevious(path string) error { return removeIfThere(previous(path)) }

func (d *Draft) locked(what string, do func() error) (err error) {
	held, err := takeLock(d.path)
	if err == nil {
		err = errors.Join(do(), held.Close())
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, d.path, err)
	}
	return nil
}
