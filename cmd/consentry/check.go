package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/geo"
	"github.com/consentry/consentry/internal/siteconfig"
)

const checkLong = `Reads consentry.yaml, every site file and the key file as the server would, and
prints everything that is wrong at once, each with file, line, column and how to
mend it. Nothing is changed and no connection is opened.

Exit status: 0 without errors, 1 with errors (with --strict: or warnings), so
that it can guard a deployment:

  consentry check --strict --format github`

func newCheck(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Find mistakes in the configuration: file, line, and how to mend them",
		Long:    checkLong,
		GroupID: groupStart,
		Args:    cobra.NoArgs,
	}
	format := cmd.Flags().String("format", "text", "text, json, or github (annotations of a workflow)")
	strict := cmd.Flags().Bool("strict", false, "let warnings fail too")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(reportFormats, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !slices.Contains(reportFormats, *format) {
			return usagef("--format must be %s, not %q", strings.Join(reportFormats, " or "), *format)
		}
		problems := checkConfig(configDir(cmd))
		if err := writeReport(env.stdout, *format, problems); err != nil {
			return err
		}
		if mistakes, warnings := tally(problems); mistakes > 0 || *strict && warnings > 0 {
			return errReported
		}
		return nil
	}
	return cmd
}

// checkConfig returns everything that is wrong with the configuration in dir,
// under names that are findable from the current folder.
func checkConfig(dir string) []siteconfig.Problem {
	config, problems := loadServerConfig(dir)
	if _, err := os.Stat(filepath.Join(dir, configFile)); err != nil {
		return inDir(dir, problems) // nothing else could be found either
	}
	sites, more := readSites(config)
	problems = append(problems, more...)
	for _, site := range sites {
		problems = append(problems, config.checkRetention(site)...)
		if src, err := os.ReadFile(config.resolve(site.Source)); err == nil {
			problems = append(problems, warnAboutExamples(site.Source, src)...)
		}
		if _, embedded := config.StoreFile(); embedded && site.Shards > 1 {
			problems = append(problems, siteconfig.Problem{File: site.Source, Warning: true, Message: errOneWriter.Error()})
		}
		if site.Policy.Local() && config.CountryHeader == "" && config.Places == "" {
			problems = append(problems, siteconfig.Problem{File: site.Source, Warning: true,
				Message: "visitors are to be treated by where they are, but consentry.yaml names neither country_header nor places, so that all are asked first"})
		}
		if len(site.Deployment.ConsentMode.Advanced.Services) > 0 && config.CountryHeader == "" {
			problems = append(problems, siteconfig.Problem{File: site.Source, Warning: true,
				Message: "consent_mode.advanced is used by nobody while consentry.yaml names no country_header, since no visitor's country is known"})
		}
	}
	if len(sites) == 0 && !siteconfig.Failed(problems) {
		problems = append(problems, siteconfig.Problem{File: config.Sites, Message: "there is no site file in this folder; consentry init DIR writes one"})
	}
	problems = append(problems, config.warnWithoutRetention()...)
	problems = append(problems, config.checkPlaces()...)
	problems = append(problems, config.checkKeys()...)
	return inDir(dir, problems)
}

// checkPlaces opens the database of places, which a server does not start without.
func (c ServerConfig) checkPlaces() []siteconfig.Problem {
	if c.Places == "" {
		return nil
	}
	if _, err := geo.Open(c.resolve(c.Places)); err != nil {
		return []siteconfig.Problem{{File: configFile, Message: "places: " + err.Error() + "; name a database in MaxMind's format, such as GeoLite2-City.mmdb, or leave it empty"}}
	}
	return nil
}

// checkKeys looks at the key file without telling what is in it.
func (c ServerConfig) checkKeys() []siteconfig.Problem {
	path := c.KeysPath()
	_, err := readKeyring(path)
	if err != nil {
		return []siteconfig.Problem{{File: c.Keys, Message: strings.TrimPrefix(err.Error(), path+": ")}}
	}
	info, err := os.Stat(path)
	if err == nil && exposed(info) {
		return []siteconfig.Problem{{File: c.Keys, Warning: true, Message: fmt.Sprintf(
			"others on this machine can read the secrets (mode %04o); mend it with: chmod 600 %s", info.Mode().Perm(), path)}}
	}
	return nil
}
