package redisstore

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// batch is one call of the append script: entries of one site, and what they add to
// counters, each named once.
type batch struct {
	call
	jobs []*job
	mark string // of the data that it is to be added to
}

// expect tells the script what it must find.
func (b *batch) expect(known marked) {
	b.mark = known.mark
	b.args[3], b.args[4] = known.mark, known.size
}

// batches sorts jobs by site, in their order.
func batches(jobs []*job) []*batch {
	var list []*batch
	for _, j := range jobs {
		i := slices.IndexFunc(list, func(b *batch) bool { return b.jobs[0].entry.Site == j.entry.Site })
		if i < 0 {
			i = len(list)
			list = append(list, &batch{})
		}
		list[i].jobs = append(list[i].jobs, j)
	}
	for _, b := range list {
		b.build()
	}
	return list
}

// build writes KEYS and ARGV as append.lua wants them.
func (b *batch) build() {
	site := b.jobs[0].entry.Site
	counts := counters{}
	b.keys = make([]string, 0, 2+2*len(b.jobs)+1)
	b.keys = append(b.keys, factsKey(site), logKey(site))
	entries := make([]any, 0, 3*len(b.jobs))
	for _, j := range b.jobs {
		e := &j.entry
		b.keys = append(b.keys, recordBucket(site, e.Record), subjectBucket(site, e.Subject))
		entries = append(entries, j.logged, j.secret, counts.addAll(e.Counts))
	}
	b.keys = append(b.keys, waitingKey(site))
	b.args = append(make([]any, 0, 5+len(entries)), schema, len(b.jobs), counts.encode(), "", 0) // expect knows the rest
	b.args = append(b.args, entries...)
}

// counters sums up the different counters of a call and numbers them from 1.
type counters struct {
	spans []spanned // one, but for batches around the hour
	list  []sum
}

// spanned are the numbers of the counters of one hour and day, by name.
type spanned struct {
	hour int64
	day  consent.Date
	seen map[string]int
}

// slot is one counter of one hour and day.
type slot struct {
	hour int64 // noHour for none
	day  consent.Date
	name string
}

const noHour = math.MinInt64

func slotOf(c consent.Count) slot {
	at := slot{hour: noHour, day: c.Day, name: c.Key}
	if !c.Hour.IsZero() {
		at.hour = hourOf(c.Hour)
	}
	return at
}

type sum struct {
	slot
	amount int64
}

// fewNames is how many counters a batch usually has.
const fewNames = 256

// span finds the counters of a slot's hour and day.
func (c *counters) span(at slot) map[string]int {
	for i := len(c.spans) - 1; i >= 0; i-- {
		if s := &c.spans[i]; s.hour == at.hour && s.day == at.day {
			return s.seen
		}
	}
	c.spans = append(c.spans, spanned{at.hour, at.day, make(map[string]int, fewNames)})
	return c.spans[len(c.spans)-1].seen
}

// add returns the counter's number.
func (c *counters) add(at slot, amount int64) int {
	seen := c.span(at)
	n, ok := seen[at.name]
	if !ok {
		if c.list == nil {
			c.list = make([]sum, 0, fewNames)
		}
		c.list = append(c.list, sum{slot: at})
		n = len(c.list)
		seen[at.name] = n
	}
	c.list[n-1].amount += amount
	return n
}

// addAll writes what one entry adds, as it stands at the end of what encode writes
// when the entry is not new.
func (c *counters) addAll(list []consent.Count) []byte {
	b := make([]byte, 0, 3*len(list))
	for _, count := range list {
		b = binary.AppendUvarint(b, uint64(c.add(slotOf(count), count.N)))
		b = binary.AppendVarint(b, count.N)
	}
	return b
}

// write adds the counters' keys to KEYS and six arguments for each to ARGV, as
// tally.lua wants them.
func (c *counters) write(site string, keys []string, args []any) ([]string, []any) {
	keys = append(keys, namesKey(site))
	places := make(map[string]int, 2)
	place := func(key string) int {
		n, ok := places[key]
		if !ok {
			keys = append(keys, key)
			n = len(keys)
			places[key] = n
		}
		return n
	}
	for _, s := range c.list {
		var hour, day int
		if s.hour != noHour {
			hour = place(hourKey(site, s.hour))
		}
		if s.day != 0 {
			day = place(dayKey(site, int64(s.day)))
		}
		args = append(args, s.name, s.amount, hour, s.hour, day, int64(s.day))
	}
	return keys, args
}
