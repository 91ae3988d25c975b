package sqlitestore

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/consentry/consentry/internal/consent"
)

// newWriter opens the file for writing, brings it up to date and reads what the
// writer has to know: the sites, and the records that by_record lacks.
func newWriter(path string, q *queue, gate *sync.RWMutex, generation int) (_ *writer, err error) {
	s, err := connect(context.Background(), path, false)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := migrate(s, path, migrations()); err != nil {
		return nil, err
	}
	w := &writer{
		path: path, session: s, queue: q, tail: newTail(generation), generation: generation,
		sites: make(map[string]*site), names: newNames(), ids: make(map[int32]int64), tallies: make(map[tallyKey]tally), awaited: make(map[key]bool), gate: gate, plan: newPlan(),
	}
	if w.sql, err = prepareAll(s); err != nil {
		return nil, err
	}
	if err := w.load(); err != nil {
		return nil, err
	}
	w.stale = true // a process that died may have left what it erased
	if err := w.truncate(); err != nil {
		return nil, err
	}
	// SQLite syncs the folder of a new WAL, but ignores how that ends.
	return w, syncFile(filepath.Dir(path))
}

func (w *writer) load() error {
	indexed := make(map[*site]int64)
	var damaged error
	err := w.session.query("SELECT id, name, next, indexed, unfolded FROM sites", func(v []driver.Value) {
		s := &site{id: v[0].(int64), name: v[1].(string), next: v[2].(int64)}
		w.sites[s.name] = s
		indexed[s] = v[3].(int64)
		if cell, ok := v[4].([]byte); ok {
			var err error
			s.cell = bytes.Clone(cell)
			s.counts, err = decodeUnfolded(s.name, cell)
			damaged = errors.Join(damaged, err)
		}
	})
	if err := errors.Join(err, damaged); err != nil {
		return fmt.Errorf("read sites: %w", err)
	}
	for s, from := range indexed {
		if err := w.loadTail(s, from); err != nil {
			return fmt.Errorf("read newest records: %w", err)
		}
	}
	return w.loadErasures()
}

func (w *writer) loadErasures() error {
	err := w.session.query("SELECT coalesce(max(id), 0) FROM secrets", func(v []driver.Value) { w.secrets = v[0].(int64) })
	if err != nil {
		return fmt.Errorf("read newest secret: %w", err)
	}
	erased := make(map[int64]int64)
	err = w.session.query("SELECT site, max(pos) + 1 FROM erasures GROUP BY site", func(v []driver.Value) {
		erased[v[0].(int64)] = v[1].(int64)
	})
	if err != nil {
		return fmt.Errorf("read erasures: %w", err)
	}
	for _, s := range w.sites {
		s.erased = erased[s.id]
	}
	err = w.session.query(`SELECT e.site, e.record FROM erasures e
		WHERE NOT EXISTS (SELECT 1 FROM by_record b WHERE b.site = e.site AND b.record = e.record)`, func(v []driver.Value) {
		k := key{v[0].(int64), consent.ID(v[1].([]byte))}
		if _, ok := w.tail.find(k); !ok {
			w.awaited[k] = true
		}
	})
	if err != nil {
		return fmt.Errorf("read erasures: %w", err)
	}
	return nil
}

func (w *writer) loadTail(s *site, from int64) error {
	var rows []tailRow
	err := w.session.query("SELECT id, record, subject FROM records WHERE id >= ? AND id < ? ORDER BY id", func(v []driver.Value) {
		rows = append(rows, tailRow{
			site: s.id, index: indexOf(v[0].(int64)),
			record: consent.ID(v[1].([]byte)), subject: consent.ID(v[2].([]byte)),
		})
	}, rowID(s.id, from), rowID(s.id, s.next))
	w.tail.add(slices.Values(rows))
	return err
}
