package siteconfig

import (
	"cmp"
	"fmt"
	"slices"
)

// Problem is one thing that is wrong in a configuration file: where, what, and
// how to mend it. A Warning does not keep the file from being used.
type Problem struct {
	File    string
	Line    int // from 1; 0 when the whole file is meant
	Column  int // from 1
	Message string
	Warning bool
	Rule    string // the lint's rule that is broken, "" for any other problem
}

// String returns the problem in the form that compilers and editors share.
func (p Problem) String() string {
	message := p.Message
	if p.Warning {
		message = "warning: " + message
	}
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, message)
}

// Failed reports whether any of the problems is more than a warning.
func Failed(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// sorted orders problems by place and drops repetitions.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(problems)
}
