package main

import (
	"embed"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/siteconfig"
)

// The manuals are made from the comments of the structs that the files are read
// into, so they cannot disagree with the program.

const configManual = `consentry.yaml, the server file. A key that is left out has its default. Paths
are relative to the file's own folder. Changes need a restart.

`

const siteManual = `sites/NAME.yaml, one file for each site. A key that is left out has its default.
A running server takes changes over by itself; a file with a mistake in it
leaves the site as it was.

`

// manualPages explain to operators what no single setting does.
//
//go:embed manual/*.txt
var manualPages embed.FS

// newTopics are pages of "consentry help", not commands.
func newTopics(env environment) []*cobra.Command {
	return []*cobra.Command{
		topic(env, "config", "Every setting of the server file, consentry.yaml", configManual, describeServer),
		topic(env, "site", "Every setting of a site file", siteManual, siteconfig.DescribeSite),
		topic(env, "tags", "How tags are marked and held, and their placeholders", "", page("tags")),
		topic(env, "vendors", "What vendors are told: consent modes, tag managers, WordPress", "", page("vendors")),
		topic(env, "places", "Regimes, privacy signals, children, exempt measurement, languages", "", page("places")),
		topic(env, "rates", "What the dashboard counts, and who may see it", "", page("rates")),
		topic(env, "proof", "How decisions are stored, signed, proved and forgotten", "", page("proof")),
	}
}

func page(name string) func() (string, error) {
	return func() (string, error) {
		text, err := manualPages.ReadFile("manual/" + name + ".txt")
		return string(text), err
	}
}

func describeServer() (string, error) { return siteconfig.Describe(ServerConfig{}, configSource) }

func topic(env environment, name, short, head string, describe func() (string, error)) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short}
	cmd.SetHelpFunc(func(*cobra.Command, []string) {
		text, err := describe()
		if err != nil {
			panic(err) // a field without a comment; a test reads both manuals
		}
		fmt.Fprint(env.stdout, head, text)
	})
	return cmd
}

// schemas are what editors check the two kinds of files with, by the name that
// init and schema use.
var schemas = [...]struct {
	name  string
	write func() ([]byte, error)
}{
	{"server", func() ([]byte, error) {
		return siteconfig.Schema("Consentry server file", ServerConfig{}, configSource)
	}},
	{"site", siteconfig.SiteSchema},
	{"catalogue", siteconfig.CatalogueSchema},
}

func newSchema(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "schema server|site|catalogue",
		Short: "Print the JSON Schema of a configuration file, for editors",
		Long: `Prints a JSON Schema (draft 2020-12). "consentry init" writes both into .schema
and points to them from the first line of each file; editors with the YAML
language server then complete and check while you write. After an update of
Consentry refresh them:

  consentry schema server > .schema/server.json
  consentry schema site   > .schema/site.json`,
		GroupID:   groupReference,
		ValidArgs: []string{"server", "site", "catalogue"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(_ *cobra.Command, args []string) error {
			return writeSchema(env.stdout, args[0])
		},
	}
}

func writeSchema(w io.Writer, name string) error {
	for _, s := range schemas {
		if s.name != name {
			continue
		}
		text, err := s.write()
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	return fmt.Errorf("there is no schema %q", name)
}
