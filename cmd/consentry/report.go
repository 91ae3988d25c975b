package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/siteconfig"
)

// problemsError is configuration that cannot be used, with every reason.
type problemsError struct{ problems []siteconfig.Problem }

func (e problemsError) Error() string {
	var b strings.Builder
	b.WriteString("the configuration cannot be used:")
	for _, p := range e.problems {
		if !p.Warning {
			b.WriteString("\n  " + p.String())
		}
	}
	return b.String()
}

// inDir makes the files that problems name findable from the current folder,
// and puts them in order.
func inDir(dir string, problems []siteconfig.Problem) []siteconfig.Problem {
	out := slices.Clone(problems)
	for i := range out {
		out[i].File = filepath.Join(dir, out[i].File)
	}
	slices.SortStableFunc(out, func(a, b siteconfig.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(out)
}

// reportFormats are the forms in which check reports: for people, for programs,
// and as annotations of a GitHub workflow.
var reportFormats = []string{"text", "json", "github"}

// writeReport prints problems in one of reportFormats.
func writeReport(w io.Writer, format string, problems []siteconfig.Problem) error {
	switch format {
	case "json":
		return writeJSONReport(w, problems)
	case "github":
		for _, p := range problems {
			fmt.Fprintln(w, githubAnnotation(p))
		}
		return nil
	}
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	mistakes, warnings := tally(problems)
	_, err := fmt.Fprintf(w, "%s, %s\n", counted(mistakes, "error"), counted(warnings, "warning"))
	return err
}

func tally(problems []siteconfig.Problem) (mistakes, warnings int) {
	for _, p := range problems {
		if p.Warning {
			warnings++
		} else {
			mistakes++
		}
	}
	return mistakes, warnings
}

func counted(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func writeJSONReport(w io.Writer, problems []siteconfig.Problem) error {
	type entry struct {
		File     string `json:"file"`
		Line     int    `json:"line"`   // from 1, 0: the whole file
		Column   int    `json:"column"` // from 1
		Severity string `json:"severity"`
		Message  string `json:"message"`
	}
	list := make([]entry, 0, len(problems))
	for _, p := range problems {
		list = append(list, entry{p.File, p.Line, p.Column, severity(p), p.Message})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}

func severity(p siteconfig.Problem) string {
	if p.Warning {
		return "warning"
	}
	return "error"
}

// githubAnnotation writes a workflow command, escaped as
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
// and its toolkit want it.
func githubAnnotation(p siteconfig.Problem) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	place := "file=" + property.Replace(p.File)
	if p.Line > 0 {
		place += fmt.Sprintf(",line=%d,col=%d", p.Line, p.Column)
	}
	return fmt.Sprintf("::%s %s::%s", severity(p), place, data.Replace(p.Message))
}
