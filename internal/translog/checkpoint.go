package translog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is what a log's key signs: how large the tree of this name was and
// what its root. Its text is that of C2SP tlog-checkpoint, without extensions.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// ErrCheckpoint is a text that is no checkpoint, or not one by a known key.
var ErrCheckpoint = errors.New("not a checkpoint of this log")

func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// String describes a checkpoint in a message.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s, %d entries, root %s", c.Origin, c.Size, c.Root)
}

// parseText reads a checkpoint's text, and only as text writes it.
func parseText(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 {
		return Checkpoint{}, fmt.Errorf("%w: it has not three lines", ErrCheckpoint)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its second line is no size", ErrCheckpoint)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its third line is no hash", ErrCheckpoint)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if size < 0 || c.text() != text {
		return Checkpoint{}, fmt.Errorf("%w: it has lines that this program does not write", ErrCheckpoint)
	}
	return c, nil
}

// ReadCheckpoint reads a signed checkpoint without looking at its signatures.
func ReadCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, ok := strings.Cut(string(signed), "\n\n")
	if !ok {
		return Checkpoint{}, fmt.Errorf("%w: it is not signed", ErrCheckpoint)
	}
	return parseText(text + "\n")
}

// signed is a checkpoint with its signatures.
type signed struct {
	Checkpoint
	raw  []byte
	note *note.Note
}

// by reports whether a key of this hash signed.
func (s *signed) by(name string, hash uint32) bool {
	for _, sig := range s.note.Sigs {
		if sig.Name == name && sig.Hash == hash {
			return true
		}
	}
	return false
}

// openCheckpoint verifies a signed checkpoint: at least one of the log's keys
// must have signed it, under the name that it carries. Signatures of witnesses
// are verified beside it and count for nothing here.
func openCheckpoint(raw []byte, log func(origin string) ([]note.Verifier, error), witnesses []note.Verifier) (*signed, error) {
	c, err := ReadCheckpoint(raw)
	if err != nil {
		return nil, err
	}
	keys, err := log(c.Origin)
	if err != nil {
		return nil, err
	}
	n, err := note.Open(raw, note.VerifierList(slices.Concat(keys, witnesses)...))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	s := &signed{Checkpoint: c, raw: raw, note: n}
	for _, key := range keys {
		if key.Name() == c.Origin && s.by(key.Name(), key.KeyHash()) {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%w: none of the log's keys signed it", ErrCheckpoint)
}

// canonical reports whether every signature is written in the one way that its
// bytes have: base64 leaves bits over that no signature covers.
func (s *signed) canonical() bool {
	for _, sig := range slices.Concat(s.note.Sigs, s.note.UnverifiedSigs) {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return false
		}
	}
	return true
}
