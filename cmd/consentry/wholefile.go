package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Modes of the files that commands write.
const (
	secretMode fs.FileMode = 0o600
	publicMode fs.FileMode = 0o644
)

// writeWhole writes a file that is there whole or not at all, also for those who
// read it meanwhile, and durable once this returns. Without replace an existing
// file is left as it is and the error wraps fs.ErrExist.
func writeWhole(path string, content []byte, mode fs.FileMode, replace bool) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".consentry-*") // nobody else's to read
	if err != nil {
		return writeError(path, err)
	}
	defer func() { err = errors.Join(err, removeIfThere(f.Name())) }()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return writeError(path, err)
	}
	move := os.Link // refuses to replace
	if replace {
		move = os.Rename
	}
	if err := move(f.Name(), path); err != nil {
		return writeError(path, err)
	}
	return syncDir(dir)
}

// writeError names the file that was asked for instead of the one that comes first.
func writeError(path string, err error) error {
	var at *fs.PathError
	var move *os.LinkError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &move):
		err = move.Err
	}
	return fmt.Errorf("write %s: %w", path, err)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes a new name in dir survive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// exposed reports whether anybody but its owner can read or change a file.
func exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
