package sqlitestore

import (
	"cmp"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// The spans of a row of tallies: hours since 1970, and consent.Dates.
const (
	hourSpan = 0
	daySpan  = 1
)

// secondsAnHour turns an hour's number into Unix seconds.
const secondsAnHour = 3600

// tallyKey names a row of tallies: all counters of a site in one hour or day.
type tallyKey struct {
	site     string
	span, at int64
}

// counts are what is to be added, by row and key.
type counts map[tallyKey]map[string]int64

// add looks for a row once for all counters in turn that are of its hour or day, as
// those of one decision are.
func (c counts) add(site string, list []consent.Count) {
	hour, day := tallyKey{site: site, span: hourSpan}, tallyKey{site: site, span: daySpan}
	var hourRow, dayRow map[string]int64
	for _, n := range list {
		if !n.Hour.IsZero() {
			if at := n.Hour.Unix() / secondsAnHour; hourRow == nil || at != hour.at {
				hour.at = at
				hourRow = c.row(hour)
			}
			hourRow[n.Key] += n.N
		}
		if n.Day != 0 {
			if at := int64(n.Day); dayRow == nil || at != day.at {
				day.at = at
				dayRow = c.row(day)
			}
			dayRow[n.Key] += n.N
		}
	}
}

// fewNames is how many different counters a batch usually adds to.
const fewNames = 128

func (c counts) row(at tallyKey) map[string]int64 {
	row := c[at]
	if row == nil {
		row = make(map[string]int64, fewNames)
		c[at] = row
	}
	return row
}

// addAll adds other counts.
func (c counts) addAll(more counts) {
	for at, add := range more {
		row := c.row(at)
		for key, n := range add {
			row[key] += n
		}
	}
}

// size is how many counters are to be added to.
func (c counts) size() (n int) {
	for _, row := range c {
		n += len(row)
	}
	return n
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

// add returns the tally with n more of a key.
func (t tally) add(key, n int64) tally {
	i, found := slices.BinarySearchFunc(t, key, func(c tallied, key int64) int { return cmp.Compare(c.key, key) })
	if found {
		t[i].n += n
		return t
	}
	return slices.Insert(t, i, tallied{key, n})
}

// maxTallies is how many rows the writer remembers: those of the current hour and
// day of each site, unless there are very many sites.
const maxTallies = 256

// writeCounts adds the plan's counters to their rows: one write for each hour and
// day of a site, however many counters it has.
func (w *writer) writeCounts() error {
	for at, row := range w.plan.counts {
		if err := w.writeTally(at, row); err != nil {
			return fmt.Errorf("write counters: %w", err)
		}
	}
	return nil
}

func (w *writer) writeTally(at tallyKey, add map[string]int64) error {
	site := w.sites[at.site].id
	t, known := w.tallies[at]
	if !known {
		var damaged error
		err := w.sql.findTally.query(func(v []driver.Value) { t, damaged = decodeTally(v[0].([]byte)) }, site, at.span, at.at)
		if err := errors.Join(err, damaged); err != nil {
			return err
		}
	}
	for name, n := range add {
		id, err := w.counterKey(name)
		if err != nil {
			return err
		}
		t = t.add(id, n)
	}
	if len(w.tallies) >= maxTallies {
		clear(w.tallies)
	}
	w.tallies[at] = t
	return w.sql.putTally.exec(site, at.span, at.at, t.encode())
}

// counterKey returns a key's id. The memory of it may outlive a transaction
// that failed, so a new key is remembered only once it was found in the file.
func (w *writer) counterKey(name string) (id int64, err error) {
	if id, ok := w.keys[name]; ok {
		return id, nil
	}
	read := func(v []driver.Value) { id = v[0].(int64) }
	if err := w.sql.findKey.query(read, name); err != nil {
		return 0, err
	}
	if id != 0 {
		w.keys[name] = id
		return id, nil
	}
	if err := w.sql.addKey.exec(name); err != nil {
		return 0, err
	}
	return id, w.sql.findKey.query(read, name)
}
