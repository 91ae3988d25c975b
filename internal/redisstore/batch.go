package redisstore

import (
	"slices"

	"github.com/consentry/consentry/internal/consent"
)

// batch is one call of the append script: entries of one site, and the counters
// that they add to, each named once.
type batch struct {
	call
	jobs []*job
}

// counter is what one entry adds, so that the script only has to count how many
// new entries add it.
type counter struct {
	hour   int64
	name   string
	amount int64
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
	counts := newCounters(2 + 2*len(b.jobs))
	b.keys = make([]string, 0, 2+2*len(b.jobs)+1)
	b.keys = append(b.keys, factsKey(site), logKey(site))
	entries := make([]any, 0, 5*len(b.jobs))
	for _, j := range b.jobs {
		e := &j.entry
		b.keys = append(b.keys, recordBucket(site, e.Record), subjectBucket(site, e.Subject))
		entries = append(entries, e.Record[bucketSize:], e.Subject[bucketSize:], j.secret, j.logged, counts.numbers(e.Counts))
	}
	for _, hour := range counts.hours {
		b.keys = append(b.keys, countsKey(site, hour))
	}
	b.args = make([]any, 0, 3+len(counts.args)+len(entries))
	b.args = append(b.args, schema, len(b.jobs), len(counts.seen))
	b.args = append(append(b.args, counts.args...), entries...)
}

// counters numbers the different counters of a batch from 1.
type counters struct {
	keysBefore int // in the script's KEYS
	seen       map[counter]int
	hours      []int64
	args       []any // four for each: place in KEYS, hour, name, amount
}

func newCounters(keysBefore int) counters {
	return counters{keysBefore: keysBefore, seen: make(map[counter]int)}
}

// number returns a counter's number and adds it when it is new.
func (c *counters) number(key counter) int {
	if n, ok := c.seen[key]; ok {
		return n
	}
	hour := slices.Index(c.hours, key.hour)
	if hour < 0 {
		hour = len(c.hours)
		c.hours = append(c.hours, key.hour)
	}
	c.args = append(c.args, c.keysBefore+hour+1, key.hour, key.name, key.amount)
	c.seen[key] = len(c.seen) + 1
	return len(c.seen)
}

// numbers writes two bytes for each counter.
func (c *counters) numbers(list []consent.Count) []byte {
	b := make([]byte, 0, 2*len(list))
	for _, count := range list {
		n := c.number(counter{hourOf(count.Hour), count.Key, count.N})
		b = append(b, byte(n>>8), byte(n))
	}
	return b
}
