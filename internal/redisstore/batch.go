package redisstore

import (
	"slices"
	"strconv"

	"github.com/consentry/consentry/internal/consent"
)

// batch is one call of the append script: entries of one site, and the counters
// that they add to, each named once.
type batch struct {
	call
	jobs []*job
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
	counts := newCounters()
	b.keys = make([]string, 0, 2+2*len(b.jobs)+1)
	b.keys = append(b.keys, factsKey(site), logKey(site))
	entries := make([]any, 0, 3*len(b.jobs))
	for _, j := range b.jobs {
		e := &j.entry
		b.keys = append(b.keys, recordBucket(site, e.Record), subjectBucket(site, e.Subject))
		entries = append(entries, j.logged, j.secret, counts.addAll(e.Counts))
	}
	b.args = append(make([]any, 0, 3+4*len(counts.list)+len(entries)), schema, len(b.jobs), len(counts.list))
	b.keys, b.args = counts.write(site, b.keys, b.args)
	b.args = append(b.args, entries...)
}

// counters sums up the different counters of a call and numbers them from 1.
type counters struct {
	seen map[slot]int
	list []sum
}

// slot is one counter of one hour.
type slot struct {
	hour int64
	name string
}

type sum struct {
	slot
	amount int64
}

func newCounters() counters { return counters{seen: make(map[slot]int)} }

// add returns the counter's number.
func (c *counters) add(at slot, amount int64) int {
	n, ok := c.seen[at]
	if !ok {
		c.list = append(c.list, sum{slot: at})
		n = len(c.list)
		c.seen[at] = n
	}
	c.list[n-1].amount += amount
	return n
}

// addAll writes what one entry adds.
func (c *counters) addAll(list []consent.Count) []byte {
	b := make([]byte, 0, 5*len(list))
	for _, count := range list {
		b = strconv.AppendInt(b, int64(c.add(slot{hourOf(count.Hour), count.Key}, count.N)), 10)
		b = append(b, ':')
		b = append(strconv.AppendInt(b, count.N, 10), ';')
	}
	return b
}

// write adds the hours' keys to KEYS and four arguments for each counter to ARGV.
func (c *counters) write(site string, keys []string, args []any) ([]string, []any) {
	places := make(map[int64]int, 1)
	for _, s := range c.list {
		place, ok := places[s.hour]
		if !ok {
			keys = append(keys, countsKey(site, s.hour))
			place = len(keys)
			places[s.hour] = place
		}
		args = append(args, place, s.hour, s.name, s.amount)
	}
	return keys, args
}
