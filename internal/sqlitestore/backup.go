package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"modernc.org/sqlite"
)

// backupStep is how many pages are copied between two looks at the context and
// two calls of Progress: 1 MiB.
const backupStep = 256

// Progress is told how many bytes of how many are done. It may be nil.
type Progress func(done, total int64)

// Backup writes the store's present state to a new file at path, for its owner
// only, while the store is read and written. The file is a store of its own and
// appears at path when it is whole and on the disk; an unfinished one is removed.
// It holds secrets of records that may be erased later: whoever keeps it
// erases again after restoring it.
func (s *Store) Backup(ctx context.Context, path string, progress Progress) error {
	err := s.backup(ctx, path, progress)
	if err != nil {
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, path string, progress Progress) (err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := absent(path); err != nil {
		return err
	}
	partial := path + ".partial"
	defer func() {
		_ = os.Remove(partial)
		if at := (*fs.PathError)(nil); errors.As(err, &at) && at.Path == partial {
			err = at.Err // the caller names the file that was asked for
		}
	}()
	if err := removeIfThere(partial); err != nil {
		return err
	}
	if err := createPrivate(partial); err != nil {
		return err
	}
	if err := copyPages(ctx, s.path, partial, progress); err != nil {
		return err
	}
	return publish(partial, path)
}

func absent(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%w: choose another name, or move that file away", fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// publish gives a finished file its name, durably.
func publish(partial, path string) error {
	if err := syncFile(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// copyPages copies one state of a database, page by page. The transaction holds
// that state: without it, every commit would start the copy anew.
func copyPages(ctx context.Context, from, to string, progress Progress) (err error) {
	source, err := connect(ctx, from, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if err := source.exec("BEGIN"); err != nil {
		return err
	}
	if err := source.exec("SELECT count(*) FROM sites"); err != nil {
		return err
	}
	target := (&url.URL{Scheme: "file", Path: to, RawQuery: "mode=rw"}).String()
	copying, err := source.conn.(interface {
		NewBackup(string) (*sqlite.Backup, error)
	}).NewBackup(target)
	if err != nil {
		return err
	}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, copying.Finish())
		}
		if more, err = copying.Step(backupStep); err != nil {
			return errors.Join(err, copying.Finish())
		}
		if progress != nil {
			all := int64(copying.PageCount()) * pageSize
			progress(all-int64(copying.Remaining())*pageSize, all)
		}
	}
	return copying.Finish()
}

// removeIfThere removes a file that need not be there.
func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ownBackup is how the names of copies end that migrating and restoring leave beside
// the store. Others are their owner's.
var ownBackup = regexp.MustCompile(`^\.(schema[0-9]+|before-restore)\.bak(-wal)?$`)

// ownBackups lists these copies.
func ownBackups(path string) (list []string, err error) {
	dir, name := filepath.Split(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), name); ok && ownBackup.MatchString(rest) {
			list = append(list, filepath.Join(dir, e.Name()))
		}
	}
	return list, nil
}

// dropOwnBackups removes them: they hold what has just been erased.
func dropOwnBackups(path string) error {
	list, err := ownBackups(path)
	for _, name := range list {
		err = errors.Join(err, removeIfThere(name))
	}
	if err != nil {
		return fmt.Errorf("remove copies of what was erased: %w", err)
	}
	return nil
}
