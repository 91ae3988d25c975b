package redisstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// An entry's bytes of the log: their number in two bytes, big endian, then what
// they are, then the rest.
const (
	recordEntry   = 1 // record 16, subject 16, time 6, leaf 32, sealed
	artefactEntry = 2 // time 6, leaf 32, length of kind 1, kind, digest
)

const (
	lengthSize  = 2
	timeSize    = 6 // milliseconds since 1970, big endian, signed
	leafSize    = 32
	headSize    = timeSize + leafSize
	recordSize  = 1 + 16 + 16 + headSize // and the sealed bytes
	secretsSize = 16 + 16                // secret and receipt
)

// errForeign is data that this program did not write.
var errForeign = errors.New("data in the store that this program cannot read")

func appendTime(b []byte, t time.Time) []byte {
	ms := t.UnixMilli()
	return append(b, byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms))
}

// readTime needs timeSize bytes.
func readTime(b string) time.Time {
	var ms int64
	for i := range timeSize {
		ms = ms<<8 | int64(b[i])
	}
	return time.UnixMilli(ms << 16 >> 16).UTC()
}

// encodeRecord writes a new entry's bytes of the log, followed by its secrets.
func encodeRecord(e *consent.Entry) (entry, secrets []byte) {
	size := recordSize + len(e.Sealed)
	b := make([]byte, 0, lengthSize+size+secretsSize)
	b = append(binary.BigEndian.AppendUint16(b, uint16(size)), recordEntry)
	b = append(b, e.Record[:]...)
	b = append(b, e.Subject[:]...)
	b = append(appendTime(b, e.Time), e.Leaf[:]...)
	b = append(b, e.Sealed...)
	end := len(b)
	b = append(append(b, e.Secret[:]...), e.Receipt[:]...)
	return b[:end:end], b[end:]
}

// decodeRecord reads what encodeRecord wrote, without the length; addSecrets
// does the rest.
func decodeRecord(site, b string) (consent.Stored, error) {
	if len(b) < recordSize || b[0] != recordEntry {
		return consent.Stored{}, errForeign
	}
	s := consent.Stored{Entry: consent.Entry{Site: site}}
	b = b[1:]
	b = b[copy(s.Record[:], b):]
	b = b[copy(s.Subject[:], b):]
	s.Time = readTime(b)
	b = b[timeSize:]
	b = b[copy(s.Leaf[:], b):]
	s.Sealed = []byte(b)
	return s, nil
}

// addSecrets puts in what a record's bucket holds of it, and reports whether the
// record was pruned. Nothing at all is what an evicting Redis leaves: the secret
// is gone, so the record is erased.
func addSecrets(s *consent.Stored, held string) (pruned bool) {
	if len(held) <= secretsSize {
		s.Erased, pruned = true, strings.HasSuffix(held, "x")
		if pruned {
			s.Subject, s.Sealed = consent.ID{}, nil
		}
		return pruned
	}
	copy(s.Secret[:], held)
	copy(s.Receipt[:], held[len(s.Secret):])
	return false
}

// awaited is what a bucket holds of a record that was erased before it came.
const awaited = "0"

// heldIndex reads the place in the log that ends what a bucket or a head holds.
func heldIndex(held string, size int) (int64, error) {
	if len(held) > size {
		held = held[size:]
	}
	place, err := strconv.ParseInt(strings.TrimRight(held, "!x"), 10, 64)
	if err != nil || place < 1 {
		return 0, fmt.Errorf("%w: no place in the log", errForeign)
	}
	return place - 1, nil
}

// encodeHead writes what is kept of an artefact beside its name and index.
func encodeHead(a *consent.Artefact) []byte {
	return append(appendTime(make([]byte, 0, headSize), a.Time), a.Leaf[:]...)
}

func decodeHead(a *consent.Artefact, b string) (err error) {
	if len(b) <= headSize {
		return errForeign
	}
	a.Time = readTime(b)
	copy(a.Leaf[:], b[timeSize:])
	a.Index, err = heldIndex(b, headSize)
	return err
}

// encodeArtefact writes an artefact's bytes of the log. A kind has at most 255
// bytes.
func encodeArtefact(a *consent.Artefact) []byte {
	size := 1 + headSize + 1 + len(a.Kind) + len(a.Digest)
	b := binary.BigEndian.AppendUint16(make([]byte, 0, lengthSize+size), uint16(size))
	b = append(append(b, artefactEntry), encodeHead(a)...)
	b = append(append(b, byte(len(a.Kind))), a.Kind...)
	return append(b, a.Digest...)
}

// pieceLast is the last place of a piece that decodePiece takes.
func pieceLast(piece redis.XMessage) int64 {
	number, _, _ := strings.Cut(piece.ID, "-")
	last, _ := strconv.ParseInt(number, 10, 64)
	return last
}

// decodePiece reads a piece of the log: entries up to the place that names the
// piece, each after the place of its subject's entry before it and a space. The
// records lack their secrets.
func decodePiece(site string, piece redis.XMessage) (list []consent.LogEntry, err error) {
	number, _, _ := strings.Cut(piece.ID, "-")
	last, err := strconv.ParseInt(number, 10, 64)
	rest := text(piece.Values["e"])
	if err != nil || rest == "" {
		return nil, errForeign
	}
	for rest != "" {
		_, after, _ := strings.Cut(rest, " ")
		if len(after) < lengthSize {
			return nil, errForeign
		}
		end := lengthSize + int(after[0])<<8 + int(after[1])
		if len(after) < end {
			return nil, errForeign
		}
		e, err := decodeEntry(site, after[lengthSize:end])
		if err != nil {
			return nil, err
		}
		list, rest = append(list, e), after[end:]
	}
	for i := range list {
		setIndex(&list[i], last-int64(len(list)-i))
	}
	return list, nil
}

// decodeEntry reads one entry without its index and secrets.
func decodeEntry(site, b string) (e consent.LogEntry, err error) {
	switch {
	case b == "":
		return e, errForeign
	case b[0] == recordEntry:
		e.Record, err = decodeRecord(site, b)
		e.Leaf = e.Record.Leaf
	case b[0] == artefactEntry:
		err = decodeNamed(&e, b[1:])
	default:
		err = errForeign
	}
	return e, err
}

func decodeNamed(e *consent.LogEntry, b string) error {
	if len(b) <= headSize || len(b) < headSize+1+int(b[headSize]) {
		return errForeign
	}
	copy(e.Leaf[:], b[timeSize:])
	kind := int(b[headSize])
	b = b[headSize+1:]
	e.Kind, e.Digest = b[:kind], b[kind:]
	return nil
}

func setIndex(e *consent.LogEntry, index int64) {
	e.Index = index
	if e.Kind == "" {
		e.Record.Index = index
	}
}
