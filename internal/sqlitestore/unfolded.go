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

// What the newest commits of a site add to counters stands in the site's own row,
// which each of them writes anyway, and is folded into rows of tallies when it has
// become long or the hour another one. So a commit writes no page more for counters,
// and a crash loses none. Who reads counters adds what is not folded.

// maxUnfolded is how many bytes of it a site's row may hold: several thousand would
// make the row a page of its own.
const maxUnfolded = 1500

// unfolded is by span, the oldest first. Its bytes are, of each, the hour, the day,
// the length of the tally and the tally.
type unfolded []unfoldedSpan

type unfoldedSpan struct {
	span
	tally tally
}

func (u unfolded) encode() (b []byte) {
	for _, s := range u {
		t := s.tally.encode()
		b = binary.AppendVarint(b, s.hour)
		b = binary.AppendVarint(b, int64(s.day))
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	return b
}

func decodeUnfolded(site string, b []byte) (u unfolded, err error) {
	for len(b) > 0 {
		hour, n := binary.Varint(b)
		day, m := binary.Varint(b[max(n, 0):])
		size, k := binary.Uvarint(b[max(n, 0)+max(m, 0):])
		if n <= 0 || m <= 0 || k <= 0 || uint64(len(b)-n-m-k) < size {
			return nil, errTally
		}
		b = b[n+m+k:]
		t, err := decodeTally(b[:size])
		if err != nil {
			return nil, err
		}
		u = append(u, unfoldedSpan{span{site, hour, consent.Date(day)}, t})
		b = b[size:]
	}
	return u, nil
}

// add returns the same with more of one span. It changes nothing that u holds.
func (u unfolded) add(at span, more tally) unfolded {
	u = slices.Clone(u)
	i := slices.IndexFunc(u, func(s unfoldedSpan) bool { return s.span == at })
	if i < 0 {
		return append(u, unfoldedSpan{at, more})
	}
	u[i].tally = u[i].tally.plus(more)
	return u
}

// row is what is to be added to a row of tallies.
func (u unfolded) row(kind, at int64) (t tally) {
	for _, s := range u {
		if kind == hourSpan && s.hour == at || kind == daySpan && s.day != 0 && int64(s.day) == at {
			t = t.plus(s.tally)
		}
	}
	return t
}

// rows are the rows of tallies that it is to be added to.
func (u unfolded) rows() (list []tallyKey) {
	for _, s := range u {
		hour, day := tallyKey{s.site, hourSpan, s.hour}, tallyKey{s.site, daySpan, int64(s.day)}
		if s.hour != noHour && !slices.Contains(list, hour) {
			list = append(list, hour)
		}
		if s.day != 0 && !slices.Contains(list, day) {
			list = append(list, day)
		}
	}
	return list
}

// maxTallies is how many rows the writer remembers: those of the current hour and
// day of each site, unless there are very many sites.
const maxTallies = 256

// writeCounts adds the plan's counters to what their sites' rows will hold, or folds
// them.
func (w *writer) writeCounts() error {
	for at, sums := range w.plan.counts {
		t, err := w.tallyOf(sums)
		if err != nil {
			return fmt.Errorf("write counters: %w", err)
		}
		s := w.sites[at.site]
		s.dueCounts = s.dueCounts.add(at, t)
		s.counted = true
	}
	for _, s := range w.plan.sites {
		if !s.counted {
			continue
		}
		if s.dueCell = s.dueCounts.encode(); len(s.dueCounts) == 1 && len(s.dueCell) <= maxUnfolded {
			continue
		}
		if err := w.fold(s.id, s.dueCounts); err != nil {
			return fmt.Errorf("write counters: %w", err)
		}
		s.dueCounts, s.dueCell = nil, nil
	}
	return nil
}

func (w *writer) fold(site int64, u unfolded) error {
	for _, at := range u.rows() {
		t, known := w.tallies[at]
		if !known {
			var damaged error
			err := w.sql.findTally.query(func(v []driver.Value) { t, damaged = decodeTally(v[0].([]byte)) }, site, at.span, at.at)
			if err := errors.Join(err, damaged); err != nil {
				return err
			}
		}
		if len(w.tallies) >= maxTallies {
			clear(w.tallies)
		}
		t = t.plus(u.row(at.span, at.at))
		w.tallies[at] = t
		if err := w.sql.putTally.exec(site, at.span, at.at, t.encode()); err != nil {
			return err
		}
	}
	return nil
}

// tallyOf finds the ids of the counters in the file.
func (w *writer) tallyOf(sums map[int32]int64) (tally, error) {
	t := make(tally, 0, len(sums))
	for number, n := range sums {
		id, err := w.counterID(number)
		if err != nil {
			return nil, err
		}
		t = append(t, tallied{id, n})
	}
	slices.SortFunc(t, func(a, b tallied) int { return cmp.Compare(a.key, b.key) })
	return t, nil
}

// counterID returns a counter's id in the file. What is remembered of it goes with a
// transaction that fails: the file may give the id of a new name to another one.
func (w *writer) counterID(number int32) (id int64, err error) {
	if id := w.ids[number]; id != 0 {
		return id, nil
	}
	name := w.names.name(number)
	read := func(v []driver.Value) { id = v[0].(int64) }
	if err := w.sql.findKey.query(read, name); err != nil {
		return 0, err
	}
	if id != 0 {
		w.ids[number] = id
		return id, nil
	}
	if err := w.sql.addKey.exec(name); err != nil {
		return 0, err
	}
	return id, w.sql.findKey.query(read, name)
}
