package translog

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

const (
	noteWindow = 256 << 10 // of a file that is read at once
	noteMax    = 16 << 10  // of a checkpoint with all its signatures
)

// lastNote reads a file from its end on, until open takes a checkpoint in it whose
// name begins with name. A file that is missing or no regular one holds none.
func lastNote(path, name string, open func(raw []byte) *signed) (found *signed, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !info.Mode().IsRegular() { // a pipe would wait for whoever writes to it
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	window := make([]byte, noteWindow)
	for end := info.Size(); ; {
		from := max(end-noteWindow, 0)
		part := window[:end-from]
		if _, err := file.ReadAt(part, from); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if found = lastIn(part, name, open); found != nil || from == 0 {
			return found, nil
		}
		end = from + noteMax // one may lie across the edge
	}
}

// lastIn looks for names first, which is many times as fast in a file of many logs.
func lastIn(part []byte, name string, open func(raw []byte) *signed) *signed {
	if !bytes.Contains(part, []byte(name)) {
		return nil
	}
	notes := ReadNotes(part)
	for i := len(notes) - 1; i >= 0; i-- {
		if found := open(bytes.Clone(notes[i])); found != nil {
			return found
		}
	}
	return nil
}
