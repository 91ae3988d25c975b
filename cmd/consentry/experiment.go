package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/components"
	"github.com/consentry/consentry/internal/catalogue"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/dashboard"
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

The dashboard's page about the experiment does the same, and shows what it found.
Either way the end stands in the site's audit trail, here as done by command.

` + besideLong

// experimentTask ends a site's experiment.
type experimentTask struct {
	Site  string
	Adopt bool
}

func newExperiment(env environment) *cobra.Command {
	cmd := &cobra.Command{Use: "experiment", Short: "End an experiment with the banner", GroupID: groupLookAfter}
	end := &cobra.Command{Use: "end SITE", Short: "End an experiment and adopt its variant, or keep the site as it is", Long: experimentLong, Args: cobra.ExactArgs(1)}
	adopt := end.Flags().Bool("adopt", false, "take the variant into the site file")
	keep := end.Flags().Bool("keep", false, "keep the site as it is configured")
	end.RunE = func(cmd *cobra.Command, args []string) error {
		if *adopt == *keep {
			return usagef("say either --adopt or --keep")
		}
		t := &experimentTask{Site: args[0], Adopt: *adopt}
		config, err := serverConfig(configDir(cmd))
		if err != nil {
			return err
		}
		if neverServed(config) { // nothing was ever shown, so that no log is there to tell of it
			return t.end(config, printing(env), func(string) error { return nil })
		}
		return operate(cmd, env, "experiment", t)
	}
	cmd.AddCommand(end)
	return cmd
}

// neverServed reports whether the store that would hold the logs was never made.
func neverServed(config ServerConfig) bool {
	path, embedded := config.StoreFile()
	if !embedded {
		return false
	}
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (t *experimentTask) run(ctx context.Context, b *workbench) error {
	trail, err := b.trail(ctx)
	if err != nil {
		return err
	}
	how := "keep"
	if t.Adopt {
		how = "adopt"
	}
	return t.end(b.config, b.say, func(id string) error {
		if !slices.ContainsFunc(trail.Sites(), func(site *consent.Site) bool { return site.ID == t.Site }) {
			return nil // it was never served; the other sites' logs are not about it
		}
		return trail.Write(ctx, dashboard.Scope{Sites: []string{t.Site}}, consent.AuditEntry{Actor: "command", Action: consent.AuditExperimentEnd, About: id, Detail: how})
	})
}

// end edits the site's file. note is as in editSite, with the experiment's id.
func (t *experimentTask) end(config ServerConfig, say func(format string, args ...any), note func(id string) error) error {
	sites, _ := readSites(config) // check says what is wrong with the others
	i := slices.IndexFunc(sites, func(site *consent.Site) bool { return site.ID == t.Site })
	if i < 0 {
		return fmt.Errorf("there is no site %q in %s", t.Site, config.SitesDir())
	}
	site := sites[i]
	if site.Experiment == nil {
		return siteconfig.ErrNoExperiment
	}
	if err := endExperiment(config, site, t.Adopt, func() error { return note(site.Experiment.ID) }); err != nil {
		return err
	}
	say("%s: the experiment %s has ended", site.Source, site.Experiment.ID)
	return nil
}
