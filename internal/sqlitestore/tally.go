package sqlitestore

import (
	"encoding/binary"
	"errors"

	"github.com/consentry/consentry/internal/consent"
)

// What a row of tallies is of: an hour since 1970, or a consent.Date.
const (
	hourSpan = 0
	daySpan  = 1
)

// tallyKey names a row of tallies: all counters of a site in one hour or day.
type tallyKey struct {
	site     string
	span, at int64
}

// tally is a row's counters, by the ids of their keys in ascending order. Its
// bytes are, of each, the distance from the id before and the amount.
type tally []tallied

type tallied struct{ key, n int64 }

var errTally = errors.New("a row of counters is damaged")

func decodeTally(b []byte) (t tally, err error) {
	err = eachTallied(b, func(key, n int64) { t = append(t, tallied{key, n}) })
	return t, err
}

// appendCells adds a row's counters to a day's cells, as far as places has one.
func appendCells(list []consent.Cell, day consent.Date, b []byte, places []int32) ([]consent.Cell, error) {
	unknown := false
	err := eachTallied(b, func(key, n int64) {
		switch {
		case key >= int64(len(places)):
			unknown = true
		case n != 0 && places[key] >= 0:
			list = append(list, consent.Cell{Day: day, Key: places[key], N: n})
		}
	})
	if unknown {
		err = errTally
	}
	return list, err
}

func eachTallied(b []byte, yield func(key, n int64)) error {
	id := int64(0)
	for len(b) > 0 {
		step, size := binary.Uvarint(b)
		n, more := binary.Uvarint(b[max(size, 0):])
		if size <= 0 || more <= 0 {
			return errTally
		}
		id += int64(step)
		yield(id, int64(n))
		b = b[size+more:]
	}
	return nil
}

func (t tally) encode() []byte {
	b := make([]byte, 0, 4*len(t))
	before := int64(0)
	for _, c := range t {
		b = binary.AppendUvarint(b, uint64(c.key-before))
		b = binary.AppendUvarint(b, uint64(c.n))
		before = c.key
	}
	return b
}

// plus returns the sum of two tallies, and changes neither.
func (t tally) plus(more tally) tally {
	sum := make(tally, 0, len(t)+len(more))
	for len(t) > 0 && len(more) > 0 {
		switch a, b := t[0], more[0]; {
		case a.key < b.key:
			sum, t = append(sum, a), t[1:]
		case a.key > b.key:
			sum, more = append(sum, b), more[1:]
		default:
			sum, t, more = append(sum, tallied{a.key, a.n + b.n}), t[1:], more[1:]
		}
	}
	return append(append(sum, t...), more...)
}
