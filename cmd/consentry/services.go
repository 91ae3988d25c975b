package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/siteconfig"
)

func newCatalogue(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "catalogue [WORD]",
		Short: "List the services that site files can name by id alone",
		Long: `Lists the vendors that Consentry knows: their hosts, cookies, recipients and
durations come with the program, so that a site file needs the id alone. With a
word only those that contain it are listed. A service that is missing can be
spelled out in the site file: consentry help site`,
		GroupID: groupReference,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			services, err := readCatalogue()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tNAME\tCOMPANY\tCATEGORY")
			for _, s := range services {
				line := strings.Join([]string{s.ID, s.Name, s.Company, s.Category}, "\t")
				if len(args) == 0 || strings.Contains(strings.ToLower(line), strings.ToLower(args[0])) {
					fmt.Fprintln(w, line)
				}
			}
			return w.Flush()
		},
	}
}

// readCatalogue returns the catalogue's entries by category and id.
func readCatalogue() ([]siteconfig.ServiceFile, error) {
	names, err := fs.Glob(catalogue.Files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var all []siteconfig.ServiceFile
	for _, name := range names {
		src, err := fs.ReadFile(catalogue.Files, name)
		if err != nil {
			return nil, err
		}
		var entries []siteconfig.ServiceFile
		if problems := siteconfig.Decode(name, src, &entries); siteconfig.Failed(problems) {
			return nil, problemsError{problems}
		}
		all = append(all, entries...)
	}
	slices.SortFunc(all, func(a, b siteconfig.ServiceFile) int {
		return cmp.Or(strings.Compare(a.Category, b.Category), strings.Compare(a.ID, b.ID))
	})
	return all, nil
}
