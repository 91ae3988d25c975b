// Command consentry asks visitors before third-party tags run, and keeps the
// proof. This package holds the subcommands and wires the parts together. It is
// the only place that reads the environment, the clock and the command line; it
// decides nothing about consent itself.
package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// environment is everything that commands take from the machine. Tests hand in
// their own.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	random         io.Reader
}

// Exit statuses, part of the command line's contract.
const (
	exitOK      = 0
	exitProblem = 1 // something is wrong with the files, the store or the network
	exitUsage   = 2 // the command line itself is wrong
)

// errReported ends a command with exitProblem whose output has said everything.
var errReported = errors.New("problems were reported")

// usageError is a command line that cannot be meant.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

func main() {
	os.Exit(run(os.Args[1:], environment{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, random: rand.Reader,
	}))
}

// run executes one command line and returns its exit status. Errors are printed
// here and nowhere else.
func run(args []string, env environment) int {
	root := newRoot(env)
	root.SetArgs(recordsLast(args))
	begun := false
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) { begun = cmd.ValidateRequiredFlags() == nil }
	cmd, err := root.ExecuteC()
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errReported) {
		return exitProblem
	}
	fmt.Fprintln(env.stderr, "consentry:", err)
	// Whatever fails before a command begins is about flags and arguments.
	if usage := (usageError{}); errors.As(err, &usage) || !begun {
		fmt.Fprintf(env.stderr, "How to use it: %s --help\n", cmd.CommandPath())
		return exitUsage
	}
	return exitProblem
}

// recordsLast moves what names a record and begins with a hyphen, as one in 64
// does, behind all flags, where it is not taken for one.
func recordsLast(args []string) []string {
	var rest, records []string
	for i, arg := range args {
		if arg == "--" {
			return args
		}
		_, err := namedRecord(arg)
		if err == nil && arg[0] == '-' && !slices.Contains([]string{"--record", "--imported"}, args[max(i-1, 0)]) {
			records = append(records, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	if records == nil {
		return args
	}
	return append(append(rest, "--"), records...)
}
