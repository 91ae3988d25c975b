package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// A segment is a file: 8 bytes that say what it is, then frames. A frame is
//
//	4   length of the body
//	4   CRC-32C of the length and the body
//	32  secret and receipt of a record, else zeros
//	4   CRC-32C of these; zero too once the record is erased
//	n   the body, see the encode functions
//
// The secrets stand apart so that erasing can overwrite them in place.
const (
	magic       = "CNSTBX1\n"
	secretsAt   = 8
	secretsSize = 36
	headSize    = secretsAt + secretsSize
	maxBody     = 16 << 20
)

// What a body holds is its first byte.
const (
	recordFrame   = 1
	artefactFrame = 2
	erasureFrame  = 3
)

// errFrame is bytes that are no whole frame.
var errFrame = errors.New("no whole frame")

// checksums is never written to.
var checksums = crc32.MakeTable(crc32.Castagnoli)

// limits of what a frame can say.
const (
	maxName   = 255
	maxSealed = 1 << 16
	maxCounts = 255
	maxIDs    = 1 << 16
)

// frame is what was written, decoded: one of the three.
type frame struct {
	kind     byte
	site     string
	entry    consent.Entry
	erased   bool // entry lacks its secrets
	artefact consent.Artefact
	erasures []consent.Erasure
}

// admit refuses an entry that no frame could hold.
func admit(e *consent.Entry) error {
	if len(e.Site) > maxName || len(e.Sealed) >= maxSealed || len(e.Counts) > maxCounts {
		return fmt.Errorf("append record: %d counters and %d sealed bytes, at most %d and %d", len(e.Counts), len(e.Sealed), maxCounts, maxSealed)
	}
	return nil
}

func encodeRecord(e *consent.Entry) ([]byte, error) {
	if err := admit(e); err != nil {
		return nil, err
	}
	b := begin(recordFrame, e.Site, 160+len(e.Sealed)+48*len(e.Counts))
	b = append(append(b, e.Record[:]...), e.Subject[:]...)
	b = appendTime(append(b, e.Leaf[:]...), e.Time)
	b = append(binary.AppendUvarint(b, uint64(len(e.Sealed))), e.Sealed...)
	b = append(b, byte(len(e.Counts)))
	for _, c := range e.Counts {
		b = binary.AppendVarint(binary.AppendVarint(b, countTime(c)), c.N)
		b = append(binary.AppendUvarint(b, uint64(len(c.Key))), c.Key...)
	}
	secrets := b[secretsAt : headSize-4]
	copy(secrets[copy(secrets, e.Secret[:]):], e.Receipt[:])
	binary.BigEndian.PutUint32(b[headSize-4:], crc32.Checksum(secrets, checksums))
	return end(b)
}

// countTime puts a counter's hour and day into one number: the hour's Unix seconds,
// whose remainder of 3600 says which day beside the hour's own in UTC it adds to, by
// the middle one; 0 is none, as older programs wrote it. Of a counter without an hour
// it is the day's midnight, with the remainder 1.
func countTime(c consent.Count) int64 {
	switch at := c.Hour.Unix(); {
	case c.Hour.IsZero():
		return c.Day.Time().Unix() + dayAlone
	case c.Day != 0:
		return at + sameDay + int64(c.Day-consent.DateOf(c.Hour, time.UTC))
	default:
		return at
	}
}

const (
	dayAlone = 1
	sameDay  = 1800
)

func countAt(at int64) (c consent.Count) {
	hour := time.Unix(at, 0).UTC().Truncate(time.Hour)
	switch rest := at - hour.Unix(); rest {
	case 0:
		return consent.Count{Hour: hour}
	case dayAlone:
		return consent.Count{Day: consent.DateOf(hour, time.UTC)}
	default:
		return consent.Count{Hour: hour, Day: consent.DateOf(hour, time.UTC) + consent.Date(rest-sameDay)}
	}
}

func encodeArtefact(site string, a *consent.Artefact) ([]byte, error) {
	if len(site) > maxName || a.Kind == "" || len(a.Kind) > maxName || len(a.Digest) > maxName {
		return nil, errors.New("put artefact: a kind has 1 to 255 bytes, a digest up to 255")
	}
	b := begin(artefactFrame, site, 128+len(a.Body))
	b = append(append(b, byte(len(a.Kind))), a.Kind...)
	b = append(append(b, byte(len(a.Digest))), a.Digest...)
	b = appendTime(append(b, a.Leaf[:]...), a.Time)
	return end(append(b, a.Body...))
}

func encodeErasures(site string, list []consent.Erasure) ([]byte, error) {
	if len(site) > maxName || len(list) >= maxIDs {
		return nil, fmt.Errorf("erase: %d ids at once, at most %d", len(list), maxIDs-1)
	}
	b := begin(erasureFrame, site, 32+24*len(list))
	for _, e := range list {
		b = appendTime(append(b, e.Record[:]...), e.Time)
	}
	return end(b)
}

// begin leaves room for the head; a frame's body starts with its kind and site.
func begin(kind byte, site string, size int) []byte {
	b := make([]byte, headSize, headSize+size)
	return append(append(b, kind, byte(len(site))), site...)
}

// end fills in the head.
func end(b []byte) ([]byte, error) {
	if len(b)-headSize > maxBody {
		return nil, fmt.Errorf("%d bytes are too many for the outbox, at most %d", len(b)-headSize, maxBody)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-headSize))
	binary.BigEndian.PutUint32(b[4:], checksum(b))
	return b, nil
}

func checksum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:4], checksums), checksums, b[headSize:])
}

func appendTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, t.UnixMilli()) }

// frameBody reads the length of the body out of a head.
func frameBody(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// frameSize returns how long the frame is whose head b starts with.
func frameSize(b []byte) (int, error) {
	if len(b) < headSize {
		return 0, errFrame
	}
	n := frameBody(b)
	if n == 0 || n > maxBody {
		return 0, errFrame
	}
	return headSize + int(n), nil
}

// decode reads one whole frame. A record whose secrets are neither whole nor
// gone counts as erased with broken true.
func decode(b []byte) (f frame, broken bool, err error) {
	if n, err := frameSize(b); err != nil || n != len(b) || binary.BigEndian.Uint32(b[4:]) != checksum(b) {
		return frame{}, false, errFrame
	}
	r := reader{b: b[headSize:]}
	f.kind = r.byte()
	f.site = r.text(int(r.byte()))
	switch f.kind {
	case recordFrame:
		broken = f.record(&r, b[secretsAt:headSize])
	case artefactFrame:
		f.artefact.Kind = r.text(int(r.byte()))
		f.artefact.Digest = r.text(int(r.byte()))
		copy(f.artefact.Leaf[:], r.take(len(f.artefact.Leaf)))
		f.artefact.Time = r.time()
		f.artefact.Body = r.take(len(r.b))
	case erasureFrame:
		for len(r.b) > 0 && !r.failed {
			f.erasures = append(f.erasures, consent.Erasure{Record: r.id(), Time: r.time()})
		}
	default:
		r.failed = true
	}
	if r.failed || len(r.b) > 0 {
		return frame{}, false, errFrame
	}
	return f, broken, nil
}

func (f *frame) record(r *reader, secrets []byte) (broken bool) {
	e := &f.entry
	e.Site, e.Record, e.Subject = f.site, r.id(), r.id()
	copy(e.Leaf[:], r.take(len(e.Leaf)))
	e.Time = r.time()
	e.Sealed = r.take(int(r.uvarint()))
	for range r.byte() {
		c := countAt(r.varint())
		c.N = r.varint()
		c.Key = r.text(int(r.uvarint()))
		e.Counts = append(e.Counts, c)
	}
	sum := binary.BigEndian.Uint32(secrets[secretsSize-4:])
	if sum != crc32.Checksum(secrets[:secretsSize-4], checksums) {
		f.erased = true
		return [secretsSize]byte(secrets) != [secretsSize]byte{}
	}
	copy(e.Receipt[:], secrets[copy(e.Secret[:], secrets):])
	return false
}

// reader reads until something does not fit, then yields zeros.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.failed, r.b = true, nil
		return nil
	}
	head := r.b[:n:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) text(n int) string   { return string(r.take(n)) }
func (r *reader) id() (id consent.ID) { copy(id[:], r.take(len(id))); return id }
func (r *reader) time() time.Time     { return time.UnixMilli(r.varint()).UTC() }
func (r *reader) number(n uint64, size int) uint64 {
	if size <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) uvarint() uint64 { n, size := binary.Uvarint(r.b); return r.number(n, size) }
func (r *reader) varint() int64 {
	n, size := binary.Varint(r.b)
	return int64(r.number(uint64(n), size))
}
