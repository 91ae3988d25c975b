package main

import (
	"context"
	"fmt"

	"github.com/consentry/consentry/internal/consent"
	"github.com/consentry/consentry/internal/shards"
)

// withLogs is sites as each of the logs that they should have is looked at, or, where
// a further log's name is asked for, that one.
func withLogs(ctx context.Context, store consent.Store, sites []*consent.Site, only string) (logs []*consent.Site, err error) {
	_, further := consent.LogOf(only)
	for _, site := range sites {
		names, err := shards.Names(ctx, store, site.ID)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if further == 0 || name == only {
				logs = append(logs, site.InLog(name))
			}
		}
	}
	if len(logs) == 0 && further > 0 {
		return nil, fmt.Errorf("there is no log %q in the store", only)
	}
	return logs, nil
}

// logsOf returns those of the logs that are of one's site.
func logsOf(logs []*consent.Site, one *consent.Site) (list []*consent.Site) {
	site, _ := consent.LogOf(one.ID)
	for _, log := range logs {
		if owner, _ := consent.LogOf(log.ID); owner == site {
			list = append(list, log)
		}
	}
	return list
}

// siteLogs is sites as each of their logs is looked at, see withLogs.
func (b *workbench) siteLogs(ctx context.Context, only string) ([]*consent.Site, error) {
	owner, _ := consent.LogOf(only)
	sites, err := b.sites(ctx, owner)
	if err != nil {
		return nil, err
	}
	return withLogs(ctx, b.store, sites, only)
}
