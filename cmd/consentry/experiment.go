package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/experiment"
	"github.com/consentry/consentry/internal/siteconfig"
)

// Schedule says which variant of a site's experiment is shown when.
func (s *siteSet) Schedule(id string) (experiment.Schedule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, site := range s.served {
		if site.ID == id {
			return site.Schedule()
		}
	}
	return experiment.Schedule{}, false
}

// EndExperiment writes the end of a site's experiment into its file and serves what
// the file says then.
func (s *siteSet) EndExperiment(ctx context.Context, site *consent.Site, adopt bool, note func() error) error {
	if err := s.endExperiment(site, adopt, note); err != nil {
		return err
	}
	s.reload(ctx)
	return nil
}

func (s *siteSet) endExperiment(site *consent.Site, adopt bool, note func() error) error {
	s.editing.Lock() // two clicks at once must not edit the file twice
	defer s.editing.Unlock()
	if site.Experiment == nil {
		return siteconfig.ErrNoExperiment
	}
	return endExperiment(s.config, site, adopt, note)
}

// endExperiment edits a site's file.
func endExperiment(config ServerConfig, site *consent.Site, adopt bool, note func() error) error {
	return editSite(config, site, note, func(src []byte) ([]byte, error) {
		return siteconfig.EndExperiment(site.Source, src, site.Experiment.ID, adopt, catalogue.Files, components.Locales)
	})
}

const experimentLong = `Takes a site's experiment out of its file: with --adopt the variant stands in the
file then, in place of what it replaced; with --keep the file says what it said.
Every other line stays as it is. A running server notices the change by itself.

The dashboard's page about the experiment does the same, and shows what it found.`

func newExperiment(env environment) *cobra.Command {
	cmd := &cobra.Command{Use: "experiment", Short: "End an experiment with the banner", GroupID: groupLookAfter}
	end := &cobra.Command{Use: "end SITE", Short: "End an experiment and adopt its variant, or keep the site as it is", Long: experimentLong, Args: cobra.ExactArgs(1)}
	adopt := end.Flags().Bool("adopt", false, "take the variant into the site file")
	keep := end.Flags().Bool("keep", false, "keep the site as it is configured")
	end.RunE = func(cmd *cobra.Command, args []string) error {
		if *adopt == *keep {
			return usagef("say either --adopt or --keep")
		}
		config, err := serverConfig(configDir(cmd))
		if err != nil {
			return err
		}
		sites, _ := readSites(config) // check says what is wrong with the others
		for _, site := range sites {
			if site.ID != args[0] {
				continue
			}
			if site.Experiment == nil {
				return siteconfig.ErrNoExperiment
			}
			if err := endExperiment(config, site, *adopt, func() error { return nil }); err != nil {
				return err
			}
			fmt.Fprintf(env.stdout, "%s: the experiment %s has ended\n", site.Source, site.Experiment.ID)
			return nil
		}
		return fmt.Errorf("there is no site %q in %s", args[0], config.SitesDir())
	}
	cmd.AddCommand(end)
	return cmd
}
