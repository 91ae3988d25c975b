package sqlitestore

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// merge is how far the frozen generation has come into by_record and
// by_subject. A crash in between repeats it from the start, which changes no
// row; only its end moves sites.indexed.
type merge struct {
	byRecord  []int32 // the generation's rows in the order of their keys
	bySubject []int32
	records   int             // of byRecord, in the table
	subjects  int             // of bySubject
	indexed   map[int64]int64 // by site: where the next generation begins
}

func (m *merge) done() bool {
	return m.records == len(m.byRecord) && m.subjects == len(m.bySubject)
}

// mergeSlice writes as many rows of the frozen generation as the batch has new
// records, and a few more: so it is through before the next one is full. The
// result counts once the transaction is durable.
func (w *writer) mergeSlice(fresh int) (merge, error) {
	m := w.merge
	if m.done() {
		return m, nil
	}
	rows, quota := w.tail.frozen.rows, fresh+fresh/4+16
	records := m.byRecord[m.records:min(m.records+quota, len(m.byRecord))]
	for _, at := range records {
		r := &rows[at]
		w.sql.byRecord.add(r.site, r.record[:], r.index)
	}
	if err := w.sql.byRecord.flush(); err != nil {
		return m, fmt.Errorf("index records: %w", err)
	}
	subjects := m.bySubject[m.subjects:min(m.subjects+quota, len(m.bySubject))]
	for _, at := range subjects {
		if r := &rows[at]; r.subject != nobody {
			w.sql.bySubject.add(r.site, r.subject[:], r.index)
		}
	}
	if err := w.sql.bySubject.flush(); err != nil {
		return m, fmt.Errorf("index subjects: %w", err)
	}
	m.records += len(records)
	m.subjects += len(subjects)
	if !m.done() {
		return m, nil
	}
	for site, next := range m.indexed {
		if err := w.sql.moveIndexed.exec(site, next); err != nil {
			return m, fmt.Errorf("index site: %w", err)
		}
	}
	return m, nil
}

// merged takes a durable slice over, and begins with the next generation when
// one is due.
func (w *writer) merged(m merge) {
	if m.done() && !w.merge.done() {
		w.tail.drop()
	}
	w.merge = m
	if m.done() && len(w.tail.active.rows) >= w.generation {
		w.tail.freeze()
		w.merge = sortedMerge(w.tail.frozen.rows)
	}
}

func sortedMerge(rows []tailRow) merge {
	m := merge{byRecord: make([]int32, len(rows)), bySubject: make([]int32, len(rows)), indexed: make(map[int64]int64)}
	for i, r := range rows {
		m.byRecord[i], m.bySubject[i] = int32(i), int32(i)
		m.indexed[r.site] = max(m.indexed[r.site], r.index+1)
	}
	slices.SortFunc(m.byRecord, func(i, j int32) int {
		a, b := &rows[i], &rows[j]
		return cmp.Or(cmp.Compare(a.site, b.site), bytes.Compare(a.record[:], b.record[:]))
	})
	slices.SortFunc(m.bySubject, func(i, j int32) int {
		a, b := &rows[i], &rows[j]
		return cmp.Or(cmp.Compare(a.site, b.site), bytes.Compare(a.subject[:], b.subject[:]), cmp.Compare(a.index, b.index))
	})
	return m
}
