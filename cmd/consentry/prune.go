package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/siteconfig"
)

const pruneLong = `Takes away records whose time is over: retention in consentry.yaml says how long
each class is kept. Their content, secret and subject go for good, from the
store's files too before this command ends. The log keeps their leaves and still
verifies; it notes which entries were purged, of which class, and how long that
is kept.

A running server does the same by itself once a day. With --dry-run nothing is
changed; it shows for each class what is due, what is kept, and how old the
oldest of these is.

A site under a legal_hold is left alone. A class that records have and
consentry.yaml does not name is an error, and nothing of it is purged. Nothing is
purged either while a site's class is kept for less than a choice on it holds.

` + besideLong

// pruneTask purges what is over.
type pruneTask struct {
	Site string
	Dry  bool
}

func newPrune(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "prune", Short: "Take away records whose retention has ended", Long: pruneLong, GroupID: groupLookAfter, Args: cobra.NoArgs,
	}
	var t pruneTask
	cmd.Flags().StringVar(&t.Site, "site", "", "one site only")
	cmd.Flags().BoolVar(&t.Dry, "dry-run", false, "only show what is due")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return operate(cmd, env, "prune", &t) }
	return cmd
}

// Keeps returns how long each class is kept.
func (c ServerConfig) Keeps() consent.Retention {
	keep := make(consent.Retention, len(c.Retention))
	for class, length := range c.Retention {
		keep[class] = length.Std()
	}
	return keep
}

func (t *pruneTask) run(ctx context.Context, b *workbench) error {
	keep := b.config.Keeps()
	if len(keep) == 0 {
		return fmt.Errorf("%s names no retention, so that nothing is ever purged; write for example retention: {standard: 1095d}", configFile)
	}
	sites, err := b.siteLogs(ctx, t.Site)
	if err != nil {
		return err
	}
	for _, site := range sites {
		if err := b.config.refuseBrief(site); err != nil {
			return fmt.Errorf("nothing was purged: %w", err)
		}
	}
	purged := false
	for _, site := range sites {
		if site.LegalHold != "" {
			b.say("site %s: left alone, under a legal hold: %s", site.ID, site.LegalHold)
			continue
		}
		list, err := keep.Purge(ctx, b.store, site.ID, b.env.now(), t.Dry)
		if err != nil {
			return err
		}
		for _, p := range list {
			purged = purged || p.Due > 0 && !t.Dry
			b.say("site %s, class %s, kept for %s: %s", site.ID, p.Class, siteconfig.Duration(keep[p.Class]), purgeWords(p, t.Dry))
		}
		if len(list) == 0 {
			b.say("site %s: no records", site.ID)
		}
	}
	if !purged {
		return nil
	}
	if err := b.store.Scrub(ctx); err != nil {
		return fmt.Errorf("purged, and old copies may still stand in the store's files; the store overwrites them by itself: %w", err)
	}
	return nil
}

func purgeWords(p consent.Purge, dry bool) string {
	done := "purged"
	if dry {
		done = "due"
	}
	words := fmt.Sprintf("%d %s, %d kept", p.Due, done, p.Kept)
	if !p.Oldest.IsZero() {
		words += ", the oldest of " + p.Oldest.UTC().Format(time.DateOnly)
	}
	return words
}

// checkRetention holds a site's class against how long its records are kept.
func (c ServerConfig) checkRetention(site *consent.Site) []siteconfig.Problem {
	if len(c.Retention) == 0 {
		return nil
	}
	if class := site.Policy.Retention; c.Retention[class] == 0 {
		return []siteconfig.Problem{{File: site.Source, Message: fmt.Sprintf(
			"retention: %s is no class of %s, so that nothing of this site can be purged; add it there under retention", class, configFile)}}
	}
	return c.checkBrief(site)
}

// warnWithoutRetention says that nothing is ever taken away.
func (c ServerConfig) warnWithoutRetention() []siteconfig.Problem {
	if len(c.Retention) > 0 {
		return nil
	}
	return []siteconfig.Problem{{File: configFile, Warning: true,
		Message: "retention is empty, so that records are kept for good, longer than anybody needs them; write for example retention: {standard: 910d}"}}
}

// checkBrief finds a site whose records would go while the choices that they prove
// still hold. The server does not start with one, takes over no such change of a
// site's file, and purges nothing of it.
func (c ServerConfig) checkBrief(sites ...*consent.Site) (list []siteconfig.Problem) {
	for _, site := range sites {
		keep, known := c.Retention[site.Policy.Retention]
		if holds := site.Policy.Holds(); known && keep.Std() < holds {
			list = append(list, siteconfig.Problem{File: site.Source, Message: fmt.Sprintf(
				"the class %s is kept for %s and a choice holds for %s: the proof would be gone before the choice; lengthen it under retention in %s, "+
					"or name another class under retention in the site's file", site.Policy.Retention, keep, siteconfig.Duration(holds), configFile)})
		}
	}
	return list
}

// refuseBrief is checkBrief for who purges, where a site may not be configured any
// more.
func (c ServerConfig) refuseBrief(site *consent.Site) error {
	if site.Policy == nil || site.LegalHold != "" {
		return nil
	}
	if list := c.checkBrief(site); len(list) > 0 {
		return problemsError{inDir(c.dir, list)}
	}
	return nil
}
