package sqlitestore

import (
	"database/sql/driver"
	"errors"
	"fmt"
)

// applicationID marks the file as ours: "CNST".
const applicationID = 0x434e5354

// ErrNewer is a file that a newer program wrote.
var ErrNewer = errors.New("the store was written by a newer version of this program")

// indexBits is how much of a row's id is its index in the log; the site's id is
// above. Rows of a site then lie together in log order, in a plain rowid table,
// which SQLite appends to without rebalancing.
const indexBits = 40

// migrations lead from one schema version to the next; the number of them is
// the version that this program reads and writes.
//
// records and secrets are written with the record. by_record and by_subject
// follow: they lack rows of a site from sites.indexed on (see tail).
//
// Rows of secrets are appended in the order of writing, whatever their site, and
// erased by zeros in their place. SQLite copies rows only when it splits or
// joins pages in the middle of a table, and such a copy would outlive its row.
// records.secret is the row's id there; a NULL stands for records.id.
//
// Version 1 erased without a list. What it had erased is listed as of the migration,
// in the order of the log.
//
// sites.unfolded is what is to be added to tallies (see unfolded).
//
// What version 2 counted is dropped: it did not tell an answer to a banner from a
// later change, so that no rate of the present ones follows from it.
func migrations() []string {
	return []string{`
CREATE TABLE sites (
	id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
	next INTEGER NOT NULL, indexed INTEGER NOT NULL
) STRICT;
CREATE TABLE records (
	id INTEGER PRIMARY KEY, record BLOB NOT NULL, subject BLOB NOT NULL,
	time INTEGER NOT NULL, leaf BLOB NOT NULL, sealed BLOB
) STRICT;
CREATE TABLE secrets (
	id INTEGER PRIMARY KEY, secret BLOB, receipt BLOB
) STRICT;
CREATE TABLE by_record (
	site INTEGER NOT NULL, record BLOB NOT NULL, idx INTEGER NOT NULL,
	PRIMARY KEY (site, record)
) STRICT, WITHOUT ROWID;
CREATE TABLE by_subject (
	site INTEGER NOT NULL, subject BLOB NOT NULL, idx INTEGER NOT NULL,
	PRIMARY KEY (site, subject, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE artefacts (
	id INTEGER PRIMARY KEY, site INTEGER NOT NULL, digest TEXT NOT NULL, kind TEXT NOT NULL,
	time INTEGER NOT NULL, leaf BLOB NOT NULL, body BLOB,
	UNIQUE (site, digest)
) STRICT;
CREATE INDEX artefacts_by_kind ON artefacts (site, kind);
CREATE TABLE counter_keys (
	id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE counters (
	site INTEGER NOT NULL, hour INTEGER NOT NULL, key INTEGER NOT NULL, n INTEGER NOT NULL,
	PRIMARY KEY (site, hour, key)
) STRICT, WITHOUT ROWID;
`, `
CREATE TABLE secrets2 (
	id INTEGER PRIMARY KEY, secret BLOB NOT NULL, receipt BLOB NOT NULL, erased INTEGER NOT NULL
) STRICT;
INSERT INTO secrets2
	SELECT id, coalesce(secret, zeroblob(16)), coalesce(receipt, zeroblob(16)), secret IS NULL FROM secrets ORDER BY id;
DROP TABLE secrets;
ALTER TABLE secrets2 RENAME TO secrets;
ALTER TABLE records ADD COLUMN secret INTEGER;
CREATE TABLE erasures (
	site INTEGER NOT NULL, pos INTEGER NOT NULL, record BLOB NOT NULL, time INTEGER NOT NULL,
	PRIMARY KEY (site, pos)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX erasures_by_record ON erasures (site, record);
INSERT INTO erasures
	SELECT r.id >> 40, row_number() OVER (PARTITION BY r.id >> 40 ORDER BY r.id) - 1, r.record, unixepoch() * 1000
	FROM records r JOIN secrets s ON s.id = r.id WHERE s.erased;
CREATE TABLE checkpoints (
	site INTEGER PRIMARY KEY, note BLOB NOT NULL
) STRICT;
CREATE TABLE tiles (
	site INTEGER NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (site, name)
) STRICT, WITHOUT ROWID;
`, `
DROP TABLE counters;
DELETE FROM counter_keys;
CREATE TABLE tallies (
	site INTEGER NOT NULL, span INTEGER NOT NULL, at INTEGER NOT NULL, counts BLOB NOT NULL,
	PRIMARY KEY (site, span, at)
) STRICT, WITHOUT ROWID;
`, `
ALTER TABLE sites ADD COLUMN unfolded BLOB;
`}
}

// migrate brings the file to the newest of steps. An older one is copied beside
// itself first; the copy stays until something is erased. Every step is one
// transaction.
func migrate(s *session, path string, steps []string) error {
	version, err := schemaVersion(s)
	if err != nil {
		return err
	}
	if err := checkVersion(path, version, len(steps)); err != nil {
		return err
	}
	if version > 0 && version < len(steps) {
		if err := copyFile(s, fmt.Sprintf("%s.schema%d.bak", path, version)); err != nil {
			return err
		}
	}
	for ; version < len(steps); version++ {
		if err := step(s, steps[version], version+1); err != nil {
			return fmt.Errorf("migrate %s to schema version %d: %w", path, version+1, err)
		}
	}
	return nil
}

func checkVersion(path string, version, known int) error {
	if version > known {
		return fmt.Errorf("%w: %s has schema version %d, this program knows up to %d; start the newer program again, or restore a backup made before it", ErrNewer, path, version, known)
	}
	return nil
}

// schemaVersion returns 0 for a file that is still empty.
func schemaVersion(s *session) (int, error) {
	var id, version, tables int64
	for query, into := range map[string]*int64{
		"PRAGMA application_id":              &id,
		"PRAGMA user_version":                &version,
		"SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := s.query(query, func(v []driver.Value) { *into, _ = v[0].(int64) }); err != nil {
			return 0, fmt.Errorf("read schema version: %w", err)
		}
	}
	if id != applicationID && (tables > 0 || version > 0) {
		return 0, errors.New("the file is a database, but not a consent store")
	}
	return int(version), nil
}

func step(s *session, script string, version int) (err error) {
	script = fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", script, applicationID, version)
	if err := s.exec(script); err != nil {
		_ = s.exec("ROLLBACK") // fails when SQLite has rolled back already
		return err
	}
	return nil
}

// copyFile writes a copy of the open database, durably. A copy that an earlier,
// interrupted attempt left is replaced.
func copyFile(s *session, to string) error {
	if err := removeIfThere(to); err != nil {
		return fmt.Errorf("back up before migrating: %w", err)
	}
	if err := createPrivate(to); err != nil {
		return fmt.Errorf("back up before migrating: %w", err)
	}
	if err := s.exec("VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("back up before migrating: %w", err)
	}
	return syncFile(to)
}
