package redisstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/consentry/consentry/internal/consent"
)

// What entries add to counters is appended to a stream by the script that appends
// them, one element for all entries of a batch, and folded into the counters by
// whoever comes next: this store within holdBack, or a reader of counters. So a
// decision costs Redis next to nothing more, and a counter one write for all
// decisions of half a second.

// foldChunk is how many elements of the stream are folded at once, and foldCounters
// how many different counters, unless one element has more.
const (
	foldChunk    = 1024
	foldCounters = 1000
)

// What an element says of a counter's hour and day.
const (
	sameSpan = 1 << iota // those of the counter before it
	hasHour
	hasDay
)

// encode writes an element of the stream: the number of counters and each with its
// hour and day, its name after what it shares with the one before, and the amount.
// The script puts behind it what is to be taken off again: numbers of counters, from
// 1, and amounts. Nothing is written of no counters.
func (c *counters) encode() []byte {
	if len(c.list) == 0 {
		return []byte{}
	}
	b := binary.AppendUvarint(make([]byte, 0, 24*len(c.list)), uint64(len(c.list)))
	before := sum{slot: slot{hour: noHour}}
	for i, s := range c.list {
		b = appendSpan(b, s.slot, before.slot, i > 0)
		shared := sharedPrefix(before.name, s.name)
		b = append(b, byte(shared))
		b = binary.AppendUvarint(b, uint64(len(s.name)-shared))
		b = append(b, s.name[shared:]...)
		b = binary.AppendVarint(b, s.amount)
		before = s
	}
	return b
}

func appendSpan(b []byte, at, before slot, follows bool) []byte {
	if follows && at.hour == before.hour && at.day == before.day {
		return append(b, sameSpan)
	}
	flags := byte(0)
	if at.hour != noHour {
		flags |= hasHour
	}
	if at.day != 0 {
		flags |= hasDay
	}
	b = append(b, flags)
	if at.hour != noHour {
		b = binary.AppendVarint(b, at.hour)
	}
	if at.day != 0 {
		b = binary.AppendVarint(b, int64(at.day))
	}
	return b
}

func sharedPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b), 255) && a[n] == b[n] {
		n++
	}
	return n
}

// element reads what encode and the script wrote.
type element struct {
	b   []byte
	bad bool
}

func (e *element) byte() byte {
	if len(e.b) == 0 {
		e.bad = true
		return 0
	}
	first := e.b[0]
	e.b = e.b[1:]
	return first
}

func (e *element) uvarint() uint64 {
	n, size := binary.Uvarint(e.b)
	if size <= 0 {
		e.bad, e.b = true, nil
		return 0
	}
	e.b = e.b[size:]
	return n
}

func (e *element) varint() int64 {
	n, size := binary.Varint(e.b)
	if size <= 0 {
		e.bad, e.b = true, nil
		return 0
	}
	e.b = e.b[size:]
	return n
}

func (e *element) slot(before slot) slot {
	at := slot{hour: noHour}
	switch flags := e.byte(); {
	case flags&sameSpan != 0:
		at.hour, at.day = before.hour, before.day
	default:
		if flags&hasHour != 0 {
			at.hour = e.varint()
		}
		if flags&hasDay != 0 {
			at.day = consent.Date(e.varint())
		}
	}
	shared := min(int(e.byte()), len(before.name))
	rest := min(e.uvarint(), uint64(len(e.b)))
	at.name = before.name[:shared] + string(e.b[:rest])
	e.b = e.b[rest:]
	return at
}

// decodeSums reads an element. Errors: errForeign.
func decodeSums(b string) ([]sum, error) {
	e := element{b: []byte(b)}
	before := slot{hour: noHour}
	size := min(e.uvarint(), uint64(len(b)))
	list := make([]sum, 0, size)
	for range size {
		s := sum{slot: e.slot(before)}
		s.amount, before = e.varint(), s.slot
		list = append(list, s)
	}
	for len(e.b) > 0 {
		number, amount := e.uvarint(), e.varint()
		if number == 0 || number > uint64(len(list)) {
			return nil, fmt.Errorf("%w: counters that wait", errForeign)
		}
		list[number-1].amount -= amount
	}
	if e.bad {
		return nil, fmt.Errorf("%w: counters that wait", errForeign)
	}
	return list, nil
}

// fold adds to a site's counters what waits for it. It may be done by several at
// once: who is overtaken looks again.
func (s *Store) fold(ctx context.Context, site string) error {
	for {
		list, err := s.client.XRangeN(ctx, waitingKey(site), "-", "+", foldChunk).Result()
		if err != nil {
			return unavailable(err)
		}
		if len(list) == 0 {
			return nil
		}
		c, taken := s.foldCall(site, list)
		s.run(ctx, s.scripts.fold, []*call{c})
		done, err := c.cmd.Int()
		if err != nil {
			return unavailable(err)
		}
		if done == 1 && taken == len(list) && taken < foldChunk {
			return nil
		}
	}
}

// foldCall sums up the first elements of a list that is not empty.
func (s *Store) foldCall(site string, list []redis.XMessage) (c *call, taken int) {
	counts := counters{}
	for ; taken < len(list) && len(counts.list) < foldCounters; taken++ {
		sums, err := decodeSums(text(list[taken].Values["c"]))
		if err != nil {
			s.options.Log.Warn("counters were lost", "site", site, "error", err)
			continue
		}
		for _, one := range sums {
			counts.add(one.slot, one.amount)
		}
	}
	c = &call{}
	c.keys, c.args = counts.write(site, []string{factsKey(site), waitingKey(site)}, []any{schema, taken, len(counts.list)})
	for _, m := range list[:taken] {
		c.args = append(c.args, m.ID)
	}
	return c, taken
}

// adopt has every site folded once: a server that was killed has left something, and
// nobody else's first page should pay for it.
func (s *Store) adopt(ctx context.Context) error {
	sites, err := s.sites(ctx)
	for _, site := range sites {
		s.waits.Store(site, true)
	}
	return err
}

// foldAll folds the sites that this store has added to.
func (s *Store) foldAll(ctx context.Context) error {
	var failed error
	s.waits.Range(func(site, _ any) bool {
		s.waits.Delete(site) // before: what is added meanwhile waits for the next time
		if err := s.fold(ctx, site.(string)); err != nil {
			s.waits.Store(site, true)
			failed = errors.Join(failed, err)
		}
		return true
	})
	return failed
}
