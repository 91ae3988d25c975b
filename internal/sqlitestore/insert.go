package sqlitestore

import (
	"strings"
)

// insertSizes are the numbers of rows that one statement may insert. The fixed
// cost of a statement is as high as that of a row.
var insertSizes = [...]int{32, 8, 1}

// inserter collects rows for one table and writes many with one statement.
type inserter struct {
	width  int
	stmts  [len(insertSizes)]*statement
	values []any
	err    error // the first one since the last flush
}

// prepareInsert takes a statement up to VALUES and the number of its columns.
// Conflicts have to be resolved by OR IGNORE or OR FAIL: with the default,
// SQLite would keep a journal for each statement to undo its first rows.
func (s *session) prepareInsert(insert string, width int) (*inserter, error) {
	in := &inserter{width: width}
	row := ", (?" + strings.Repeat(", ?", width-1) + ")"
	for i, n := range insertSizes {
		var err error
		if in.stmts[i], err = s.keep(insert + " VALUES " + strings.Repeat(row, n)[2:]); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// add takes one row. The values are used by a later add or by flush, which
// returns their error; nothing is written after the first.
func (in *inserter) add(row ...any) {
	in.values = append(in.values, row...)
	if len(in.values) == in.width*insertSizes[0] {
		in.write(in.stmts[0], in.values)
		in.values = in.values[:0]
	}
}

// flush writes what is left.
func (in *inserter) flush() error {
	rest := in.values
	for i, n := range insertSizes {
		for ; len(rest) >= n*in.width; rest = rest[n*in.width:] {
			in.write(in.stmts[i], rest[:n*in.width])
		}
	}
	clear(in.values)
	in.values = in.values[:0]
	err := in.err
	in.err = nil
	return err
}

func (in *inserter) write(st *statement, values []any) {
	if in.err == nil {
		in.err = st.exec(values...)
	}
}
