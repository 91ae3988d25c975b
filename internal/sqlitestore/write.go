package sqlitestore

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
)

// lookupSizes are how many records one statement looks up, at most.
var lookupSizes = [...]int{1, 4, 16, 64}

// statements are the writer's, prepared once.
type statements struct {
	begin, commit, rollback        *statement
	addSite, moveSite, moveIndexed *statement
	records, secrets               *inserter
	lookup                         [len(lookupSizes)]*statement
	hasArtefact, addArtefact       *statement
	findKey, addKey                *statement
	findTally, putTally            *statement
	byRecord, bySubject            *inserter
	hasErasure, addErasure         *statement
	findRecord, eraseSecret        *statement
	pruneRecord, pruneSubject      *statement
}

func prepareAll(s *session) (sql statements, err error) {
	for _, p := range []struct {
		into  **statement
		query string
	}{
		{&sql.begin, "BEGIN IMMEDIATE"},
		{&sql.commit, "COMMIT"},
		{&sql.rollback, "ROLLBACK"},
		{&sql.addSite, "INSERT INTO sites (id, name, next, indexed, unfolded) VALUES (?, ?, ?, 0, ?)"},
		{&sql.moveSite, "UPDATE sites SET next = ?2, unfolded = ?3 WHERE id = ?1"},
		{&sql.moveIndexed, "UPDATE sites SET indexed = ?2 WHERE id = ?1"},
		{&sql.hasArtefact, "SELECT 1 FROM artefacts WHERE site = ? AND digest = ?"},
		{&sql.addArtefact, "INSERT INTO artefacts (id, site, digest, kind, time, leaf, body) VALUES (?, ?, ?, ?, ?, ?, ?)"},
		{&sql.findKey, "SELECT id FROM counter_keys WHERE key = ?"},
		{&sql.addKey, "INSERT OR IGNORE INTO counter_keys (key) VALUES (?)"},
		{&sql.findTally, "SELECT counts FROM tallies WHERE site = ? AND span = ? AND at = ?"},
		{&sql.putTally, "INSERT OR REPLACE INTO tallies (site, span, at, counts) VALUES (?, ?, ?, ?)"},
		{&sql.hasErasure, "SELECT 1 FROM erasures WHERE site = ? AND record = ?"},
		{&sql.addErasure, "INSERT INTO erasures (site, pos, record, time) VALUES (?, ?, ?, ?)"},
		{&sql.findRecord, "SELECT idx FROM by_record WHERE site = ? AND record = ?"},
		{&sql.pruneRecord, "UPDATE records SET subject = zeroblob(16), sealed = NULL WHERE id = ?"},
		{&sql.pruneSubject, `DELETE FROM by_subject
			WHERE site = ?1 AND idx = ?2 AND subject = (SELECT subject FROM records WHERE id = ?1 << 40 | ?2)`},
		{&sql.eraseSecret, `UPDATE secrets SET secret = zeroblob(16), receipt = zeroblob(16), erased = 1
			WHERE id = (SELECT coalesce(secret, id) FROM records WHERE id = ?)`},
	} {
		if *p.into, err = s.keep(p.query); err != nil {
			return sql, err
		}
	}
	for _, p := range []struct {
		into   **inserter
		insert string
		width  int
	}{
		{&sql.records, "INSERT OR FAIL INTO records (id, record, subject, time, leaf, sealed, secret)", 7},
		{&sql.secrets, "INSERT OR FAIL INTO secrets (id, secret, receipt, erased)", 4},
		{&sql.byRecord, "INSERT OR IGNORE INTO by_record (site, record, idx)", 3},
		{&sql.bySubject, "INSERT OR IGNORE INTO by_subject (site, subject, idx)", 3},
	} {
		if *p.into, err = s.prepareInsert(p.insert, p.width); err != nil {
			return sql, err
		}
	}
	for i, n := range lookupSizes {
		// a join with VALUES, because IN would sort its list first
		query := "SELECT b.record, b.idx FROM (VALUES (?2)" + strings.Repeat(", (?)", n-1) + ") v" +
			" CROSS JOIN by_record b ON b.site = ?1 AND b.record = v.column1"
		if sql.lookup[i], err = s.keep(query); err != nil {
			return sql, err
		}
	}
	return sql, nil
}

// lookup settles those of the site's records that the tables know.
func (w *writer) lookup(s *site) error {
	most := lookupSizes[len(lookupSizes)-1]
	for asked := range slices.Chunk(s.ask, most) {
		size := slices.IndexFunc(lookupSizes[:], func(n int) bool { return n >= len(asked) })
		values := make([]any, 1, most+1)
		values[0] = s.id
		for i := range lookupSizes[size] {
			values = append(values, asked[min(i, len(asked)-1)].entry.Record[:])
		}
		err := w.sql.lookup[size].query(func(v []driver.Value) {
			found, index := consent.ID(v[0].([]byte)), v[1].(int64)
			for _, r := range asked {
				if r.entry.Record == found {
					r.settle(index)
				}
			}
		}, values...)
		if err != nil {
			return fmt.Errorf("look up records: %w", err)
		}
	}
	return nil
}

func (w *writer) hasArtefact(site int64, digest string) (known bool, err error) {
	err = w.sql.hasArtefact.query(func([]driver.Value) { known = true }, site, digest)
	if err != nil {
		return false, fmt.Errorf("look up artefact: %w", err)
	}
	return known, nil
}

func (w *writer) writeSites() error {
	for _, s := range w.plan.sites {
		if err := w.writeSite(s, s.due, s.dueCell); err != nil {
			return err
		}
	}
	return nil
}

// writeSite writes where a site's log ends and what it has not folded, and the site
// itself when it is new.
func (w *writer) writeSite(s *site, next int64, cell []byte) (err error) {
	switch {
	case s.fresh:
		err = w.sql.addSite.exec(s.id, s.name, next, cell)
	case next != s.next || !bytes.Equal(cell, s.cell):
		err = w.sql.moveSite.exec(s.id, next, cell)
	}
	if err != nil {
		return fmt.Errorf("write site: %w", err)
	}
	return nil
}

// writeRecords ends with the first error: SQLite may have rolled back by then,
// and a further insert would be a transaction of its own.
func (w *writer) writeRecords() error {
	for i, p := range w.plan.records {
		e := &p.entry
		w.sql.records.add(p.row(), e.Record[:], e.Subject[:], e.Time.UnixMilli(), e.Leaf[:], e.Sealed, w.secrets+1+int64(i))
	}
	if err := w.sql.records.flush(); err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	for i, p := range w.plan.records {
		w.sql.secrets.add(w.secrets+1+int64(i), p.entry.Secret[:], p.entry.Receipt[:], number(p.erased))
	}
	if err := w.sql.secrets.flush(); err != nil {
		return fmt.Errorf("write secrets: %w", err)
	}
	return nil
}

// number is how SQLite keeps a truth.
func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (w *writer) writeArtefacts() error {
	for _, p := range w.plan.artefacts {
		a := p.artefact
		if err := w.sql.addArtefact.exec(p.row(), p.site.id, a.Digest, a.Kind, a.Time.UnixMilli(), a.Leaf[:], a.Body); err != nil {
			return fmt.Errorf("write artefact: %w", err)
		}
	}
	return nil
}
