package outbox

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// item is one frame in the outbox, without its bytes.
type item struct {
	kind    byte
	site    string
	record  consent.ID // of a record
	subject consent.ID
	digest  string // of an artefact
	made    time.Time
	ready   chan struct{} // closed when it is on the disk, or failed
	differs bool          // the store has another of its id; for who hands it over

	// The rest is guarded by the ledger's mutex.
	segment  *segment
	at       int64
	size     int
	failed   error     // why it never got onto the disk
	stage    stage     //
	index    int64     // in the store's log, -1 before it is there
	keptAt   time.Time // when the store had it
	erasedAt time.Time // not zero: its secrets are gone
	tries    int       // that the store refused it while it took others
	refused  error     // why it did so last
}

// stage is how far an item has come.
type stage byte

const (
	writing stage = iota // on its way to the disk
	sent                 // on the disk, and being handed to the store by who wrote it
	waiting              // on the disk, for the drain
	kept                 // in the store too, until nothing can lose it there
	stuck                // the store takes others and refuses this one
	gone                 // out of the outbox
)

type recordKey struct {
	site string
	id   consent.ID
}

// stuckAfter is how often the store must have refused an item that it is put
// aside.
const stuckAfter = 3

type artefactKey struct{ site, digest string }

// ledger knows what the outbox holds.
type ledger struct {
	mu        sync.Mutex
	records   map[recordKey]*item
	subjects  map[recordKey][]*item // in the order of writing
	artefacts map[artefactKey]*item
	waiting   []*item // stage waiting, in the order of writing once it is sorted
	unsorted  bool
	kept      []*item // stage kept, in the order of their keeping
	stuck     []*item
	handed    int   // in stage sent
	bytes     int64 // of all segments
	segments  []*segment
}

func newLedger() *ledger {
	return &ledger{
		records: make(map[recordKey]*item), subjects: make(map[recordKey][]*item), artefacts: make(map[artefactKey]*item),
	}
}

// reserve announces an item, or returns the one that has its place already.
func (l *ledger) reserve(i *item) (other *item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch i.kind {
	case recordFrame:
		if other := l.records[recordKey{i.site, i.record}]; other != nil {
			return other
		}
		l.records[recordKey{i.site, i.record}] = i
	case artefactFrame:
		if other := l.artefacts[artefactKey{i.site, i.digest}]; other != nil {
			return other
		}
		l.artefacts[artefactKey{i.site, i.digest}] = i
	}
	return nil
}

// add takes in a new segment.
func (l *ledger) add(s *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = append(l.segments, s)
	l.bytes += s.size
}

// written says that items are on the disk, in the order of writing.
func (l *ledger) written(s *segment, items []*item, bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += bytes
	for _, i := range items {
		i.segment = s
		s.live++
		l.belongs(i)
		if i.stage == writing {
			i.stage = sent
			l.handed++
		}
	}
}

// belongs puts a record into its subject's history; the zero subject is nobody.
func (l *ledger) belongs(i *item) {
	if key := (recordKey{i.site, i.subject}); i.kind == recordFrame && i.subject != (consent.ID{}) {
		l.subjects[key] = append(l.subjects[key], i)
	}
}

// abandon takes items out that never got onto the disk.
func (l *ledger) abandon(items []*item, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range items {
		i.failed, i.stage = why, gone
		l.forget(i)
	}
}

// wait hands an item that was sent in vain to the drain.
func (l *ledger) wait(i *item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i.stage == sent {
		l.handed--
		i.stage = waiting
		l.unsorted = l.unsorted || len(l.waiting) > 0 && inOrder(l.waiting[len(l.waiting)-1], i) > 0
		l.waiting = append(l.waiting, i)
	}
}

// take returns the oldest waiting items, at most n; they stay where they are.
func (l *ledger) take(n int) []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unsorted {
		slices.SortFunc(l.waiting, inOrder)
		l.unsorted = false
	}
	return slices.Clone(l.waiting[:min(n, len(l.waiting))])
}

func inOrder(a, b *item) int {
	return cmp.Or(cmp.Compare(a.segment.number, b.segment.number), cmp.Compare(a.at, b.at))
}

// keep says that the store has an item at an index, and reports whether it was
// known to have had it before. Unless the item is to stay until it is settled, the
// outbox is done with it.
func (l *ledger) keep(i *item, index int64, now time.Time, stay bool) (before bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = i.index >= 0
	l.leave(i)
	if !stay {
		l.drop(i)
		return before
	}
	i.stage, i.index, i.keptAt, i.tries = kept, index, now, 0
	l.kept = append(l.kept, i)
	return before
}

// leave takes an item out of the list of its stage.
func (l *ledger) leave(i *item) {
	switch i.stage {
	case sent:
		l.handed--
	case waiting:
		l.waiting = without(l.waiting, i)
	case kept:
		l.kept = without(l.kept, i)
	case stuck:
		l.stuck = without(l.stuck, i)
	}
}

// without removes one item, most often the first.
func without(list []*item, i *item) []*item {
	if n := slices.Index(list, i); n == 0 {
		list[0] = nil
		return list[1:]
	} else if n > 0 {
		return slices.Delete(list, n, n+1)
	}
	return list
}

// drop ends an item. Its segment may be deleted when it holds nothing else.
func (l *ledger) drop(i *item) {
	i.stage = gone
	i.segment.live--
	l.forget(i)
}

func (l *ledger) forget(i *item) {
	switch i.kind {
	case recordFrame:
		if key := (recordKey{i.site, i.record}); l.records[key] == i {
			delete(l.records, key)
		}
		key := recordKey{i.site, i.subject}
		if list := without(l.subjects[key], i); len(list) > 0 {
			l.subjects[key] = list
		} else {
			delete(l.subjects, key)
		}
	case artefactFrame:
		if key := (artefactKey{i.site, i.digest}); l.artefacts[key] == i {
			delete(l.artefacts, key)
		}
	}
}

// stick counts that the store has refused an item, and puts it aside when that
// was often enough.
func (l *ledger) stick(i *item, why error) (tries int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.refused = why
	if i.tries++; i.tries >= stuckAfter {
		l.leave(i)
		i.stage = stuck
		l.stuck = append(l.stuck, i)
	}
	return i.tries
}

// refusals lists what the store refuses.
func (l *ledger) refusals() (list []Refused) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range l.stuck {
		list = append(list, Refused{Site: i.site, Record: i.record, Artefact: i.digest, Err: i.refused})
	}
	return list
}

// recall sends all that is kept or stuck through the drain again, in its order.
func (l *ledger) recall(stage stage) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := &l.kept
	if stage == stuck {
		list = &l.stuck
	}
	n := len(*list)
	for _, i := range *list {
		i.stage = waiting
	}
	l.waiting, l.unsorted = append(l.waiting, *list...), true
	*list = nil
	return n
}

// empty lists the segments that nobody needs any more, and takes them out.
// The one that is written to is among them when it holds frames.
func (l *ledger) empty(active *segment) (list []*segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = slices.DeleteFunc(l.segments, func(s *segment) bool {
		done := s.live == 0 && (s != active || s.size > int64(len(magic)))
		if done {
			list = append(list, s)
			l.bytes -= s.size
		}
		return done
	})
	return list
}
