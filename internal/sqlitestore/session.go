package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// session is one connection, used by one goroutine at a time. It goes to the
// driver directly: database/sql's pool, locks and conversions would take a
// third of the time of an insert.
type session struct {
	conn     driver.Conn
	prepared []*statement // kept until Close, which would not be one with any left
}

// statement is prepared on a session and shares its goroutine.
type statement struct {
	stmt driver.Stmt
	args []driver.NamedValue
}

// busyTimeout is how long a connection waits for another one's lock.
const busyTimeout = 5 * time.Second

// dsn names a file and what every connection to it sets.
func dsn(path string, readOnly bool) string {
	q := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "trusted_schema(off)"}}
	if readOnly {
		q.Set("mode", "ro")
		q.Add("_pragma", "query_only(on)")
	} else {
		q.Set("mode", "rw")
		for _, p := range []string{
			"journal_mode(wal)",
			"synchronous(full)",  // an fsync for every commit
			"secure_delete(on)",  // erasing a secret overwrites it
			"cache_size(-32768)", // KiB
			"journal_size_limit(67108864)",
			"wal_autocheckpoint(4000)", // pages, 16 MiB: seldom, for p99
		} {
			q.Add("_pragma", p)
		}
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// pageSize is SQLite's default, which no store changes.
const pageSize = 4096

func connect(ctx context.Context, path string, readOnly bool) (*session, error) {
	return connectTo(ctx, dsn(path, readOnly))
}

// connectImmutable opens a file that nobody changes, and makes none beside it.
func connectImmutable(ctx context.Context, path string) (*session, error) {
	return connectTo(ctx, dsnImmutable(path))
}

func dsnImmutable(path string) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&immutable=1"}).String()
}

func connectTo(ctx context.Context, dsn string) (*session, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn}, nil
}

func (s *session) Close() (err error) {
	for _, st := range s.prepared {
		err = errors.Join(err, st.stmt.Close())
	}
	s.prepared = nil
	return errors.Join(err, s.conn.Close())
}

// keep prepares a statement for as long as the session is open.
func (s *session) keep(query string) (*statement, error) {
	st, err := s.prepare(query)
	if err == nil {
		s.prepared = append(s.prepared, st)
	}
	return st, err
}

func (s *session) prepare(query string) (*statement, error) {
	stmt, err := s.conn.Prepare(query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	return &statement{stmt: stmt}, nil
}

// exec runs a statement once.
func (s *session) exec(query string, values ...any) error {
	st, err := s.prepare(query)
	if err != nil {
		return err
	}
	return errors.Join(st.exec(values...), st.stmt.Close())
}

// query runs a statement once and calls row for every row of the result, whose
// values are valid during the call only.
func (s *session) query(query string, row func(values []driver.Value), values ...any) error {
	st, err := s.prepare(query)
	if err != nil {
		return err
	}
	return errors.Join(st.query(row, values...), st.stmt.Close())
}

// exec binds int64, string, []byte or nil.
func (st *statement) exec(values ...any) error {
	st.bind(values)
	_, err := st.stmt.(driver.StmtExecContext).ExecContext(context.Background(), st.args)
	return err
}

func (st *statement) query(row func(values []driver.Value), values ...any) error {
	st.bind(values)
	rows, err := st.stmt.(driver.StmtQueryContext).QueryContext(context.Background(), st.args)
	if err != nil {
		return err
	}
	return errors.Join(each(rows, row), rows.Close())
}

func (st *statement) bind(values []any) {
	for len(st.args) < len(values) {
		st.args = append(st.args, driver.NamedValue{Ordinal: len(st.args) + 1})
	}
	for i, v := range values {
		st.args[i].Value = v
	}
}

func each(rows driver.Rows, row func(values []driver.Value)) error {
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		row(values)
	}
}

// passes reports whether an error leaves the file as it was, so that a later
// write may succeed: no room, no memory, somebody else's lock. After any other
// nobody knows what reached the disk.
func passes(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM:
		return true
	}
	return false
}
