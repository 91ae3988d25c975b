package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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

With --inline it prints the head of pages that start Google Tag Manager, or
another Google tag, before the gate can load: a small inline script that sets the
Consent Mode default and remembers calls for the gate. Under a policy with nonces
--nonce says what stands in the attribute, such as your template's placeholder.
Print it again after each change of the site's file.

With --early it prints the head of pages that have the banner fetched beside the
gate instead of after it, one round trip sooner for a first visitor: a small inline
script before the gate's tag. --nonce goes with it as with --inline. Print it again
after each change of the site's file and each update: it names today's banner, and
one of another day costs a first visitor a request and gains nothing. It is not for
sites whose visitors are treated by where they are.

With --frozen the gate's tag names the gate of today by its digest, and its bytes by
an integrity attribute: browsers run nothing else, whoever may have got hold of the
way or of the server. It presumes of nobody that they need not be asked. Print it again
after each change of the site's file and each update; until then the older gate stays
at its address, and whoever answers it is shown today's banner where that asks more.

With --for it prints what other systems want:

  gtm         a tag template for Google Tag Manager: save it as a .tpl file, and
              import it under Templates > Tag Templates > New > Import; then add
              a tag of it with the trigger "Consent Initialization - All Pages"
  wordpress   a plugin of one file, for wp-content/mu-plugins/consentry.php, that
              puts the gate first into every page's head

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
			switch {
			case o.gateFile != "":
				return writeGate(cmd.Context(), env, config, site, o.gateFile)
			case o.inline || o.early || o.frozen || o.recipe != "":
				return o.printRendered(cmd.Context(), env, config, site)
			}
			return o.print(env, config, site)
		},
	}
	cmd.Flags().StringVar(&o.mode, "mode", "", "show another deployment mode: path, subdomain or remote")
	cmd.Flags().StringVar(&o.proxy, "proxy", "", "only the lines for this web server: nginx, caddy or traefik")
	cmd.Flags().BoolVar(&o.inline, "inline", false, "the head of pages that start Tag Manager before the gate can load")
	cmd.Flags().BoolVar(&o.early, "early", false, "the head of pages that have the banner fetched beside the gate")
	cmd.Flags().BoolVar(&o.frozen, "frozen", false, "the gate's tag with its digest and an integrity attribute")
	cmd.Flags().StringVar(&o.nonce, "nonce", "", "with --inline, --early or --frozen: what stands in the nonce attribute")
	cmd.Flags().StringVar(&o.recipe, "for", "", "what another system wants: gtm (a tag template) or wordpress (a plugin)")
	cmd.Flags().StringVar(&o.gateFile, "write-gate", "", "write the gate script to this file instead")
	return cmd
}

type snippetOptions struct {
	mode, proxy, gateFile, nonce, recipe string
	inline, early, frozen                bool
}

func (o *snippetOptions) check() error {
	if o.mode != "" && meanings()[consent.Mode(o.mode)] == "" {
		return usagef("--mode must be path, subdomain or remote, not %q", o.mode)
	}
	if o.proxy != "" && proxyFile(o.proxy) == "" {
		return usagef("--proxy must be nginx, caddy or traefik, not %q", o.proxy)
	}
	if o.recipe != "" && recipeFile(o.recipe) == "" {
		return usagef("--for must be gtm or wordpress, not %q", o.recipe)
	}
	whole := 0
	for _, asked := range []bool{o.gateFile != "", o.inline, o.early, o.frozen, o.recipe != "", o.mode != "" || o.proxy != ""} {
		if asked {
			whole++
		}
	}
	switch {
	case whole > 1:
		return usagef("--write-gate, --inline, --early, --frozen and --for each go alone, and with the site's own mode")
	case o.nonce != "" && !o.inline && !o.early && !o.frozen:
		return usagef("--nonce goes with --inline, --early and --frozen")
	case strings.ContainsAny(o.nonce, "\"<>"):
		return usagef("--nonce stands in an attribute and cannot hold any of \" < >")
	}
	return nil
}

func recipeFile(name string) string {
	return map[string]string{"gtm": "gtm.tpl.tmpl", "wordpress": "wordpress.php.tmpl"}[name]
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

// printRendered prints what holds something of the gate itself.
func (o *snippetOptions) printRendered(ctx context.Context, env environment, config ServerConfig, site *consent.Site) error {
	s, err := newSnippet(site, config.Listen)
	if err != nil {
		return err
	}
	rendered, err := renderSite(ctx, config, site)
	if err != nil {
		return err
	}
	inline := rendered.Bootstrap
	if o.early {
		inline = rendered.Early
	}
	script, err := inline()
	if err != nil {
		return err
	}
	keys, err := rendered.ConsentMode()
	if err != nil {
		return err
	}
	s.Inline, s.Hash, s.Consent = string(script), integrity(script), string(keys)
	if o.nonce != "" {
		s.Nonce = ` nonce="` + o.nonce + `"`
	}
	gate, digest := rendered.GateBytes()
	s.Gate, s.Integrity = "gate."+digest+".js", integrity(gate)
	return s.print(env.stdout, o.file())
}

// file is the template of what holds something of the gate.
func (o *snippetOptions) file() string {
	switch {
	case o.inline:
		return "inline.html.tmpl"
	case o.early:
		return "early.html.tmpl"
	case o.frozen:
		return "frozen.html.tmpl"
	}
	return recipeFile(o.recipe)
}

// integrity names a script's bytes as an integrity attribute and a
// Content-Security-Policy do.
func integrity(script []byte) string {
	sum := sha256.Sum256(script)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// writeGate writes the gate so that a web server reading the file at the same
// time sees the old or the new one, never a part.
func writeGate(ctx context.Context, env environment, config ServerConfig, site *consent.Site, path string) error {
	rendered, err := renderSite(ctx, config, site)
	if err != nil {
		return err
	}
	gate, _ := rendered.GateBytes()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the gate: %w", err)
	}
	if err := writeWhole(path, gate, publicMode, true); err != nil {
		return fmt.Errorf("write the gate: %w", err)
	}
	fmt.Fprintf(env.stderr, "wrote %s (%d bytes)\n", filepath.Clean(path), len(gate))
	return nil
}

// renderSite makes the site as the server would serve it.
func renderSite(ctx context.Context, config ServerConfig, site *consent.Site) (*api.Site, error) {
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return nil, err
	}
	return api.NewSite(ctx, site, ring, programVersion())
}
