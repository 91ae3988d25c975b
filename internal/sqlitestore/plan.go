package sqlitestore

import "github.com/consentry/consentry/internal/consent"

// site is what the writer knows of one site.
type site struct {
	id    int64
	name  string
	next  int64 // index of the next entry
	fresh bool  // not in the file yet

	erased int64 // length of its list of erasures
	counts unfolded
	cell   []byte // the same as the file has it

	// For the batch at hand:
	touched   bool
	due       int64      // next, as the batch will leave it
	counted   bool       // it adds to counters
	ask       []*request // records that only the tables may know
	dueCounts unfolded   // counts, as the batch will leave them
	dueCell   []byte
}

func rowID(site, index int64) int64 { return site<<indexBits | index }

func indexOf(row int64) int64 { return row & (1<<indexBits - 1) }

// plan says what one transaction writes. It is made before the transaction and
// taken over into the writer's state after it.
type plan struct {
	records   []placed
	artefacts []placed
	counts    counts
	sites     []*site         // that the batch concerns
	seen      map[key]int64   // index of each of records
	digests   map[string]bool // the same of artefacts, by site and digest
}

// placed is a request with its place in a log.
type placed struct {
	*request
	site *site
}

func (p placed) row() int64 { return rowID(p.site.id, p.index) }

func newPlan() *plan {
	return &plan{counts: make(counts), seen: make(map[key]int64), digests: make(map[string]bool)}
}

func (p *plan) reset() {
	for _, s := range p.sites {
		clear(s.ask)
		s.ask, s.touched = s.ask[:0], false
	}
	clear(p.records)
	clear(p.artefacts)
	p.records, p.artefacts, p.sites = p.records[:0], p.artefacts[:0], p.sites[:0]
	clear(p.counts)
	clear(p.seen)
	clear(p.digests)
}

func (p *plan) empty() bool {
	return len(p.records) == 0 && len(p.artefacts) == 0 && len(p.counts) == 0
}

// prepare decides for every request of a batch whether it is new, and then
// where its place in the log is.
func (w *writer) prepare(b *batch) error {
	w.plan.reset()
	if err := w.findKnown(b.requests); err != nil {
		return err
	}
	for _, r := range b.requests {
		if r.settled || r.work != nil {
			continue
		}
		if r.artefact != nil {
			if err := w.placeArtefact(r); err != nil {
				return err
			}
			continue
		}
		w.placeRecord(r)
	}
	for at := range b.counts {
		w.touch(at.site)
	}
	w.plan.counts.addAll(b.counts)
	return nil
}

func (w *writer) placeRecord(r *request) {
	s := w.touch(r.entry.Site)
	k := key{s.id, r.entry.Record}
	if index, ok := w.plan.seen[k]; ok {
		r.index, r.dup = index, true
		return
	}
	if w.awaited[k] {
		r.erase()
	}
	r.index = s.due
	s.due++
	w.plan.seen[k] = r.index
	w.plan.records = append(w.plan.records, placed{r, s})
	w.plan.counts.add(r.counts)
}

// erase makes the entry one that has no secret.
func (r *request) erase() {
	r.entry.Secret, r.entry.Receipt, r.erased = consent.Secret{}, [16]byte{}, true
}

func (w *writer) placeArtefact(r *request) error {
	s := w.touch(r.entry.Site)
	k := r.entry.Site + " " + r.artefact.Digest
	if w.plan.digests[k] {
		r.dup = true
		return nil
	}
	known, err := w.hasArtefact(s.id, r.artefact.Digest)
	if err != nil {
		return err
	}
	if known {
		r.dup, r.settled = true, true
		return nil
	}
	r.index = s.due
	s.due++
	w.plan.digests[k] = true
	w.plan.artefacts = append(w.plan.artefacts, placed{r, s})
	return nil
}

// touch returns the site of a name and notes that the batch concerns it.
func (w *writer) touch(name string) *site {
	s := w.site(name)
	if !s.touched {
		s.touched, s.due, s.counted, s.dueCounts, s.dueCell = true, s.next, false, s.counts, s.cell
		w.plan.sites = append(w.plan.sites, s)
	}
	return s
}

func (w *writer) site(name string) *site {
	s, ok := w.sites[name]
	if !ok {
		s = &site{id: int64(len(w.sites)) + 1, name: name, fresh: true}
		w.sites[name] = s
	}
	return s
}

// findKnown settles the requests for records that are durable already.
func (w *writer) findKnown(requests []*request) error {
	for _, r := range requests {
		if r.work != nil || r.artefact != nil {
			continue
		}
		s := w.touch(r.entry.Site)
		if index, ok := w.tail.find(key{s.id, r.entry.Record}); ok {
			r.settle(index)
		} else if !s.fresh {
			s.ask = append(s.ask, r)
		}
	}
	for _, s := range w.plan.sites {
		if err := w.lookup(s); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) settle(index int64) { r.index, r.dup, r.settled = index, true, true }
