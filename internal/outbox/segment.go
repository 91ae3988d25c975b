package outbox

import (
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

// ErrDamaged is a file of the outbox that cannot be read.
var ErrDamaged = errors.New("a file of the outbox is damaged")

const segmentSuffix = ".outbox"

// segment is one file of frames, and how many of them are still needed.
type segment struct {
	number int64
	file   *os.File
	size   int64 // of whole, synced frames and the file's head
	live   int   // guarded by the ledger
	holes  []damage
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

// damage is bytes of a segment that are no whole frame.
type damage struct{ at, size int64 }

// openSegment reads a segment and calls yield for every whole frame. Of bytes that
// are none it tells where they are, and reads on behind them; those at the end it
// cuts off. Error: ErrDamaged, a file that is no segment.
func openSegment(dir string, number int64, d disk, yield visit) (s *segment, cut int64, err error) {
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
	if s.size, s.holes, err = s.scan(length, yield); err != nil {
		return nil, 0, err
	}
	cut = length - s.size
	if s.size == 0 || len(s.holes) > 0 && s.holes[0].at == 0 { // without its head
		if err := d.write(f, []byte(magic), 0); err != nil {
			return nil, 0, err
		}
		s.size = max(s.size, int64(len(magic)))
	}
	if cut > 0 {
		err = errors.Join(f.Truncate(s.size), d.sync(f))
	}
	return s, cut, err
}

// visit is called for a whole frame at a place of a segment.
type visit func(s *segment, at int64, size int, f frame, broken bool) error

// scan reads the whole frames of a segment and what lies between them, and returns
// where the last one ends. A segment fits into memory, see segmentSize and batchSize.
func (s *segment) scan(length int64, yield visit) (whole int64, holes []damage, err error) {
	raw := make([]byte, length)
	if n, err := s.file.ReadAt(raw, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, err
	} else if raw = raw[:n]; n < len(magic) {
		return 0, nil, nil
	}
	switch string(raw[:len(magic)]) {
	case magic:
		whole = int64(len(magic))
	case strings.Repeat("\x00", len(magic)): // as a crash leaves it
	default:
		return 0, nil, fmt.Errorf("%w: %s was not written by this version of the program; move it away and know that decisions in it are lost", ErrDamaged, s.file.Name())
	}
	for at := len(magic); at < len(raw); {
		size, f, broken, ok := frameAt(raw[at:])
		if !ok {
			at++
			continue
		}
		if int64(at) > whole {
			holes = append(holes, damage{whole, int64(at) - whole})
		}
		if err := yield(s, int64(at), size, f, broken); err != nil {
			return whole, holes, err
		}
		at += size
		whole = int64(at)
	}
	return whole, holes, nil
}

// frameAt reads the frame that b begins with. What cannot be one is told by its
// first bytes, so that looking for one in damaged bytes takes no time.
func frameAt(b []byte) (size int, f frame, broken, ok bool) {
	size, err := frameSize(b)
	if err != nil || size > len(b) || size == headSize+1 || b[headSize] < recordFrame || b[headSize] > erasureFrame || int(b[headSize+1]) > size-headSize-2 {
		return 0, frame{}, false, false
	}
	f, broken, err = decode(b[:size])
	return size, f, broken, err == nil
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

// blotHoles overwrites what cannot be read: nobody knows whose secrets it holds.
func (s *segment) blotHoles(d disk) error {
	for _, h := range s.holes {
		at := max(h.at, int64(len(magic)))
		if err := d.write(s.file, make([]byte, h.at+h.size-at), at); err != nil {
			return err
		}
	}
	if len(s.holes) == 0 {
		return nil
	}
	s.holes = nil
	return d.sync(s.file)
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
