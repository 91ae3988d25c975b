package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/translog"
)

// withRemembered adds the logs that this server keeps a checkpoint of and neither the
// store nor a site's file names: an emptied store is not to pass for one without a
// difference.
func (d *logDesk) withRemembered(sites []*consent.Site) ([]*consent.Site, error) {
	names, err := d.logs.memory.names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.ContainsFunc(sites, func(s *consent.Site) bool { return s.ID == name }) {
			sites = append(sites, &consent.Site{ID: name, Deployment: consent.Deployment{Mode: consent.ModeRemote}})
		}
	}
	if len(sites) == 0 {
		return nil, fmt.Errorf("there is nothing to verify: %s names no site that can be read, the store holds none, and this server keeps no checkpoint; see consentry check", d.config.SitesDir())
	}
	return sites, nil
}

// namedCopies reads files of checkpoints and sorts them by the log that they are of,
// which must be this installation's. Each file must hold one of a log that is
// verified: nobody is to take for compared what was passed over.
func (d *logDesk) namedCopies(ctx context.Context, verified []*consent.Site, files []string) (map[string][]translog.Copy, error) {
	if len(files) == 0 {
		return nil, nil
	}
	all, err := d.sites(ctx, "")
	if err == nil {
		all, err = d.withRemembered(all)
	}
	if err != nil {
		return nil, err
	}
	names, err := d.logNames(ctx, all)
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]bool)
	for _, site := range verified {
		wanted[site.ID] = true
	}
	sorted := make(map[string][]translog.Copy)
	for _, path := range files {
		notes, err := readNotes(path)
		if err == nil && len(notes) == 0 {
			err = fmt.Errorf("%s holds no checkpoint", path)
		}
		if err != nil {
			return nil, err
		}
		compared := false
		for _, kept := range notes {
			site, err := logOf(kept, names)
			if err != nil {
				return nil, err
			}
			kept.Own = true
			sorted[site] = append(sorted[site], kept)
			compared = compared || wanted[site]
		}
		if !compared {
			return nil, fmt.Errorf("%s holds no checkpoint of what is verified: leave out --site, or name another copy", path)
		}
	}
	return sorted, nil
}

// logNames is what the logs of sites are called, by site.
func (d *logDesk) logNames(ctx context.Context, sites []*consent.Site) (map[string]string, error) {
	names := make(map[string]string)
	for _, site := range sites {
		keys, err := d.logs.of(site).VerifierKeys(ctx)
		if err != nil {
			return nil, err
		}
		names[site.ID], _, _ = strings.Cut(keys[0], "+")
	}
	return names, nil
}

func logOf(kept translog.Copy, names map[string]string) (site string, err error) {
	c, err := translog.ReadCheckpoint(kept.Raw)
	if err != nil {
		return "", fmt.Errorf("%s: %w", kept.Where, err)
	}
	for site, name := range names {
		if translog.SameLog(name, c.Origin) {
			return site, nil
		}
	}
	return "", fmt.Errorf("%s is of the log %q, which is none of this installation's: its name was altered, or it is another's", kept.Where, c.Origin)
}
