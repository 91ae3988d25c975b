package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// errDamaged is a file that is no sound database.
var errDamaged = errors.New("the file is damaged")

// Restore puts the backup at from in the place of the store at path, which no
// process may have open. What was there is kept as path.before-restore.bak until
// the next erasure or purge. A backup that is damaged, another program's or a
// newer one's is refused, and nothing is changed. Errors: ErrLocked, ErrNewer.
//
// Records that were erased after the backup was made are back; whoever
// restores erases them again before anything is served.
func Restore(ctx context.Context, from, path string, progress Progress) error {
	if err := restore(ctx, from, path, progress); err != nil {
		return fmt.Errorf("restore %s to %s: %w", from, path, err)
	}
	return nil
}

func restore(ctx context.Context, from, path string, progress Progress) (err error) {
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	held, err := takeLock(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	d, err := prepare(ctx, from, path, progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Discard()) }()
	return d.put(ctx)
}

// BackupIsOlder reports whether an older program wrote the backup at path. Errors:
// fs.ErrNotExist, ErrNewer, and what says that it is none.
func BackupIsOlder(ctx context.Context, path string) (older bool, err error) {
	c, version, err := openBackup(ctx, path)
	if err != nil {
		return false, fmt.Errorf("read backup %s: %w", path, err)
	}
	return version < len(migrations()), c.Close()
}

// openBackup opens a file that is a store of this program or an older one.
func openBackup(ctx context.Context, path string) (_ *session, version int, err error) {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return nil, 0, fmt.Errorf("it is no backup but the file of a store in use, whose newest records are in %s-wal; make one with the backup command", path)
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder; name a file in it")
	}
	if err != nil {
		return nil, 0, err
	}
	c, err := connectImmutable(ctx, path)
	if err != nil {
		return nil, 0, err
	}
	version, err = schemaVersion(c)
	if err == nil {
		err = checkVersion(path, version, len(migrations()))
	}
	if err == nil && version == 0 {
		err = errors.New("it is no consent store")
	}
	if err != nil {
		return nil, 0, errors.Join(err, c.Close())
	}
	return c, version, nil
}

// checkBackup reads the whole file.
func checkBackup(ctx context.Context, path string) error {
	c, _, err := openBackup(ctx, path)
	if err != nil {
		return err
	}
	defer c.Close()
	first := ""
	err = c.query("PRAGMA quick_check(1)", func(v []driver.Value) { first = fmt.Sprint(v[0]) })
	if err != nil || first != "ok" {
		return errors.Join(fmt.Errorf("%w: %s", errDamaged, first), err)
	}
	return nil
}

func copyBytes(ctx context.Context, from, to string, progress Progress) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(out, in, backupStep*pageSize)
		if done += n; progress != nil {
			progress(done, info.Size())
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// asideOf is what the store that a restore replaced is kept as.
func asideOf(path string) string { return path + ".before-restore.bak" }

// clearAside removes what an earlier restore has kept.
func clearAside(path string) error {
	return errors.Join(removeIfThere(asideOf(path)), removeIfThere(asideOf(path)+"-wal"))
}

// setAside gives the store at path another name as well, and takes its WAL away,
// which must not be applied to another file. clearAside has been called.
func setAside(ctx context.Context, path string) error {
	aside := asideOf(path)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return removeIfThere(path + "-wal")
	}
	if c, err := connect(ctx, path, false); err == nil {
		_ = c.exec("PRAGMA wal_checkpoint(TRUNCATE)") // a damaged file keeps its WAL under its new name
		_ = c.Close()
	}
	if err := os.Link(path, aside); err != nil {
		return err
	}
	if err := os.Rename(path+"-wal", aside+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := removeIfThere(path + "-shm"); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}
