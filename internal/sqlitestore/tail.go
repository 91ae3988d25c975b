package sqlitestore

import (
	"iter"
	"sync"
)

// generationSize is how many records may wait for by_record and by_subject.
// Their keys are random, and an insert for each record would dirty two pages of
// its own in every commit; in sorted thousands, neighbours share a page. Two
// generations of this many are read again at the start.
const generationSize = 32768

// nobody is the subject of entries that are in no history.
var nobody [16]byte

// key is a record's or a subject's id at a site.
type key struct {
	site int64
	id   [16]byte
}

// tailRow is a record that is durable, but not in by_record and by_subject yet.
type tailRow struct {
	site, index     int64
	record, subject [16]byte
	earlier         int32 // row of the same subject before this one, or -1
}

// generation is a run of such records. One that is frozen changes no more.
type generation struct {
	rows    []tailRow
	record  map[key]int32
	subject map[key]int32 // the subject's newest row
}

func newGeneration(size int) *generation {
	return &generation{rows: make([]tailRow, 0, size), record: make(map[key]int32, size), subject: make(map[key]int32, size)}
}

func (g *generation) add(r tailRow) {
	at := int32(len(g.rows))
	subject := key{r.site, r.subject}
	r.earlier = -1
	if earlier, ok := g.subject[subject]; ok {
		r.earlier = earlier
	}
	g.rows = append(g.rows, r)
	g.record[key{r.site, r.record}] = at
	g.subject[subject] = at
}

func (g *generation) clear() {
	g.rows = g.rows[:0]
	clear(g.record)
	clear(g.subject)
}

// tail finds the newest records, which the tables cannot find by id yet. Only
// the writer changes it, after a commit: what is in the tail is durable, and
// what leaves it is in the tables. A reader that asks the tail first and the
// tables afterwards misses nothing.
type tail struct {
	mu     sync.RWMutex
	active *generation // grows
	frozen *generation // is being merged into the tables; empty when none is
}

// newTail makes room for two generations of a size; they may become larger.
func newTail(size int) *tail {
	return &tail{active: newGeneration(size), frozen: newGeneration(size)}
}

// find returns the index of a record.
func (t *tail) find(record key) (index int64, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, g := range []*generation{t.active, t.frozen} {
		if at, ok := g.record[record]; ok {
			return g.rows[at].index, true
		}
	}
	return 0, false
}

// history returns the indexes of a subject's records, in no order.
func (t *tail) history(subject key) []int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []int64
	for _, g := range []*generation{t.active, t.frozen} {
		at, ok := g.subject[subject]
		for ; ok && at >= 0; at = g.rows[at].earlier {
			if g.rows[at].subject == subject.id {
				list = append(list, g.rows[at].index)
			}
		}
	}
	return list
}

func (t *tail) add(rows iter.Seq[tailRow]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := range rows {
		t.active.add(r)
	}
}

// orphan takes a record that is in the tail out of its subject's history.
func (t *tail) orphan(record key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range []*generation{t.active, t.frozen} {
		if at, ok := g.record[record]; ok {
			g.rows[at].subject = nobody
		}
	}
}

// freeze starts a new generation. The last one must be dropped before.
func (t *tail) freeze() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active, t.frozen = t.frozen, t.active
}

// drop forgets the frozen generation: the tables have it.
func (t *tail) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frozen.clear()
}
