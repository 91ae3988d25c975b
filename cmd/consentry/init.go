package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
)

//go:embed starter
var starterFiles embed.FS

const initLong = `Writes everything that a new installation needs into DIR, which is made when it
is missing: consentry.yaml with every option and its default, one site file,
keys, a .gitignore for keys and data, and schemas for editors. Nothing is asked
and nothing that exists is overwritten.`

// exampleController stands in a new site file until the owner is named there;
// check warns about each of its parts.
var exampleController = consent.Controller{
	Name: "Example Company Ltd", Address: "1 Example Street, 12345 Exampletown", Contact: "privacy@example.com",
}

func newInit(env environment) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:     "init DIR",
		Short:   "Write commented settings, a site file and keys into a new folder",
		Long:    initLong,
		Example: `  consentry init shop --site shop --name "Example Shop" --origin https://www.example.com`,
		GroupID: groupStart,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.dir = args[0]
			if err := o.check(); err != nil {
				return err
			}
			if err := o.write(env); err != nil {
				return err
			}
			return o.explain(env)
		},
	}
	cmd.Flags().StringVar(&o.site, "site", "site", "id of the site: small letters, digits, hyphens; never to be changed")
	cmd.Flags().StringVar(&o.name, "name", "", "name of the site as visitors know it (default: the host of --origin)")
	cmd.Flags().StringVar(&o.origin, "origin", "https://www.example.com", "where the site's pages are: scheme and host")
	return cmd
}

type initOptions struct{ dir, site, name, origin string }

func (o *initOptions) check() error {
	if !consent.ValidID(o.site) {
		return usagef("--site must be 1 to 32 small letters, digits and hyphens, not %q", o.site)
	}
	u, err := url.Parse(o.origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.String() != u.Scheme+"://"+u.Host {
		return usagef("--origin must be scheme and host, such as https://www.example.com, not %q", o.origin)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return usagef("--origin must begin with https:// (http works on this machine only)")
	}
	if o.name == "" {
		o.name = u.Host
	}
	return nil
}

// outFile is one file to write; paths are relative to the new folder.
type outFile struct {
	path    string
	content []byte
}

// write makes the folder and its files, or nothing when one of them is there
// already.
func (o *initOptions) write(env environment) error {
	files, err := o.files()
	if err != nil {
		return err
	}
	if err := o.refuseExisting(files); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(o.dir, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := writeNew(path, f.content); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(o.dir, "data"), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return createKeys(env, filepath.Join(o.dir, "keys.json"))
}

func (o *initOptions) files() ([]outFile, error) {
	server, err := o.render("consentry.yaml.tmpl")
	if err != nil {
		return nil, err
	}
	site, err := o.render("site.yaml.tmpl")
	if err != nil {
		return nil, err
	}
	ignore, err := o.render("gitignore.tmpl")
	if err != nil {
		return nil, err
	}
	files := []outFile{{configFile, server}, {o.sitePath(), site}, {".gitignore", ignore}}
	for _, s := range schemas {
		if s.name == "catalogue" {
			continue // nobody's own file
		}
		text, err := s.write()
		if err != nil {
			return nil, err
		}
		files = append(files, outFile{filepath.Join(".schema", s.name+".json"), text})
	}
	return files, nil
}

func (o *initOptions) sitePath() string { return filepath.Join("sites", o.site+".yaml") }

func (o *initOptions) render(name string) ([]byte, error) {
	t, err := template.ParseFS(starterFiles, "starter/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"ID": o.site, "Name": o.name, "Origin": o.origin, "Controller": exampleController})
	return b.Bytes(), err
}

func (o *initOptions) refuseExisting(files []outFile) error {
	var there []string
	for _, path := range append([]string{"keys.json"}, paths(files)...) {
		if _, err := os.Lstat(filepath.Join(o.dir, path)); err == nil {
			there = append(there, filepath.Join(o.dir, path))
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("nothing was written, because this exists already: %s", strings.Join(there, ", "))
	}
	return nil
}

func paths(files []outFile) []string {
	var list []string
	for _, f := range files {
		list = append(list, f.path)
	}
	return list
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

func (o *initOptions) explain(env environment) error {
	_, err := fmt.Fprintf(env.stdout, `Wrote %[1]s: settings, the site %[2]s, keys.

Next:
  1. In %[3]s say who answers for the site
     (controller) and which services it uses.
  2. consentry check --config %[1]s
  3. consentry snippet %[2]s --config %[1]s
     and paste what it prints into the pages and the web server.
  4. consentry serve --config %[1]s

Keep a copy of %[4]s apart from the store's backups: without it no
cookie is valid and no receipt opens. Show it to nobody.
`, o.dir, o.site, filepath.Join(o.dir, o.sitePath()), filepath.Join(o.dir, "keys.json"))
	return err
}

// warnAboutExamples finds what init wrote as an example and the owner has not
// replaced. src is the site file's text.
func warnAboutExamples(file string, src []byte) []siteconfig.Problem {
	var f siteconfig.SiteFile
	doc := siteconfig.Read(file, src, &f)
	known := len(doc.Problems())
	for _, field := range []struct{ name, value, example string }{
		{"name", f.Controller.Name, exampleController.Name},
		{"address", f.Controller.Address, exampleController.Address},
		{"contact", f.Controller.Contact, exampleController.Contact},
	} {
		if field.value == field.example {
			doc.Warn("controller."+field.name, "controller.%s still is the example; visitors and proofs must name who answers for the site", field.name)
		}
	}
	if len(doc.Problems()) == known {
		return nil
	}
	return doc.Problems() // the known ones again, which the report prints once
}
