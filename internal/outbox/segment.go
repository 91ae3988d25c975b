package outbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ErrLocked is a folder that another process uses as its outbox.
var ErrLocked = errors.New("the outbox is in use by another process")

// ErrDamaged is a file of the outbox whose middle cannot be read.
var ErrDamaged = errors.New("a file of the outbox is damaged")

const segmentSuffix = ".outbox"

// segment is one file of frames, and how many of them are still needed.
type segment struct {
	number int64
	file   *os.File
	size   int64 // of whole, synced frames and the file's head
	live   int   // guarded by the ledger
}

// disk is how frames get onto the disk; tests put faults in its place.
type disk struct {
	write func(f *os.File, b []byte, at int64) error
	sync  func(f *os.File) error
}

func realDisk() disk {
	return disk{
		write: func(f *os.File, b []byte, at int64) error { _, err := f.WriteAt(b, at); return err },
		sync:  (*os.File).Sync,
	}
}

func segmentPath(dir string, number int64) string {
	return filepath.Join(dir, fmt.Sprintf("%016d%s", number, segmentSuffix))
}

// createSegment makes an empty segment whose name outlives a crash.
func createSegment(dir string, number int64, d disk) (*segment, error) {
	path := segmentPath(dir, number)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{number: number, file: f, size: int64(len(magic))}
	err = d.write(f, []byte(magic), 0)
	if err == nil {
		err = d.sync(f)
	}
	if err == nil {
		err = syncDir(dir, d)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return s, nil
}

// segments lists the numbers of the segments in dir, oldest first.
func segments(dir string) (numbers []int64, err error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range names {
		name, ok := strings.CutSuffix(entry.Name(), segmentSuffix)
		n, err := strconv.ParseInt(name, 10, 64)
		if ok && err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// openSegment reads a segment and calls yield for every whole frame. What follows
// the last whole frame of the newest segment was never acknowledged, since a
// frame is acknowledged when it is synced: it is cut off. In an older one it is
// ErrDamaged.
func openSegment(dir string, number int64, newest bool, d disk, yield visit) (s *segment, cut int64, err error) {
	f, err := os.OpenFile(segmentPath(dir, number), os.O_RDWR, 0)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	s = &segment{number: number, file: f}
	length, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, err
	}
	if s.size, err = s.scan(length, yield); err != nil && !errors.Is(err, errFrame) {
		return nil, 0, err
	}
	if s.size == length {
		return s, 0, nil
	}
	if !newest {
		return nil, 0, fmt.Errorf("%w: %s at byte %d; restore it, or move it away and know that decisions in it are lost", ErrDamaged, f.Name(), s.size)
	}
	cut = length - s.size
	if s.size == 0 { // not even its head was written
		if err := d.write(f, []byte(magic), 0); err != nil {
			return nil, 0, err
		}
		s.size = int64(len(magic))
	}
	if err := errors.Join(f.Truncate(s.size), d.sync(f)); err != nil {
		return nil, 0, err
	}
	return s, cut, nil
}

// visit is called for a whole frame at a place of a segment.
type visit func(s *segment, at int64, size int, f frame, broken bool) error

// scan reads frames until the end or something that is none, and returns where
// the last whole one ends.
func (s *segment) scan(length int64, yield visit) (whole int64, err error) {
	in := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, length), 1<<16)
	head := make([]byte, headSize)
	if _, err := io.ReadFull(in, head[:len(magic)]); err != nil || string(head[:len(magic)]) != magic {
		return 0, s.foreign(length, head)
	}
	for whole = int64(len(magic)); whole < length; {
		if _, err := io.ReadFull(in, head); err != nil {
			return whole, errFrame
		}
		size, err := frameSize(head)
		if err != nil || whole+int64(size) > length {
			return whole, errFrame
		}
		raw := make([]byte, size)
		if _, err := io.ReadFull(in, raw[copy(raw, head):]); err != nil {
			return whole, err
		}
		f, broken, err := decode(raw)
		if err == nil {
			err = yield(s, whole, size, f, broken)
		}
		if err != nil {
			return whole, err
		}
		whole += int64(size)
	}
	return whole, nil
}

// foreign tells a file that a crash has left without its head from one that
// another program has written.
func (s *segment) foreign(length int64, head []byte) error {
	if length < int64(len(magic)) || string(head[:len(magic)]) == strings.Repeat("\x00", len(magic)) {
		return errFrame
	}
	return fmt.Errorf("%w: %s was not written by this version of the program", ErrDamaged, s.file.Name())
}

// read returns the frame at a place.
func (s *segment) read(at int64, size int) (frame, error) {
	raw := make([]byte, size)
	if _, err := s.file.ReadAt(raw, at); err != nil {
		return frame{}, fmt.Errorf("read outbox: %w", err)
	}
	f, _, err := decode(raw)
	if err != nil {
		return frame{}, fmt.Errorf("%w: %s at byte %d", ErrDamaged, s.file.Name(), at)
	}
	return f, nil
}

// blot overwrites a record's secrets; sync has to follow. Where the file system
// never writes in place the old bytes last until it reuses them, or the segment
// is deleted.
func (s *segment) blot(at int64, d disk) error {
	return d.write(s.file, make([]byte, secretsSize), at+secretsAt)
}

// remove deletes the segment's file.
func (s *segment) remove() error {
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

func syncDir(dir string, d disk) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.sync(f), f.Close())
}

// lock makes this process the only one that uses dir. The kernel drops the lock
// when the process ends.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock outbox: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s; give each server a data folder of its own", ErrLocked, dir)
		}
		return nil, fmt.Errorf("lock outbox: %w", err)
	}
	return f, nil
}
