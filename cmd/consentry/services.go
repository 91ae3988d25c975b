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
	var unverified bool
	c := &cobra.Command{
		Use:   "catalogue [WORD]",
		Short: "List the services that site files can name by id alone",
		Long: `Lists the vendors that Consentry knows: their hosts, cookies, recipients and
durations come with the program, so that a site file needs the id alone. With a
word only those that contain it are listed. A service that is missing can be
spelled out in the site file: consentry help site

With --unverified it lists the cookies and storage whose duration was not found
again in the vendor's own documentation or code: look at them yourself, and
write the service out in the site file where you know better.`,
		GroupID: groupReference,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			services, err := readCatalogue()
			if err != nil {
				return err
			}
			head, lines := "ID\tNAME\tCOMPANY\tCATEGORY", summary
			if unverified {
				head, lines = "ID\tKEPT AS\tDURATION\tPAGES", doubts
			}
			w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, head)
			for _, s := range services {
				for _, line := range lines(s) {
					if len(args) == 0 || strings.Contains(strings.ToLower(line), strings.ToLower(args[0])) {
						fmt.Fprintln(w, line)
					}
				}
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&unverified, "unverified", false, "list what has a duration that nobody has checked")
	return c
}

func summary(s siteconfig.ServiceFile) []string {
	return []string{strings.Join([]string{s.ID, s.Name, s.Company, s.Category}, "\t")}
}

// doubts lists what has an unverified duration, a line each, with the pages to look at.
func doubts(s siteconfig.ServiceFile) []string {
	var lines []string
	for _, c := range s.Cookies {
		if c.Unverified {
			lines = append(lines, strings.Join([]string{s.ID, c.Name, c.Duration, strings.Join(s.Source, " ")}, "\t"))
		}
	}
	return lines
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
