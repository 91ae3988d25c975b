package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/api"
	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/doctor"
)

const doctorLong = `Fetches one of your pages as a visitor's browser would, and the routes of Consentry
beside it, and prints what of the installation is right and how to mend the rest:
whether the gate is on the page, first in its head and of this configuration; how
long browsers keep a choice; whether Global Privacy Control and decisions arrive
through the proxy; whether a cache keeps what is one visitor's own; and whether the
page's Content-Security-Policy allows the gate.

Only the page's own site is asked, nothing is decided, and nothing is recorded.
The site is the configured one that the address belongs to, or --site.

Exit status 1 when something is wrong; warnings alone are 0.`

// How long each answer of the site may take: to the command, and to the dashboard,
// where a browser waits for them all.
const (
	doctorTimeout  = 20 * time.Second
	examineTimeout = 5 * time.Second
)

func newDoctor(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor URL", Short: "Look at a page from outside: is it installed right?",
		Long: doctorLong, GroupID: groupLookAfter, Args: cobra.ExactArgs(1),
	}
	only := cmd.Flags().String("site", "", "the page's site")
	asJSON := cmd.Flags().Bool("json", false, "print the findings as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		page, err := url.Parse(args[0])
		if err != nil || page.Host == "" || page.Scheme != "http" && page.Scheme != "https" {
			return usagef("%q is no address of a page; write it whole, such as https://www.example.com/", args[0])
		}
		visit, err := newVisit(cmd.Context(), env.now(), configDir(cmd), page, *only)
		if err != nil {
			return err
		}
		findings, err := visit.Run(cmd.Context())
		if err != nil {
			return err
		}
		return printFindings(env.stdout, findings, *asJSON)
	}
	return cmd
}

func newVisit(ctx context.Context, now time.Time, dir string, page *url.URL, only string) (visit doctor.Visit, err error) {
	config, err := serverConfig(dir)
	if err != nil {
		return visit, err
	}
	ring, err := readKeyring(config.KeysPath())
	if err != nil {
		return visit, err
	}
	sites, _ := readSites(config) // check says what is wrong with the others
	origin := page.Scheme + "://" + strings.ToLower(page.Host)
	i := slices.IndexFunc(sites, func(s *consent.Site) bool {
		return s.ID == only || only == "" && slices.Contains(s.Deployment.Origins, origin)
	})
	if i < 0 {
		return visit, fmt.Errorf("no site in %s has the origin %s; name one with --site", config.SitesDir(), origin)
	}
	built, err := api.NewSite(ctx, sites[i], ring, programVersion())
	if err != nil {
		return visit, err
	}
	reach := doctor.ReachOf(sites[i])
	reach.Inside, reach.Proxy = true, http.ProxyFromEnvironment // whoever has a command line here is inside
	reach.Origins = append(reach.Origins, doctor.Origin(page))
	return visitOf(built, now, page, reach.Client(doctorTimeout)), nil
}

func visitOf(site *api.Site, now time.Time, page *url.URL, client *http.Client) doctor.Visit {
	shown := site.At(now)
	_, frozen := shown.GateBytes()
	return doctor.Visit{Client: client, Page: page, Site: site.Site, Gates: shown.GateTexts(), Frozen: frozen}
}

// Examine looks at a page of a site that is being served, and asks nothing but what
// the site's file names.
func (s *siteSet) Examine(ctx context.Context, site *consent.Site, page *url.URL) ([]doctor.Finding, error) {
	s.mu.Lock()
	i := slices.IndexFunc(s.served, func(served *api.Site) bool { return served.ID == site.ID })
	if i < 0 {
		s.mu.Unlock()
		return nil, fmt.Errorf("%s is not served", site.ID)
	}
	served := s.served[i]
	s.mu.Unlock()
	return visitOf(served, s.api.Now(), page, doctor.ReachOf(site).Client(examineTimeout)).Run(ctx)
}

func printFindings(w io.Writer, findings []doctor.Finding, asJSON bool) error {
	failed := slices.ContainsFunc(findings, func(f doctor.Finding) bool { return f.Level == doctor.Wrong })
	if asJSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		if err := out.Encode(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(w, "%-8s %s: %s\n", f.Level, f.Check, f.Says)
			if f.Mend != "" {
				fmt.Fprintf(w, "         %s\n", f.Mend)
			}
		}
	}
	if failed {
		return errReported
	}
	return nil
}
