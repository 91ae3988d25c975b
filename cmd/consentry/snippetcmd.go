package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/consent"
)

const snippetLong = `Prints what a site needs to be connected: the script tag and the links for its
pages, how to mark the tags of its own services, and the lines for the web
server in front. They are made for the site's deployment mode; --mode shows
another one.

With --proxy only that server's lines are printed, ready for a file:

  consentry snippet shop --proxy nginx

With --write-gate the gate script itself is written to a file, for a web server
that keeps no cache of its own to serve while Consentry is away. Write it again
after each change of the site's file.`

// meanings says in a few words what each deployment mode is.
func meanings() map[consent.Mode]string {
	return map[consent.Mode]string{
		consent.ModePath:      "under a path of the site's own origin, through its web server",
		consent.ModeSubdomain: "on another host below the site's domain (Safari may keep the cookies for 7 days only)",
		consent.ModeRemote:    "on a foreign host (script-written cookies, 7 days in Safari; no choice without JavaScript)",
	}
}

func newSnippetCommand(env environment) *cobra.Command {
	var o snippetOptions
	cmd := &cobra.Command{
		Use:     "snippet SITE",
		Short:   "Print what to paste into a site's pages and its web server",
		Long:    snippetLong,
		GroupID: groupStart,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			config, err := serverConfig(configDir(cmd))
			if err != nil {
				return err
			}
			site, err := findSite(config, args[0])
			if err != nil {
				return err
			}
			if o.gateFile != "" {
				return writeGate(cmd.Context(), env, config, site, o.gateFile)
			}
			return o.print(env, config, site)
		},
	}
	cmd.Flags().StringVar(&o.mode, "mode", "", "show another deployment mode: path, subdomain or remote")
	cmd.Flags().StringVar(&o.proxy, "proxy", "", "only the lines for this web server: nginx, caddy or traefik")
	cmd.Flags().StringVar(&o.gateFile, "write-gate", "", "write the gate script to this file instead")
	return cmd
}

type snippetOptions struct{ mode, proxy, gateFile string }

func (o *snippetOptions) check() error {
	if o.mode != "" && meanings()[consent.Mode(o.mode)] == "" {
		return usagef("--mode must be path, subdomain or remote, not %q", o.mode)
	}
	if o.proxy != "" && proxyFile(o.proxy) == "" {
		return usagef("--proxy must be nginx, caddy or traefik, not %q", o.proxy)
	}
	if o.gateFile != "" && (o.mode != "" || o.proxy != "") {
		return usagef("--write-gate goes with the site's own mode and with no proxy")
	}
	return nil
}

func proxyFile(name string) string {
	for _, p := range proxies {
		if p.name == name {
			return p.file
		}
	}
	return ""
}

func (o *snippetOptions) print(env environment, config ServerConfig, site *consent.Site) error {
	if o.mode != "" {
		site = inMode(site, consent.Mode(o.mode))
	}
	s, err := newSnippet(site, config.Listen)
	if err != nil {
		return err
	}
	if o.proxy != "" {
		return s.print(env.stdout, proxyFile(o.proxy))
	}
	fmt.Fprintf(env.stdout, "Mode %s: %s.\n", site.Deployment.Mode, meanings()[site.Deployment.Mode])
	heading(env, "In every page")
	if err := s.print(env.stdout, "page.html.tmpl"); err != nil {
		return err
	}
	for _, p := range proxies {
		heading(env, "In the web server, if it is "+p.title)
		if err := s.print(env.stdout, p.file); err != nil {
			return err
		}
	}
	return nil
}

func heading(env environment, text string) {
	fmt.Fprintf(env.stdout, "\n======== %s ========\n\n", text)
}

// writeGate writes the gate so that a web server reading the file at the same
// time sees the old or the new one, never a part.
func writeGate(ctx context.Context, env environment, config ServerConfig, site *consent.Site, path string) error {
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return err
	}
	gate, err := gateBytes(ctx, site, ring)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the gate: %w", err)
	}
	if err := writeWhole(path, gate, publicMode, true); err != nil {
		return fmt.Errorf("write the gate: %w", err)
	}
	fmt.Fprintf(env.stderr, "wrote %s (%d bytes)\n", filepath.Clean(path), len(gate))
	return nil
}

// gateBytes returns the gate as the server would serve it. No secret is in it.
func gateBytes(ctx context.Context, site *consent.Site, ring *consent.Keyring) ([]byte, error) {
	rendered, err := api.NewSite(ctx, site, ring, programVersion())
	if err != nil {
		return nil, err
	}
	gate, _ := rendered.GateBytes()
	return gate, nil
}
