package sqlitestore

import (
	"math"
	"sync"

	"github.com/consentry/consentry/internal/consent"
)

// secondsAnHour turns an hour's number into Unix seconds.
const secondsAnHour = 3600

// span is an hour and a day of a site. All counters of one decision are of one, so
// that each is added once and not for the hour and the day.
type span struct {
	site string
	hour int64 // noHour for none
	day  consent.Date
}

const noHour = math.MinInt64

func spanOf(site string, c *consent.Count) span {
	at := span{site, noHour, c.Day}
	if !c.Hour.IsZero() {
		at.hour = c.Hour.Unix() / secondsAnHour
	}
	return at
}

// addition is what is to be added to counters of one span.
type addition struct {
	span
	list []added
}

// added is by the number of the counter's name.
type added struct {
	name int32
	n    int64
}

// names number counters. Who brings counters looks their numbers up, beside the
// writer: a decision has dozens, and looking at their names would take the writer as
// long as the record.
type names struct {
	mu      sync.RWMutex
	numbers map[string]int32
	list    []string // by number
}

func newNames() *names { return &names{numbers: make(map[string]int32)} }

// additions sorts a list by span.
func (n *names) additions(site string, list []consent.Count) (sorted []addition) {
	numbers := n.all(list)
	for from := 0; from < len(list); {
		a := addition{span: spanOf(site, &list[from])}
		to := from
		for to < len(list) && list[to].Day == list[from].Day && list[to].Hour.Equal(list[from].Hour) {
			numbers[to].n = list[to].N
			to++
		}
		a.list = numbers[from:to]
		sorted = append(sorted, a)
		from = to
	}
	return sorted
}

// all numbers the names of a list.
func (n *names) all(list []consent.Count) []added {
	numbers := make([]added, len(list))
	n.mu.RLock()
	known := true
	for i := range list {
		var ok bool
		numbers[i].name, ok = n.numbers[list[i].Key]
		known = known && ok
	}
	n.mu.RUnlock()
	if !known {
		n.mu.Lock()
		defer n.mu.Unlock()
		for i := range list {
			numbers[i].name = n.number(list[i].Key)
		}
	}
	return numbers
}

func (n *names) number(name string) int32 {
	number, ok := n.numbers[name]
	if !ok {
		number = int32(len(n.list))
		n.numbers[name] = number
		n.list = append(n.list, name)
	}
	return number
}

func (n *names) name(number int32) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.list[number]
}

// counts are what is to be added, by span and the number of the name.
type counts map[span]map[int32]int64

func (c counts) add(list []addition) {
	for i := range list {
		sums := c.of(list[i].span)
		for _, a := range list[i].list {
			sums[a.name] += a.n
		}
	}
}

func (c counts) of(at span) map[int32]int64 {
	sums := c[at]
	if sums == nil {
		sums = make(map[int32]int64)
		c[at] = sums
	}
	return sums
}

// addAll adds other counts.
func (c counts) addAll(more counts) {
	for at, add := range more {
		sums := c.of(at)
		for name, n := range add {
			sums[name] += n
		}
	}
}

// size is how many counters are to be added to.
func (c counts) size() (n int) {
	for _, sums := range c {
		n += len(sums)
	}
	return n
}
