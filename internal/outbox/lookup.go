package outbox

import (
	"slices"
	"time"

	"github.com/consentry/consentry/internal/consent"
)

// find returns a record's item and how far it has come, gone when there is none.
func (l *ledger) find(site string, id consent.ID) (*item, stage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := l.records[recordKey{site, id}]; i != nil {
		return i, i.stage
	}
	return nil, gone
}

// of lists a subject's items in the order of their writing.
func (l *ledger) of(site string, subject consent.ID) (list []*item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range l.subjects[recordKey{site, subject}] {
		if i.stage == waiting || i.stage == kept || i.stage == stuck {
			list = append(list, i)
		}
	}
	return list
}

// artefact returns the item of an artefact that is on the disk.
func (l *ledger) artefact(site, digest string) *item {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := l.artefacts[artefactKey{site, digest}]; i != nil && i.segment != nil {
		return i
	}
	return nil
}

// artefactsOf lists a site's artefacts that are on the disk, in the order of their
// writing.
func (l *ledger) artefactsOf(site string) (list []*item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, i := range l.artefacts {
		if key.site == site && i.segment != nil {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, inOrder)
	return list
}

func (l *ledger) stageOf(i *item) stage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return i.stage
}

// failure returns why an item never got onto the disk, nil when it did.
func (l *ledger) failure(i *item) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return i.failed
}

func (l *ledger) erasedAt(i *item) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return i.erasedAt
}

// erase notes when records were erased.
func (l *ledger) erase(site string, list []consent.Erasure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range list {
		if i := l.records[recordKey{site, e.Record}]; i != nil && i.erasedAt.IsZero() {
			i.erasedAt = e.Time
		}
	}
}

// sites are those of the records that wait.
func (l *ledger) sites() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	sites := make(map[string]bool)
	for _, i := range l.waiting {
		if i.kind == recordFrame {
			sites[i.site] = true
		}
	}
	return sites
}

// all lists the segments, oldest first.
func (l *ledger) all() []*segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.segments)
}

// waits returns how many items are to be handed over.
func (l *ledger) waits() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// due lists the oldest kept items that the store had before a time, at most n, up
// to the first that is not covered.
func (l *ledger) due(before time.Time, covered func(*item) bool, n int) (list []*item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range l.kept {
		if len(list) == n || i.keptAt.After(before) {
			break
		}
		if covered(i) {
			list = append(list, i)
		}
	}
	return list
}

// withdraw ends an item, whatever its stage.
func (l *ledger) withdraw(i *item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i.stage == gone || i.segment == nil {
		return
	}
	l.leave(i)
	l.drop(i)
}

func (l *ledger) status(now time.Time) Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := Status{Waiting: len(l.waiting) + len(l.stuck), Stuck: len(l.stuck), Kept: len(l.kept), Bytes: l.bytes}
	for _, i := range append(l.stuck[:len(l.stuck):len(l.stuck)], l.waiting[:min(1, len(l.waiting))]...) {
		st.Oldest = max(st.Oldest, now.Sub(i.made)) // the first to wait is the oldest
	}
	if len(l.kept) > 0 {
		st.KeptOldest = now.Sub(l.kept[0].keptAt)
	}
	return st
}
