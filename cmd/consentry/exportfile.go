package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// resume opens the file of an export that may have begun with the same command: what
// a crash left of a last line is cut off, and next is the first entry that is not
// in it.
func resume(path, command string, e *exporter) (file *os.File, next int64, err error) {
	if file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, secretMode); err != nil {
		return nil, 0, err
	}
	if next, err = goOn(file, command, e); err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, next, nil
}

// goOn puts the file at where an export goes on.
func goOn(file *os.File, command string, e *exporter) (next int64, err error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	// Longer than any line.
	tail := make([]byte, min(size, 1<<20))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && len(tail) > 0 {
		return 0, err
	}
	whole := tail[:bytes.LastIndexByte(tail, '\n')+1]
	if err := e.own(file, whole); err != nil {
		return 0, fmt.Errorf("%s is no export in this format; name another file: %w", file.Name(), err)
	}
	end := size - int64(len(tail)-len(whole))
	if end == 0 || end == int64(len(e.head)) {
		return 0, beginFile(file, command)
	}
	if err := begunWith(file.Name(), command); err != nil {
		return 0, err
	}
	if err := file.Truncate(end); err != nil {
		return 0, err
	}
	if _, err := file.Seek(end, io.SeekStart); err != nil {
		return 0, err
	}
	line := bytes.TrimRight(whole, "\r\n")
	last, err := e.index(line[bytes.LastIndexByte(line, '\n')+1:])
	if err != nil {
		return 0, fmt.Errorf("%s is no export in this format; remove it or name another file: %w", file.Name(), err)
	}
	return last + 1, nil
}

// own reports a file that this exporter has not begun, before anything of it is
// cut off. tail is its end up to its last whole line.
func (e *exporter) own(file *os.File, tail []byte) error {
	first := cmp.Or(e.head, jsonBegin)
	begin := make([]byte, len(first))
	n, err := file.ReadAt(begin, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	begin = begin[:n]
	switch {
	case n == 0:
		return nil
	case !strings.HasPrefix(first, string(begin)):
		return errors.New("it begins otherwise")
	case len(tail) == 0, len(tail) == len(e.head):
		return nil // nothing but the head, or less
	}
	line := bytes.TrimRight(tail, "\r\n")
	_, err = e.index(line[bytes.LastIndexByte(line, '\n')+1:])
	return err
}

// besideExport is where the command that began an export stands.
func besideExport(path string) string { return path + ".export" }

// beginFile empties the file of an export, once it stands beside it of what it is.
func beginFile(file *os.File, command string) error {
	if err := writeWhole(besideExport(file.Name()), []byte(command+"\n"), secretMode, true); err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}

// begunWith refuses a file whose lines another command has chosen, or nobody knows
// which.
func begunWith(path, command string) error {
	beside, err := os.ReadFile(besideExport(path))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds records, and nothing says of which site, time and category, since there is no %s: name another file", path, besideExport(path))
	}
	if err != nil {
		return err
	}
	if begun := strings.TrimSpace(string(beside)); begun != command {
		return fmt.Errorf("%s was begun with: %s\nGive the same again to go on with it, or name another file", path, begun)
	}
	return nil
}
